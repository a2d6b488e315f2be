// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <mutex>
#include <string>

#include "acefs/base/unique_fd.hpp"

namespace acefs::daemon {

/// A process that was forked off before the daemon gave anything up, and does the one thing for it that it then cannot do. What that is
/// is settled at the fork: the daemon can have it done, and give it bytes, no more.
class Errand {
 public:
  using What = std::function<std::string(const std::string& bytes)>;

  /// Forks; `what` is done in the other process, once for each ask(). Before there are other threads. `name` is for ps(1), at most 15 bytes.
  /// Throws std::system_error.
  Errand(const char* name, const What& what);
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;
  /// The process ends.
  ~Errand();

  /// Has it done, waits, and returns its answer; "" also when there is no process any more. Thread-safe, one at a time.
  std::string ask(const std::string& bytes = {});

 private:
  std::mutex mutex_;
  UniqueFd socket_;
  pid_t pid_ = -1;
};

}  // namespace acefs::daemon
