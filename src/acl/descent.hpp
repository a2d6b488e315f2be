// SPDX-License-Identifier: MIT
#pragma once

#include "acefs/acl/decide.hpp"

namespace acefs::acl {

/// Goes down a chain and sums up, for one identity, what the ACEs met so far give and take. One pass answers for every
/// segment on the way, which is what makes the traverse check of all ancestors cost no second look at their ACEs.
class Descent {
 public:
  Descent(const Identity& who, TimePoint now) : who_(who), now_(now) {}

  /// One level down. Returns what the whole chain so far gives and takes on `segment` itself.
  GivenTaken into(const Segment& segment);

  /// What the whole chain so far gives on anything that may be below the last segment: `distance` 1, or 2 for deeper.
  Share below(std::size_t distance, bool is_directory) const;

  /// Earliest expiry among the ACEs met, 0: none.
  TimePoint next_expiry() const { return next_expiry_; }

 private:
  struct ByKind {
    Share file;
    Share directory;
    const Share& of(bool is_directory) const { return is_directory ? directory : file; }
  };

  Share on_next(const Segment& segment, const Contribution* own) const;
  void remember(const Contribution* own);
  GivenTaken for_caller(const Share& share, const Segment& segment) const;

  const Identity& who_;
  TimePoint now_;
  ByKind deep_;       ///< from all segments but the last, on whatever is below the last
  ByKind last_child_;  ///< from the last segment, on its children
  ByKind last_deep_;   ///< from the last segment, on what is further down
  TimePoint next_expiry_ = 0;
};

}  // namespace acefs::acl
