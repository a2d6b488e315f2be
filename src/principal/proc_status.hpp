// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>
#include <vector>

namespace acefs::principal {

/// What /proc/PID/status says of who a thread acts as on filesystems.
struct ProcessIdentity {
  uid_t uid = 0;  ///< filesystem uid, the fourth of `Uid:`
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< supplementary ones, as written
};

/// Nothing unless all three lines are there and well-formed.
std::optional<ProcessIdentity> parse_status(std::string_view status);

}  // namespace acefs::principal
