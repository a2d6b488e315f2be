// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "acefs/acl/decide.hpp"

namespace acefs::acl {

/// An audit or alarm ACE that asks to be told of an attempt: where it is stored.
struct Watcher {
  EntryKind kind = EntryKind::Audit;
  std::size_t segment = 0;  ///< index into the chain
  std::uint32_t grant = 0;  ///< index into that segment's Acl::grants()

  friend bool operator==(const Watcher&, const Watcher&) = default;
};

/// An attempt on the last segment of a chain, once it is decided.
struct Attempt {
  AccessMask need;
  bool granted = false;
  TimePoint now = 0;
};

/// The U and L ACEs of `chain`, root first, that `attempt` by `who` concerns: those that name him, are not expired and count on the
/// last segment, as the ACEs that decide do (those that name the user of a token concern what it does); with one of the letters needed; with S if it was granted, F if it was not.
/// While the groups of `who` could not be found out, an ACE for any group may be one for his. His names and groups must be known.
std::vector<Watcher> watchers_of(std::span<const Segment> chain, const Identity& who, const Attempt& attempt);

}  // namespace acefs::acl
