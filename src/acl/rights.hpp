// SPDX-License-Identifier: MIT
#pragma once

#include "acefs/acl/decide.hpp"

namespace acefs::acl {

// In the header, because they run for every segment of every decision.

/// Whether `who` is the root that has every letter. A token never is, whatever account it is bound to.
inline bool is_almighty(const Identity& who, const Profile& profile) { return who.uid == 0 && profile.root_has_all && !who.user; }

/// Whether an execute letter on `segment` can be of use: always on a directory; on a file when its mode has any x bit.
inline bool is_executable(const Segment& segment) { return segment.is_directory || (segment.mode & 0111u) != 0; }

/// The three bits of the mode that count for `who`, as "other" bits: owner, else group, else other, as POSIX has it.
inline mode_t mode_class(const Segment& segment, const Identity& who) {
  if (who.owns(segment.uid)) return segment.mode >> 6;
  if (((segment.mode >> 3) & 7u) == (segment.mode & 7u)) return segment.mode;  // the same either way: spares the search
  if (who.in_group(segment.gid)) return segment.mode >> 3;
  return who.groups_failed ? (segment.mode >> 3) & segment.mode : segment.mode;  // in neither class for sure
}

inline AccessMask letters_of_mode(const Segment& segment, const Identity& who, const Profile& profile) {
  const mode_t bits = mode_class(segment, who);
  const bool directory = segment.is_directory;
  AccessMask letters;
  if ((bits & 04u) != 0) letters |= directory ? profile.directory_read : profile.file_read;
  if ((bits & 02u) != 0) letters |= directory ? profile.directory_write : profile.file_write;
  if ((bits & 01u) != 0) letters |= directory ? profile.directory_execute : profile.file_execute;
  return letters;
}

/// What the node alone gives before its ACEs.
struct Standing {
  AccessMask base;      ///< by the mode, and what everyone has
  AccessMask as_owner;  ///< what no denial takes
};

inline Standing standing_of(const Segment& segment, const Identity& who, const Profile& profile) {
  Standing standing;
  if (profile.mode_gives_base) standing.base = letters_of_mode(segment, who, profile) | profile.everyone_always;
  if (who.owns(segment.uid)) standing.as_owner = profile.owner_always;
  return standing;
}

/// Rule 4: ((base | allow) without deny) | owner's part.
inline AccessMask effective_of(const Standing& standing, const GivenTaken& aces) {
  return ((standing.base | aces.allow) - aces.deny) | standing.as_owner;
}

}  // namespace acefs::acl
