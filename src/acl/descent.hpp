// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "acefs/acl/decide.hpp"

namespace acefs::acl {

/// Goes down a chain and sums up, for one identity, what the ACEs met so far give and take. One pass answers for every
/// segment on the way, which is what makes the traverse check of all ancestors cost no second look at their ACEs.
class Descent {
 public:
  Descent(const Identity& who, TimePoint now) : who_(who), now_(now) {}
  Descent(const Descent&) = delete;  // last_ may point into computed_
  Descent& operator=(const Descent&) = delete;

  /// One level down. Returns what the whole chain so far gives and takes on `segment` itself.
  GivenTaken into(const Segment& segment) {
    // Most segments carry no ACE and most chains not one: these cost a load and a branch.
    const bool silent = segment.known == nullptr && (segment.acl == nullptr || segment.acl->empty());
    if (silent && !any_) return {};
    return into_aces(segment, silent ? nullptr : contribution(segment));
  }

  /// What the whole chain so far gives on anything that may be below the last segment: `distance` 1, or 2 for deeper.
  Share below(std::size_t distance, bool is_directory) const;

  /// Earliest expiry among the ACEs met, 0: none.
  TimePoint next_expiry() const { return next_expiry_; }

 private:
  const Contribution* contribution(const Segment& segment);
  GivenTaken into_aces(const Segment& segment, const Contribution* own);
  void remember(const Contribution* own);
  GivenTaken for_caller(const Share& share, const Segment& segment) const;

  const Identity& who_;
  TimePoint now_;
  bool any_ = false;                     ///< some segment so far had ACEs
  Share deep_file_;                      ///< from all segments but the last, on files below the last
  Share deep_directory_;                 ///< likewise, on directories
  const Contribution* last_ = nullptr;   ///< of the last segment, nullptr: nothing
  std::array<Contribution, 2> computed_;  ///< last_ may be in one, the next goes into the other
  TimePoint next_expiry_ = 0;
};

}  // namespace acefs::acl
