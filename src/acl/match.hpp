// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <span>

#include "acefs/acl/decide.hpp"

namespace acefs::acl {

/// The scope in which an ACE must count to matter on a node `distance` levels below the one that carries it.
constexpr Scope scope_at(std::size_t distance, bool is_directory) {
  if (distance == 0) return Scope::Self;
  if (distance == 1) return is_directory ? Scope::ChildDir : Scope::ChildFile;
  return is_directory ? Scope::DeepDir : Scope::DeepFile;
}

/// Calls `visit(entry)` for each entry of `acl` that names `who` or is for OWNER@, GROUP@ or EVERYONE@: a search per
/// principal of `who` or one pass over the entries, whichever looks at fewer. While his groups could not be found out, what denies or
/// watches any group may concern his.
template <typename Visit>
void for_each_match(const Acl& acl, const Identity& who, Visit&& visit) {
  std::span<const Entry> rest = acl.entries();
  while (!rest.empty() && rest.front().who <= kEveryone) {
    visit(rest.front());
    rest = rest.subspan(1);
  }
  if (who.groups_failed) {
    for (const Entry& entry : rest) {
      if (who.is(entry.who) || (entry.for_group && entry.kind != EntryKind::Allow)) visit(entry);
    }
  } else if (who.principals.size() < rest.size()) {
    for (PrincipalId principal : who.principals) {
      for (const Entry& entry : acl.entries_of(principal)) visit(entry);
    }
  } else {
    for (const Entry& entry : rest) {
      if (who.is(entry.who)) visit(entry);
    }
  }
}

/// Whether an entry that matched by name is for the caller where it counts: OWNER@ and GROUP@ mean those of `node`.
inline bool means(PrincipalId who, const Identity& caller, const Segment& node) {
  if (who == kOwner) return caller.owns(node.uid);
  if (who == kGroup) return caller.in_group(node.gid);
  return true;
}

inline bool is_expired(const Entry& entry, TimePoint now) { return entry.expires != 0 && now > entry.expires; }

/// Whether the entry gives or takes letters now; audit and alarm entries never do.
inline bool is_in_force(const Entry& entry, TimePoint now) {
  if (entry.kind != EntryKind::Allow && entry.kind != EntryKind::Deny) return false;
  return !is_expired(entry, now);
}

}  // namespace acefs::acl
