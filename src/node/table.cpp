// SPDX-License-Identifier: MIT
#include "node/table.hpp"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "node/held_dirs.hpp"
#include "node/names.hpp"

namespace acefs::node {

Table::Table(const InodeKey& root_key, bool remember_forgotten)
    : remember_forgotten_(remember_forgotten), trimmer_([this] { shrink(); }) {
  root_ = NodePtr(new Node(*this, kRootId, root_key));
  slots_.put(kRootId, *root_);
  by_inode_.insert(*root_);
  root_->listed_.by_inode = true;
}

namespace {

/// Nodes hold their parents. A directory that is bound to a place below itself is among its own ancestors, and would never go.
void let_go_of_parent(Node& node) {
  while (const LinkPtr link = has_link(node) ? link_of(node) : nullptr) remove_link(node, *link->parent, link->name());
  if (last_link(node)) set_last_link(node, nullptr);
  HeldDirs::drop_chain(node);
}

}  // namespace

Table::~Table() {
  trimmer_.stop();
  std::vector<NodePtr> directories;
  slots_.for_each([&](Node& node) {
    if (node.is_directory()) directories.push_back(NodePtr::if_alive(&node));
  });
  slots_.for_each([](Node& node) {
    if (node.listed_.by_kernel) NodePtr::adopt(&node);
  });
  for (const NodePtr& directory : directories) {
    if (directory) let_go_of_parent(*directory);
  }
}

NodePtr Table::find(NodeId id) const {
  const std::shared_lock lock(mutex_);
  Node* node = slots_.at(id);
  return node != nullptr ? NodePtr::if_alive(node) : nullptr;
}

NodePtr Table::find(const InodeKey& key) const {
  const std::shared_lock lock(mutex_);
  return find_locked(key);
}

NodePtr Table::find_locked(const InodeKey& key) const {
  NodePtr found;
  by_inode_.each(key.ino, [&](Node& node) {
    if (node.key() == key) found = NodePtr::if_alive(&node);  // one that dies may be followed by one that came after it
    return !found;
  });
  return found;
}

void Table::find_all(ino_t ino, std::vector<NodePtr>& nodes) const {
  const std::shared_lock lock(mutex_);
  by_inode_.each(ino, [&](Node& node) {
    nodes.emplace_back();  // before there is a reference that an exception would drop under the lock
    nodes.back() = NodePtr::if_alive(&node);
    if (!nodes.back()) nodes.pop_back();
    return true;
  });
}

NodePtr Table::obtain(const InodeKey& key, LinkPtr link) {
  NodePtr node = find(key);
  if (!node) {
    const std::unique_lock lock(mutex_);
    node = find_locked(key);
    if (!node) node = make(key);
  }
  if (link) add_link(*node, std::move(link));
  return node;
}

NodePtr Table::make(const InodeKey& key) {
  const NodeId id = slots_.take();
  NodePtr node;
  try {
    node = NodePtr(new Node(*this, id, key));
  } catch (const std::bad_alloc&) {
    slots_.give_back(id);
    throw;
  }
  slots_.put(id, *node);
  by_inode_.insert(*node);
  node->listed_.by_inode = true;
  return node;
}

void Table::count_lookup(const NodePtr& node) {
  if (node == root_) return;
  const std::unique_lock lock(mutex_);
  ++node->lookups_;
  if (node->listed_.by_kernel) return;
  node->listed_.by_kernel = true;
  ++held_by_kernel_;
  NodePtr(node).detach();
}

bool Table::forget(NodeId id, std::uint64_t count) {
  NodePtr last;  // dies after the lock is gone
  const std::unique_lock lock(mutex_);
  Node* node = slots_.at(id);
  if (node == nullptr || !node->listed_.by_kernel) return true;
  node->lookups_ -= std::min(node->lookups_, count);
  if (node->lookups_ > 0) return false;
  if (remember_forgotten_ && node->listed_.by_inode) return true;
  node->listed_.by_kernel = false;
  --held_by_kernel_;
  last = NodePtr::adopt(node);
  return true;
}

void Table::disown(const NodePtr& node) {
  const std::unique_lock lock(mutex_);
  if (!node->listed_.by_inode) return;
  node->listed_.by_inode = false;
  by_inode_.erase(*node);
}

std::size_t Table::size() const {
  const std::shared_lock lock(mutex_);
  return held_by_kernel_;
}

Table::Room Table::room() const {
  const std::shared_lock lock(mutex_);
  return {slots_.used(), slots_.size(), by_inode_.buckets()};
}

void Table::shrink() {
  const std::unique_lock lock(mutex_);
  slots_.shrink();
}

void Node::dispose() noexcept { table_.bury(*this); }

// Whoever looks for the node from here on does not find it; whoever was looking was kept waiting for.
void Table::take_off(Node& node) noexcept {
  const std::unique_lock lock(mutex_);
  if (node.listed_.by_inode) by_inode_.erase(node);
  slots_.give_back(node.id);
}

void Table::bury(Node& node) noexcept {
  take_off(node);
  // A node lets go of its parents, which may be the last to do so: they wait for their turn here, or a deep tree would be a deep
  // recursion.
  thread_local Node* waiting = nullptr;
  thread_local bool digging = false;
  node.next_ = std::exchange(waiting, &node);
  if (std::exchange(digging, true)) return;
  while (waiting != nullptr) {
    Node* const next = std::exchange(waiting, waiting->next_);
    delete next;
    trimmer_.freed();
  }
  digging = false;
}

}  // namespace acefs::node
