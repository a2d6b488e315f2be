// SPDX-License-Identifier: MIT
#include <algorithm>
#include <initializer_list>

#include "acefs/acl/decide.hpp"
#include "descent.hpp"
#include "rights.hpp"

namespace acefs::acl {
namespace {

/// What is not known of a node below the one that moves.
struct Unseen {
  bool is_directory;
  bool owned;     ///< by the caller
  bool in_group;  ///< its group is one of the caller's
};

GivenTaken for_unseen(const Share& share, const Unseen& node) {
  GivenTaken sum = share.caller;
  if (node.owned) sum |= share.owner;
  if (node.in_group) sum |= share.group;
  return sum;
}

/// Letters that such a node may give in the new place and not now. Its mode and own ACEs are not known, so a denial that
/// is lifted counts as a letter gained.
AccessMask gain(const Share& now, const Share& then, const Unseen& node, const Profile& profile) {
  Standing standing;
  if (profile.mode_gives_base) standing.base = profile.everyone_always;
  if (node.owned) standing.as_owner = profile.owner_always;
  const GivenTaken here = for_unseen(now, node);
  const GivenTaken there = for_unseen(then, node);
  const AccessMask given = effective_of(standing, there) - effective_of(standing, here);
  const AccessMask lifted = (here.deny - there.deny) - standing.as_owner;
  return given | lifted;
}

AccessMask gain_below(const Descended& now, const Descended& then, const Profile& profile) {
  AccessMask letters;
  for (std::size_t distance : {1, 2}) {
    for (bool is_directory : {false, true}) {
      const Share here = now.below(distance, is_directory);
      const Share there = then.below(distance, is_directory);
      for (bool owned : {false, true}) {
        for (bool in_group : {false, true}) letters |= gain(here, there, {is_directory, owned, in_group}, profile);
      }
    }
  }
  return letters;
}

AccessMask effective_on(const Segment& node, const GivenTaken& aces, const Identity& who, const Profile& profile) {
  const AccessMask letters = effective_of(standing_of(node, who, profile), aces);
  return is_executable(node) ? letters : letters - Perm::Execute;
}

AccessMask held_below_alone(std::span<const Segment> chain, const Identity& who, TimePoint now, const Profile& profile) {
  if (is_almighty(who, profile)) return AccessMask::all();
  Descended here;
  for (const Segment& segment : chain) into(here, segment, who, now);
  AccessMask letters = AccessMask::all();
  for (std::size_t distance : {1, 2}) {
    for (bool is_directory : {false, true}) {
      const GivenTaken aces = here.below(distance, is_directory).caller;
      letters = letters & (aces.allow - aces.deny);
    }
  }
  return letters;
}

bool owns_any(std::span<const Segment> chain, const Identity& who) {
  return std::any_of(chain.begin(), chain.end(), [&](const Segment& segment) { return who.owns(segment.uid); });
}

AccessMask widened_alone(std::span<const Segment> from, std::span<const Segment> to_parent, const Identity& who, TimePoint now,
                         const Profile& profile) {
  if (from.empty() || is_almighty(who, profile) || who.refused) return {};
  const Segment& node = from.back();

  Descended here;
  for (const Segment& segment : from.first(from.size() - 1)) into(here, segment, who, now);
  const AccessMask before = effective_on(node, into(here, node, who, now), who, profile);

  Descended there;
  for (const Segment& segment : to_parent) into(there, segment, who, now);
  const AccessMask after = effective_on(node, into(there, node, who, now), who, profile);

  AccessMask letters = after - before;
  if (node.is_directory) letters |= gain_below(here, there, profile);
  // Whose directory it would come to lie in, he could give himself anything there.
  if (owns_any(to_parent, who) && !owns_any(from, who)) {
    AccessMask held = before;
    if (node.is_directory) held = held & held_below_alone(from, who, now, profile);
    if (!is_executable(node)) held |= Perm::Execute;
    letters |= AccessMask::all() - held;
  }
  return letters;
}

}  // namespace

AccessMask held_below(std::span<const Segment> chain, const Identity& who, TimePoint now, const Profile& profile) {
  const AccessMask letters = held_below_alone(chain, who, now, profile);
  return who.user ? letters & held_below_alone(without_known(chain), *who.user, now, profile) : letters;
}

AccessMask widened(std::span<const Segment> from, std::span<const Segment> to_parent, const Identity& who, TimePoint now,
                   const Profile& profile) {
  const AccessMask letters = widened_alone(from, to_parent, who, now, profile);
  // What a token gains, it or its user gains; what only its user would gain it must not get for him either.
  return who.user ? letters | widened_alone(without_known(from), without_known(to_parent), *who.user, now, profile) : letters;
}

}  // namespace acefs::acl
