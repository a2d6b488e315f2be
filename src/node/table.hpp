// SPDX-License-Identifier: MIT
#pragma once

#include <shared_mutex>
#include <vector>

#include "node/by_inode.hpp"
#include "node/node.hpp"
#include "node/slots.hpp"
#include "node/trimmer.hpp"

namespace acefs::node {

/// All nodes: by the kernel's number, and by inode. Thread-safe. Outlives its nodes.
class Table {
 public:
  /// `root_key` identifies the root of the backing tree; its node is kRootId and is never forgotten.
  /// `remember_forgotten`: keep nodes that the kernel forgot, so that the file handles of NFS clients stay valid.
  Table(const InodeKey& root_key, bool remember_forgotten);
  ~Table();

  const NodePtr& root() const { return root_; }

  /// The node of that number; nullptr when there is none (any more): ESTALE.
  NodePtr find(NodeId id) const;
  /// The node of that inode if it is known.
  NodePtr find(const InodeKey& key) const;

  /// All nodes whose inode has that number, whatever the filesystem, are added to `nodes`.
  void find_all(ino_t ino, std::vector<NodePtr>& nodes) const;

  /// The node of that inode, made if need be, with `link` among its names. A directory's name replaces its former one.
  NodePtr obtain(const InodeKey& key, LinkPtr link);
  /// The kernel was told of the node once more.
  void count_lookup(const NodePtr& node);
  /// The kernel forgot `count` of those. True: all of them.
  bool forget(NodeId id, std::uint64_t count);

  /// An inode that lost its last name is not found by its key again: its number may be used for another.
  void disown(const NodePtr& node);

  /// How many nodes the kernel (or an NFS client) holds.
  std::size_t size() const;

  /// How many there are, and how much room for them.
  struct Room {
    std::size_t nodes, slots, buckets;
  };
  Room room() const;
  /// Lets go of slots that are not needed any more. Done by itself a while after many nodes were forgotten.
  void shrink();

 private:
  friend class Node;

  NodePtr find_locked(const InodeKey& key) const;
  NodePtr make(const InodeKey& key);
  /// The last reference to the node has gone.
  void bury(Node& node) noexcept;
  void take_off(Node& node) noexcept;

  mutable std::shared_mutex mutex_;
  Slots slots_;
  ByInode by_inode_;
  std::size_t held_by_kernel_ = 0;
  const bool remember_forgotten_;
  Trimmer trimmer_;
  NodePtr root_;
};

}  // namespace acefs::node
