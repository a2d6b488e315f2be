// SPDX-License-Identifier: MIT
#include "rights.hpp"

namespace acefs::acl {
namespace {

/// The three bits of the mode that count for `who`, as "other" bits: owner, else group, else other, as POSIX has it.
mode_t mode_class(const Segment& segment, const Identity& who) {
  if (who.uid == segment.uid) return segment.mode >> 6;
  if (((segment.mode >> 3) & 7u) == (segment.mode & 7u)) return segment.mode;  // the same either way: spares the search
  return who.in_group(segment.gid) ? segment.mode >> 3 : segment.mode;
}

AccessMask letters_of_mode(const Segment& segment, const Identity& who, const Profile& profile) {
  const mode_t bits = mode_class(segment, who);
  const bool directory = segment.is_directory;
  AccessMask letters;
  if ((bits & 04u) != 0) letters |= directory ? profile.directory_read : profile.file_read;
  if ((bits & 02u) != 0) letters |= directory ? profile.directory_write : profile.file_write;
  if ((bits & 01u) != 0) letters |= directory ? profile.directory_execute : profile.file_execute;
  return letters;
}

}  // namespace

bool is_almighty(const Identity& who, const Profile& profile) { return who.uid == 0 && profile.root_has_all; }

bool is_executable(const Segment& segment) { return segment.is_directory || (segment.mode & 0111u) != 0; }

Standing standing_of(const Segment& segment, const Identity& who, const Profile& profile) {
  Standing standing;
  if (profile.mode_gives_base) standing.base = letters_of_mode(segment, who, profile) | profile.everyone_always;
  if (who.uid == segment.uid) standing.as_owner = profile.owner_always;
  return standing;
}

}  // namespace acefs::acl
