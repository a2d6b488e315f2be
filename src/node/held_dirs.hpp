// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <vector>

#include "backing/backing.hpp"
#include "node/dir_chain.hpp"
#include "node/node.hpp"
#include "node/table.hpp"

namespace acefs::node {

/// Which nodes have something that only so many may have. The clock algorithm: a hand goes round and spares, once, whoever
/// used it since it last passed. Thread-safe.
class Clock {
 public:
  explicit Clock(std::size_t capacity) : capacity_(capacity) {}

  void add(NodeId id);
  /// If there are too many, one that has to give it up, and is counted no longer; else nullptr. `was_used` says whether a node used
  /// it since it was last asked; it may take the node's mutex.
  NodePtr one_too_many(const Table& table, bool (*was_used)(Node&));
  std::size_t size() const;

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<NodeId> ring_;  ///< in no order; who died is found out when the hand passes
  std::size_t hand_ = 0;
};

/// Keeps what makes directories quick that are in use: their descriptors, never more than `capacity` of them, and their verified chains,
/// of which there may be some more. Thread-safe.
///
/// A descriptor or chain that was handed out stays until its user lets go, so a walk is never disturbed by eviction.
class HeldDirs {
 public:
  /// `mount_fd`: a descriptor on the backing filesystem, for file handles; borrowed. All nodes are of one table.
  HeldDirs(backing::Backing& backing, int mount_fd, dev_t mount_dev, std::size_t capacity);

  /// The directory's descriptor if it is held.
  static SharedFd peek(Node& node);
  /// Whether the directory is held, or was: it is found again wherever it is moved.
  static bool leads_to(Node& node);
  /// Opens an evicted directory by its file handle; nullptr when it has none or is gone.
  SharedFd reopen(const NodePtr& node);
  /// Holds `fd` for the directory `node`, letting go of others if there are too many.
  SharedFd hold(const NodePtr& node, UniqueFd fd);

  /// The directory's chain as it was last kept, if it still is.
  static DirChainPtr chain_of(Node& node);
  /// Makes `chain` that; returns it.
  DirChainPtr keep_chain(const NodePtr& node, DirChainPtr chain);
  static void drop_chain(Node& node);

  /// How many descriptors.
  std::size_t size() const { return held_.size(); }

 private:
  /// Called without any node's mutex held.
  void let_go_of(Node& victim);

  backing::Backing& backing_;
  const int mount_fd_;
  const dev_t mount_dev_;
  Clock held_;
  Clock chains_;
};

}  // namespace acefs::node
