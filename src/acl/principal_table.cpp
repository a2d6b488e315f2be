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
  const std::string name(principal);
  if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
  // Whatever lacks memory does so before anything is promised: release() must not.
  if (free_.empty()) {
    if (free_.capacity() <= known_.size()) free_.reserve(2 * known_.size() + 16);
    known_.emplace_back();
    free_.push_back(static_cast<PrincipalId>(known_.size() - 1));
  }
  const PrincipalId id = free_.back();
  known_[id].name = name;
  ids_.emplace(name, id);
  free_.pop_back();
  return id;
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
