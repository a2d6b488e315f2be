// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

#include "acefs/base/result.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::daemon {

/// The right to make and to remove what is at a path: whoever holds the lock of the file PATH.lock beside it. It goes with the process, so who has
/// it knows that what he finds at the path was left behind.
class PathLock {
 public:
  /// Waits for another that has it, but not longer than `patience`; EADDRINUSE then.
  static Result<PathLock> take(const std::string& path, std::chrono::milliseconds patience);
  PathLock(PathLock&&) = default;
  PathLock& operator=(PathLock&&) = delete;
  /// Removes PATH.lock.
  ~PathLock();

 private:
  PathLock(std::string name, UniqueFd fd) : name_(std::move(name)), fd_(std::move(fd)) {}

  std::string name_;
  UniqueFd fd_;
};

}  // namespace acefs::daemon
