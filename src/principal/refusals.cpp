// SPDX-License-Identifier: MIT
#include "refusals.hpp"

#include <algorithm>

namespace acefs::principal {

void Refusal::add(const Refusal& other) {
  always = always || other.always;
  if (other.after != 0) after = after == 0 ? other.after : std::min(after, other.after);
}

Refusal refusal_of(const UserEntry& user) { return {.always = !user.enabled, .after = user.expires}; }

Refusals::Refusals(const Config& config, Uids& uids) {
  for (const auto& [name, user] : config.users) {
    const Refusal refusal = refusal_of(user);
    if (refusal == Refusal{}) continue;
    any_ = true;
    // A section named by one number that says another is broken, and refuses both.
    if (const auto uid = uids.of(name)) by_uid_[*uid].add(refusal);
    if (user.uid) by_uid_[*user.uid].add(refusal);
  }
  by_uid_.erase(0);  // root is never refused: somebody must be able to mend the file
}

Refusal Refusals::of(uid_t uid) const {
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? Refusal{} : found->second;
}

}  // namespace acefs::principal
