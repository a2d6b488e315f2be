// SPDX-License-Identifier: MIT
#include "node/table.hpp"

#include <algorithm>

#include "node/dir_chain.hpp"

namespace acefs::node {
namespace {

constexpr std::uint32_t slot_of(NodeId id) { return static_cast<std::uint32_t>(static_cast<std::uint64_t>(id)); }
constexpr NodeId make_id(std::uint32_t generation, std::uint32_t slot) {
  return NodeId{(static_cast<std::uint64_t>(generation) << 32) | slot};
}

}  // namespace

Table::Table(const InodeKey& root_key, bool remember_forgotten) : remember_forgotten_(remember_forgotten) {
  slots_.resize(2);  // slot 0 is never a node, so that 0 is never a node's number; slot 1 is the root
  root_ = std::make_shared<Node>(kRootId, root_key);
  slots_[1].node = root_;
  by_key_[root_key] = root_;
}

Table::~Table() {
  // Nodes give their slots back as they die, and children keep their parents alive: let go of them before the rest.
  auto known = std::move(known_);
  known_.clear();
  known.clear();
  root_.reset();
}

NodePtr Table::find(NodeId id) const {
  const std::shared_lock lock(mutex_);
  const std::uint32_t slot = slot_of(id);
  if (slot >= slots_.size() || make_id(slots_[slot].generation, slot) != id) return nullptr;
  return slots_[slot].node.lock();
}

NodePtr Table::find(const InodeKey& key) const {
  const std::shared_lock lock(mutex_);
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : it->second.lock();
}

void Table::find_all(ino_t ino, std::vector<NodePtr>& nodes) const {
  const std::shared_lock lock(mutex_);
  if (by_key_.empty()) return;
  const std::size_t bucket = by_key_.bucket(InodeKey{.ino = ino});
  for (auto it = by_key_.begin(bucket); it != by_key_.end(bucket); ++it) {
    if (it->first.ino != ino) continue;
    if (NodePtr node = it->second.lock()) nodes.push_back(std::move(node));
  }
}

NodePtr Table::obtain(const InodeKey& key, LinkPtr link) {
  NodePtr node = find(key);
  if (!node) {
    const std::unique_lock lock(mutex_);
    auto& entry = by_key_[key];
    node = entry.lock();
    if (!node) {
      std::uint32_t slot = 0;
      if (free_.empty()) {
        slot = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
      } else {
        slot = free_.back();
        free_.pop_back();
      }
      const NodeId id = make_id(slots_[slot].generation, slot);
      node = NodePtr(new Node(id, key), [this](Node* n) {
        release_slot(n->id, n->key, n);
        delete n;
      });
      slots_[slot].node = node;
      entry = node;
    }
  }
  if (link) add_link(*node, std::move(link));
  return node;
}

void Table::release_slot(NodeId id, const InodeKey& key, const Node*) {
  const std::unique_lock lock(mutex_);
  const std::uint32_t slot = slot_of(id);
  ++slots_[slot].generation;
  slots_[slot].node.reset();
  free_.push_back(slot);
  const auto it = by_key_.find(key);
  if (it != by_key_.end() && it->second.expired()) by_key_.erase(it);
}

void Table::count_lookup(const NodePtr& node) {
  if (node == root_) return;
  const std::unique_lock lock(mutex_);
  if (node->lookups++ == 0) known_.emplace(static_cast<std::uint64_t>(node->id), node);
}

bool Table::forget(NodeId id, std::uint64_t count) {
  NodePtr last;  // dies after the lock is gone: its deleter takes it
  const std::unique_lock lock(mutex_);
  const auto it = known_.find(static_cast<std::uint64_t>(id));
  if (it == known_.end()) return true;
  Node& node = *it->second;
  node.lookups -= std::min(node.lookups, count);
  if (node.lookups > 0) return false;
  if (remember_forgotten_ && !node.disowned) return true;
  last = std::move(it->second);
  known_.erase(it);
  return true;
}

void Table::disown(const NodePtr& node) {
  NodePtr other;  // if it was the last reference, it dies after the lock is gone
  const std::unique_lock lock(mutex_);
  node->disowned = true;
  const auto it = by_key_.find(node->key);
  if (it == by_key_.end()) return;
  other = it->second.lock();
  if (other == node) by_key_.erase(it);
}

std::size_t Table::size() const {
  const std::shared_lock lock(mutex_);
  return known_.size();
}

bool is_open(Node& node) {
  const std::lock_guard lock(node.mutex);
  return !node.opened.empty();
}

bool lost_its_name(Node& node) {
  const std::lock_guard lock(node.mutex);
  return node.lost_name;
}

void add_link(Node& node, LinkPtr link) {
  LinkPtr replaced;      // may hold the last reference to a parent: released after the lock
  DirChainPtr outdated;  // likewise; a moved directory must not keep its former parents alive, it may be above them now
  const std::lock_guard lock(node.mutex);
  node.last_link.reset();
  node.lost_name = false;
  node.pinned.reset();
  if (node.is_directory()) {
    if (!node.links.empty() && node.links[0]->parent == link->parent && node.links[0]->name == link->name) return;
    if (!node.links.empty()) replaced = std::move(node.links[0]);
    outdated = std::move(node.chain);
    node.chain.reset();
    node.links.clear();
    node.links.push_back(std::move(link));
    return;
  }
  for (const LinkPtr& known : node.links) {
    if (known->parent == link->parent && known->name == link->name) return;
  }
  node.links.push_back(std::move(link));
}

bool remove_link(Node& node, const Node& parent, const std::string& name) {
  LinkPtr removed;
  const std::lock_guard lock(node.mutex);
  const auto it = std::find_if(node.links.begin(), node.links.end(), [&](const LinkPtr& link) {
    return link->parent.get() == &parent && link->name == name;
  });
  if (it == node.links.end()) return node.links.empty();
  removed = std::move(*it);
  node.links.erase(it);
  if (!node.links.empty()) return false;
  node.last_link = removed;
  return true;
}

}  // namespace acefs::node
