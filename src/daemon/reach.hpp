// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "acefs/base/result.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::daemon {

/// The files that a process can get at.
struct Reach {
  std::vector<std::string> whole;     ///< directories with all that is below them
  std::vector<std::string> writable;  ///< directories in which files are made, written and removed
  std::vector<std::string> readable;  ///< directories, or files, with all that is below them
};

/// What the C library, the log and the name service read, on any distribution. What is not there is left out.
std::vector<std::string> what_programs_read();

/// The rules of Landlock (landlock(7)) that say so, for the files that have these names now. ENOSYS, EOPNOTSUPP: this kernel cannot.
Result<UniqueFd> rules_for(const Reach& reach);

/// From now on no thread of this process, nor one that it starts, opens, makes or removes a file that is elsewhere; nor does it mount,
/// unmount, or look at other processes. Landlock is for single threads: each of the others is made to do it by a signal, SIGRTMAX. 0 or an
/// errno.
int confine_files(const UniqueFd& rules);

}  // namespace acefs::daemon
