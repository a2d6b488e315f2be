// SPDX-License-Identifier: MIT
#include "acefs/acl/acl.hpp"

namespace acefs::acl {

PrincipalTable::PrincipalTable() {
  // In the order of the constants kOwner, kGroup and kEveryone.
  intern(kOwnerWho);
  intern(kGroupWho);
  intern(kEveryoneWho);
}

/// With the mutex held.
PrincipalId PrincipalTable::add(std::string_view principal) {
  const auto [entry, added] = ids_.try_emplace(std::string(principal), static_cast<PrincipalId>(known_.size()));
  if (!added) return entry->second;
  if (free_.empty()) {
    known_.emplace_back();
  } else {
    entry->second = free_.back();
    free_.pop_back();
  }
  known_[entry->second].name = entry->first;
  return entry->second;
}

PrincipalId PrincipalTable::intern(std::string_view principal) {
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = ids_.find(std::string(principal)); found != ids_.end() && known_[found->second].for_good) return found->second;
  }
  const std::unique_lock lock(mutex_);
  const PrincipalId id = add(principal);
  known_[id].for_good = true;
  return id;
}

PrincipalId PrincipalTable::acquire(std::string_view principal) {
  const std::unique_lock lock(mutex_);
  const PrincipalId id = add(principal);
  ++known_[id].uses;
  return id;
}

void PrincipalTable::release(PrincipalId id) {
  const std::unique_lock lock(mutex_);
  Known& known = known_[id];
  if (--known.uses != 0 || known.for_good) return;
  ids_.erase(known.name);
  known.name.clear();
  known.name.shrink_to_fit();
  free_.push_back(id);
}

std::optional<PrincipalId> PrincipalTable::find(std::string_view principal) const {
  const std::shared_lock lock(mutex_);
  const auto found = ids_.find(std::string(principal));
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::string PrincipalTable::name(PrincipalId id) const {
  const std::shared_lock lock(mutex_);
  return id < known_.size() ? known_[id].name : std::string();
}

std::size_t PrincipalTable::size() const {
  const std::shared_lock lock(mutex_);
  return ids_.size();
}

}  // namespace acefs::acl
