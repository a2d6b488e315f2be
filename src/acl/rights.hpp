// SPDX-License-Identifier: MIT
#pragma once

#include "acefs/acl/decide.hpp"

namespace acefs::acl {

/// Whether `who` is the root that has every letter.
bool is_almighty(const Identity& who, const Profile& profile);

/// Whether an execute letter on `segment` can be of use: always on a directory; on a file when its mode has any x bit.
bool is_executable(const Segment& segment);

/// What the node alone gives before its ACEs.
struct Standing {
  AccessMask base;      ///< by the mode, and what everyone has
  AccessMask as_owner;  ///< what no denial takes
};

Standing standing_of(const Segment& segment, const Identity& who, const Profile& profile);

/// Rule 4: ((base | allow) without deny) | owner's part.
inline AccessMask effective_of(const Standing& standing, const GivenTaken& aces) {
  return ((standing.base | aces.allow) - aces.deny) | standing.as_owner;
}

}  // namespace acefs::acl
