// SPDX-License-Identifier: MIT
#include "change_order.hpp"

#include <algorithm>

#include "acefs/acl/perm.hpp"

namespace acefs::backing {

namespace {

using acl::AccessMask;

/// What one stored grant does to its principal.
struct Effect {
  AccessMask gives;
  AccessMask takes;
  std::string where_and_when;  ///< flags and expiry: two effects compare by letters only when these are equal
};

Effect effect_of(const std::string& key, const std::optional<std::string>& value) {
  const auto parsed = acl::parse_key(key);
  if (!value || !parsed) return {};
  const acl::Grant grant = acl::Grant::read(*parsed, *value);
  if (!grant.ace) return {.takes = AccessMask::all()};
  Effect effect{.where_and_when = grant.ace->flags + ':' + std::to_string(grant.ace->expires)};
  const AccessMask letters = acl::mask_of(grant.ace->permissions);
  if (acl::is_full_denial(*parsed, *grant.ace)) {
    effect.takes = AccessMask::all();
  } else if (parsed->kind == acl::KeyKind::Plain) {
    effect.gives = letters;
  } else if (parsed->kind == acl::KeyKind::Deny) {
    effect.takes = letters.empty() ? AccessMask::all() : letters;
  }
  return effect;
}

bool is_nothing(const Effect& e) { return e.gives.empty() && e.takes.empty(); }

enum class Rank { Narrows, Mixed, Widens };

Rank rank_of(const Effect& before, const Effect& after) {
  const bool comparable = is_nothing(before) || is_nothing(after) || before.where_and_when == after.where_and_when;
  // An ACE that counts elsewhere or at other times may give and take, unless one of the two only denies.
  const bool may_give = !after.gives.empty() || !before.takes.empty();
  const bool may_take = !before.gives.empty() || !after.takes.empty();
  const bool gives = comparable ? !before.gives.contains(after.gives) || !after.takes.contains(before.takes) : may_give;
  const bool takes = comparable ? !after.gives.contains(before.gives) || !before.takes.contains(after.takes) : may_take;
  if (!gives) return Rank::Narrows;
  return takes ? Rank::Mixed : Rank::Widens;
}

}  // namespace

std::vector<Change> in_safe_order(const KeyedChanges& changes, const KeyedChanges& old) {
  std::vector<std::pair<Rank, Change>> ranked;
  ranked.reserve(changes.size());
  for (const auto& [key, value] : changes) {
    const auto before = old.find(key);
    const Effect had = effect_of(key, before == old.end() ? std::nullopt : before->second);
    ranked.emplace_back(rank_of(had, effect_of(key, value)), Change{.key = key, .value = value});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Change> ordered;
  ordered.reserve(ranked.size());
  for (auto& [rank, change] : ranked) ordered.push_back(std::move(change));
  return ordered;
}

}  // namespace acefs::backing
