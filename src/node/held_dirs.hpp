// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "backing/backing.hpp"
#include "node/node.hpp"

namespace acefs::node {

/// Keeps descriptors of directories that are in use, and never more than `capacity` of them. Thread-safe.
///
/// A descriptor that was handed out stays open until its user lets go, so a walk is never disturbed by eviction.
class HeldDirs {
 public:
  /// `mount_fd`: a descriptor on the backing filesystem, for file handles; borrowed.
  HeldDirs(backing::Backing& backing, int mount_fd, dev_t mount_dev, std::size_t capacity);

  /// The directory's descriptor if it is held.
  SharedFd peek(Node& node);
  /// Opens an evicted directory by its file handle; nullptr when it has none or is gone.
  SharedFd reopen(const NodePtr& node);
  /// Holds `fd` for the directory `node`, letting go of others if there are too many.
  SharedFd hold(const NodePtr& node, UniqueFd fd);

  std::size_t size() const;

 private:
  /// Called without any node's mutex held.
  void evict_one();

  backing::Backing& backing_;
  int mount_fd_;
  dev_t mount_dev_;
  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<Node>> ring_;  ///< nodes with a held descriptor, in no order
  std::size_t hand_ = 0;
};

}  // namespace acefs::node
