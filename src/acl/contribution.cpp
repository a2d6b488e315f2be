// SPDX-License-Identifier: MIT
#include "match.hpp"

namespace acefs::acl {
namespace {

GivenTaken& part_for(Share& share, PrincipalId who) {
  switch (who) {
    case kOwner: return share.owner;
    case kGroup: return share.group;
    default: return share.caller;
  }
}

void add(Contribution& sum, const Entry& entry) {
  for (std::size_t scope = 0; scope < sum.at.size(); ++scope) {
    if ((entry.scopes & (1u << scope)) == 0) continue;
    GivenTaken& part = part_for(sum.at[scope], entry.who);
    (entry.kind == EntryKind::Allow ? part.allow : part.deny) |= entry.letters;
  }
}

}  // namespace

Contribution contribution_of(const Acl& acl, const Identity& who, TimePoint now) {
  Contribution sum;
  for_each_match(acl, who, [&](const Entry& entry) {
    if (!is_in_force(entry, now)) return;
    if (entry.expires != 0 && (sum.next_expiry == 0 || entry.expires < sum.next_expiry)) sum.next_expiry = entry.expires;
    add(sum, entry);
  });
  return sum;
}

}  // namespace acefs::acl
