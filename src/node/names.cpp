// SPDX-License-Identifier: MIT
#include "node/names.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "node/descriptors.hpp"
#include "node/held_dirs.hpp"

namespace acefs::node {
namespace {

/// Of nodes whose names Node::link does not tell.
struct Names final : ExtraOf<ExtraKind::Names> {
  std::vector<LinkPtr> further;
  LinkPtr last;   ///< set when there is no name any more
  LinkPtr bound;  ///< the one of `further` that Node::link_bound does not speak of
  Stamp stamp = kNoStamp;      ///< of the node, when all but the fresh ones were its own
  std::uint64_t epoch = 0;     ///< Proof::epoch when the ways to these were proved
  std::vector<LinkPtr> fresh;  ///< seen to be there, maybe before something happened to them

  bool is_empty() const { return further.empty() && !last; }
};

/// Of nodes that are being moved or removed through the mount.
struct Moving final : ExtraOf<ExtraKind::Moving> {
  std::vector<LinkPtr> names;
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
    auto* names = node.extras.find<Names>();
    const bool is_only = names == nullptr || names->further.empty();
    if (is_only) names = &node.extras.get<Names>();  // before anything changes: there may be no memory for it
    std::swap(*place, link);
    node.link_bound = node.link_bound && node.link;
    if (is_only) {
      names->last = std::move(link);
      return true;
    }
    std::swap(names->bound, bound);
    std::erase(names->fresh, link);
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

bool is_ambiguous(Node& node) {
  const std::lock_guard lock(node.mutex);
  const auto* names = node.extras.find<Names>();
  return node.suspected || (names != nullptr && !names->further.empty());
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

std::vector<LinkPtr> take_surplus_links(Node& node) {
  LinkPtr bound;
  std::vector<LinkPtr> surplus;
  const std::lock_guard lock(node.mutex);
  auto* names = node.extras.find<Names>();
  if (names == nullptr || names->further.size() < kMostLinks) return surplus;
  const auto end = names->further.end() - static_cast<std::ptrdiff_t>(kMostLinks - 1);
  surplus.assign(std::make_move_iterator(names->further.begin()), std::make_move_iterator(end));
  names->further.erase(names->further.begin(), end);
  const auto is_name = [&](const LinkPtr& link) {
    return node.link == link || std::find(names->further.begin(), names->further.end(), link) != names->further.end();
  };
  std::erase_if(names->fresh, [&](const LinkPtr& link) { return !is_name(link); });
  if (names->bound && !is_name(names->bound)) std::swap(names->bound, bound);
  return surplus;
}

NamesDue names_due(Node& node, Stamp stamp, std::uint64_t epoch) {
  const std::lock_guard lock(node.mutex);
  const auto* names = node.extras.find<Names>();
  if (names == nullptr || names->further.empty()) return {};
  const bool are_bound = stamp != kNoStamp && names->stamp == stamp;
  NamesDue due{.links = {}, .are_all = !are_bound || names->epoch != epoch};
  const auto is_fresh = [names](const LinkPtr& link) { return std::find(names->fresh.begin(), names->fresh.end(), link) != names->fresh.end(); };
  const auto add = [&](const LinkPtr& link) { due.links.push_back({link, !are_bound || is_fresh(link)}); };
  if (due.are_all) {
    add(node.link);
    for (const LinkPtr& link : names->further) add(link);
  } else {
    for (const LinkPtr& link : names->fresh) add(link);
  }
  return due;
}

void set_names_bound(Node& node, const NamesDue& due, Stamp stamp) {
  const std::lock_guard lock(node.mutex);
  auto* names = node.extras.find<Names>();
  if (names == nullptr) return;
  // What was found meanwhile is fresh still. `due` holds the links: none of them dies here.
  std::erase_if(names->fresh, [&](const LinkPtr& link) {
    return std::any_of(due.links.begin(), due.links.end(), [&](const NamesDue::Due& one) { return one.link == link; });
  });
  if (due.are_all) names->stamp = stamp;
}

void set_ways_proved(Node& node, std::uint64_t epoch) {
  const std::lock_guard lock(node.mutex);
  if (auto* names = node.extras.find<Names>()) names->epoch = epoch;
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
      if (!node.is_directory()) {
        const LinkPtr renewed = link;
        renew_link(node, *place, link);
        if (names != nullptr) {
          std::erase(names->fresh, link);
          names->fresh.push_back(renewed);
        }
      }
    } else {
      if (node.link && !node.is_directory()) {
        names = &node.extras.get<Names>();
        names->fresh.push_back(link);
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

NameMoving::NameMoving(NodePtr node, NodePtr parent, std::string_view name)
    : node_(std::move(node)), name_(Link::make(std::move(parent), name)) {
  const std::lock_guard lock(node_->mutex);
  node_->extras.get<Moving>().names.push_back(name_);
}

NameMoving::~NameMoving() {
  std::unique_ptr<Moving> emptied;
  const std::lock_guard lock(node_->mutex);
  auto* moving = node_->extras.find<Moving>();
  if (moving == nullptr) return;
  std::erase(moving->names, name_);
  if (moving->names.empty()) emptied = node_->extras.take<Moving>();
}

bool is_moving(Node& node) {
  const std::lock_guard lock(node.mutex);
  return node.extras.find<Moving>() != nullptr;
}

bool is_settled(Node& node, const LinkPtr& link) {
  const std::lock_guard lock(node.mutex);
  if (const auto* moving = node.extras.find<Moving>()) {
    for (const LinkPtr& name : moving->names) {
      if (name->parent == link->parent && name->name() == link->name()) return false;
    }
  }
  const LinkPtr* const known = find_link(node, *link->parent, link->name());
  return known != nullptr && *known == link;
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
