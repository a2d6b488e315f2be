// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "acefs/base/result.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::backing {

/// The lock that excludes other writers of one node's grants, in this process and in others (OpenCloud takes the same).
/// Held until this goes, or another is taken.
class NodeLock {
 public:
  /// `root` is borrowed; -1: there is no directory for locks.
  explicit NodeLock(int root) : root_(root) {}

  /// Waits for the lock of the node with this id. At once when it is held already. EIO: no id that a side file could have.
  Status take(const std::string& id);
  bool held() const { return static_cast<bool>(fd_); }

 private:
  int root_;
  UniqueFd fd_;
  std::string id_;
};

}  // namespace acefs::backing
