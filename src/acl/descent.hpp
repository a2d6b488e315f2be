// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "acefs/acl/decide.hpp"

namespace acefs::acl {

/// One level down. Returns what the whole chain, `segment` included, gives and takes on `segment` itself. One pass answers for every
/// segment on the way, which is what makes the traverse check of all ancestors cost no second look at their ACEs.
GivenTaken into_aces(Descended& above, const Segment& segment, const Identity& who, TimePoint now);

/// The chain for somebody else than who its contributions were kept for.
std::vector<Segment> without_known(std::span<const Segment> chain);

inline GivenTaken into(Descended& above, const Segment& segment, const Identity& who, TimePoint now) {
  // Most segments carry no ACE and most chains not one: these cost a load and a branch.
  const bool silent = segment.known == nullptr && (segment.acl == nullptr || segment.acl->empty());
  if (silent && !above.any) return {};
  return into_aces(above, segment, who, now);
}

}  // namespace acefs::acl
