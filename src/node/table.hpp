// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "node/node.hpp"

namespace acefs::node {

/// All nodes: by the kernel's number, and by inode. Thread-safe.
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

  std::size_t size() const;

 private:
  struct Slot {
    std::uint32_t generation = 0;
    std::weak_ptr<Node> node;
  };

  void release_slot(NodeId id, const InodeKey& key, const Node* node);

  mutable std::shared_mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<InodeKey, std::weak_ptr<Node>, InodeKeyHash> by_key_;
  std::unordered_map<std::uint64_t, NodePtr> known_;  ///< what the kernel (or an NFS client) holds
  bool remember_forgotten_;
  NodePtr root_;
};

/// Whether somebody has the node open.
bool is_open(Node& node);
/// Whether its last name went behind the mount, so that a path may still lead to it.
bool lost_its_name(Node& node);
/// Adds a name to a node's names, or makes it the only one of a directory.
void add_link(Node& node, LinkPtr link);
/// Removes the name, keeping it as `last_link` if it was the last one. True if none is left.
bool remove_link(Node& node, const Node& parent, const std::string& name);

}  // namespace acefs::node
