// SPDX-License-Identifier: MIT
#include "descent.hpp"

#include <bit>

#include "rights.hpp"

namespace acefs::acl {
namespace {

const Share& at(const Contribution& contribution, Scope scope) {
  return contribution.at[static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(scope)))];
}

void add(Descended& above, const Contribution& own) {
  above.any = true;
  above.deep_file |= at(own, Scope::DeepFile);
  above.deep_directory |= at(own, Scope::DeepDir);
  if (own.next_expiry != 0 && (above.next_expiry == 0 || own.next_expiry < above.next_expiry)) above.next_expiry = own.next_expiry;
}

GivenTaken for_caller(const Share& share, const Segment& segment, const Identity& who) {
  GivenTaken sum = share.caller;
  if (who.owns(segment.uid)) sum |= share.owner;
  const bool asks_group = !share.group.allow.empty() || !share.group.deny.empty();
  if (asks_group && who.in_group(segment.gid)) {
    sum |= share.group;
  } else if (who.groups_failed) {
    sum.deny |= share.group.deny;
  }
  return sum;
}

}  // namespace

GivenTaken into_aces(Descended& above, const Segment& segment, const Identity& who, TimePoint now) {
  Share share = above.below(1, segment.is_directory);
  // What counts for direct children only ends here.
  above.child_file = above.deep_file;
  above.child_directory = above.deep_directory;
  if (segment.known != nullptr || (segment.acl != nullptr && !segment.acl->empty())) {
    Contribution computed;
    if (segment.known == nullptr) computed = contribution_of(*segment.acl, who, now);
    const Contribution& own = segment.known != nullptr ? *segment.known : computed;
    share |= at(own, Scope::Self);
    above.child_file |= at(own, Scope::ChildFile);
    above.child_directory |= at(own, Scope::ChildDir);
    add(above, own);
  }
  return for_caller(share, segment, who);
}

std::vector<Segment> without_known(std::span<const Segment> chain) {
  std::vector<Segment> segments(chain.begin(), chain.end());
  for (Segment& segment : segments) segment.known = nullptr;
  return segments;
}

void descend(Descended& above, const Segment& directory, const Identity& who, TimePoint now, const Profile& profile) {
  const GivenTaken aces = into(above, directory, who, now);
  if (above.blocked || !profile.traverse_is_strict) return;
  above.blocked = !effective_of(standing_of(directory, who, profile), aces).has(Perm::Execute);
}

}  // namespace acefs::acl
