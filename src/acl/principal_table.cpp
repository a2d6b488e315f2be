// SPDX-License-Identifier: MIT
#include "acefs/acl/acl.hpp"

namespace acefs::acl {

PrincipalTable::PrincipalTable() {
  // In the order of the constants kOwner, kGroup and kEveryone.
  intern(kOwnerWho);
  intern(kGroupWho);
  intern(kEveryoneWho);
}

PrincipalId PrincipalTable::intern(std::string_view principal) {
  std::string name(principal);
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
  }
  const std::unique_lock lock(mutex_);
  const auto [entry, added] = ids_.try_emplace(name, static_cast<PrincipalId>(names_.size()));
  if (added) names_.push_back(std::move(name));
  return entry->second;
}

std::string PrincipalTable::name(PrincipalId id) const {
  const std::shared_lock lock(mutex_);
  return id < names_.size() ? names_[id] : std::string();
}

}  // namespace acefs::acl
