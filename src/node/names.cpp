// SPDX-License-Identifier: MIT
#include "node/names.hpp"

#include <algorithm>

#include "node/descriptors.hpp"
#include "node/held_dirs.hpp"

namespace acefs::node {
namespace {

/// Of nodes whose names Node::link does not tell.
struct Names final : ExtraOf<ExtraKind::Names> {
  std::vector<LinkPtr> further;
  LinkPtr last;   ///< set when there is no name any more
  LinkPtr bound;  ///< the one of `further` that Node::link_bound does not speak of

  bool is_empty() const { return further.empty() && !last; }
};

/// The place of that name among the node's; nullptr if it is none of them. With the node's mutex held.
LinkPtr* find_link(Node& node, const Node& parent, std::string_view name) {
  const auto is_it = [&](const LinkPtr& link) { return link->parent.get() == &parent && link->name() == name; };
  if (node.link && is_it(node.link)) return &node.link;
  auto* names = node.extras.find<Names>();
  if (names == nullptr) return nullptr;
  const auto it = std::find_if(names->further.begin(), names->further.end(), is_it);
  return it != names->further.end() ? &*it : nullptr;
}

/// Takes away the link in that place, which may be the last reference to a parent: it dies after the mutex is free.
struct Removed {
  LinkPtr link;
  LinkPtr bound;
  std::unique_ptr<Names> emptied;

  /// With the node's mutex held. True if the node has no name any more.
  bool take(Node& node, LinkPtr* place) {
    if (place == nullptr) return !node.link;
    std::swap(*place, link);
    node.link_bound = node.link_bound && node.link;
    auto* names = node.extras.find<Names>();
    if (names == nullptr || names->further.empty()) {
      node.extras.get<Names>().last = std::move(link);
      return true;
    }
    std::swap(names->bound, bound);
    // The last of the others takes the place that became free.
    if (place != &names->further.back()) std::swap(*place, names->further.back());
    names->further.pop_back();
    if (names->is_empty()) emptied = node.extras.take<Names>();
    return false;
  }
};

/// The link in `place` becomes `link`, which has the same name; what is known by it stays known. It is the latest then.
void renew_link(Node& node, LinkPtr& place, LinkPtr& link) {
  auto* names = node.extras.find<Names>();
  if (names != nullptr && names->bound && names->bound == place) names->bound = link;
  std::swap(place, link);
  if (names != nullptr && &place != &node.link) std::swap(place, names->further.back());
}

}  // namespace

bool has_link(Node& node) {
  const std::lock_guard lock(node.mutex);
  return static_cast<bool>(node.link);
}

bool has_link(Node& node, const Node& parent, std::string_view name) {
  const std::lock_guard lock(node.mutex);
  return find_link(node, parent, name) != nullptr;
}

bool has_further_links(Node& node) {
  const std::lock_guard lock(node.mutex);
  const auto* names = node.extras.find<Names>();
  return names != nullptr && !names->further.empty();
}

LinkPtr link_of(Node& node) {
  const std::lock_guard lock(node.mutex);
  if (node.link) return node.link;
  const auto* names = node.extras.find<Names>();
  return names != nullptr ? names->last : nullptr;
}

std::vector<LinkPtr> links_of(Node& node) {
  const std::lock_guard lock(node.mutex);
  std::vector<LinkPtr> links{node.link};
  if (const auto* names = node.extras.find<Names>()) {
    const std::size_t count = std::min(names->further.size(), kMostLinks - 1);
    links.insert(links.end(), names->further.end() - static_cast<std::ptrdiff_t>(count), names->further.end());
  }
  return links;
}

LinkPtr last_link(Node& node) {
  const std::lock_guard lock(node.mutex);
  const auto* names = node.extras.find<Names>();
  return names != nullptr ? names->last : nullptr;
}

void set_last_link(Node& node, LinkPtr link) {
  const std::lock_guard lock(node.mutex);
  std::swap(node.extras.get<Names>().last, link);
}

void add_link(Node& node, LinkPtr link) {
  // Whatever is let go of may hold the last reference to a parent: it dies after the mutex is free.
  LinkPtr last;
  std::unique_ptr<Names> emptied;
  bool moved = false;
  {
    const std::lock_guard lock(node.mutex);
    node.lost_name = false;
    auto* names = node.extras.find<Names>();
    if (names != nullptr) std::swap(names->last, last);
    if (LinkPtr* const place = find_link(node, *link->parent, link->name()); place != nullptr) {
      if (!node.is_directory()) renew_link(node, *place, link);
    } else {
      if (node.link && !node.is_directory()) {
        names = &node.extras.get<Names>();
        names->further.push_back(std::move(link));
      } else {
        moved = node.is_directory();
        std::swap(node.link, link);
        node.link_bound = false;
      }
    }
    if (names != nullptr && names->is_empty()) emptied = node.extras.take<Names>();
  }
  // The chain must not keep former parents alive: the directory may be above them now.
  if (moved) HeldDirs::drop_chain(node);
  unpin(node);
}

bool remove_link(Node& node, const Node& parent, std::string_view name) {
  Removed removed;
  const std::lock_guard lock(node.mutex);
  return removed.take(node, find_link(node, parent, name));
}

bool remove_link(Node& node, const LinkPtr& link) {
  Removed removed;
  const std::lock_guard lock(node.mutex);
  LinkPtr* const place = find_link(node, *link->parent, link->name());
  return removed.take(node, place != nullptr && *place == link ? place : nullptr);
}

bool lost_its_name(Node& node) {
  const std::lock_guard lock(node.mutex);
  return node.lost_name;
}

void set_lost_its_name(Node& node) {
  const std::lock_guard lock(node.mutex);
  node.lost_name = true;
}

void remember_facts(Node& node, const Facts& facts, const LinkPtr& link, Stamp stamp) {
  LinkPtr bound;  // of another name; may hold the last reference to a parent, so it dies after the mutex is free
  const std::lock_guard lock(node.mutex);
  node.facts = facts;
  node.facts_stamp = stamp;
  node.link_bound = node.link == link;
  if (auto* names = node.extras.find<Names>()) {
    if (!node.link_bound) bound = link;
    std::swap(names->bound, bound);
  }
}

bool was_bound(const Node& node, const LinkPtr& link) {
  if (node.link_bound && node.link == link) return true;
  const auto* names = node.extras.find<Names>();
  return names != nullptr && names->bound && names->bound == link;
}

}  // namespace acefs::node
