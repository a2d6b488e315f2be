// SPDX-License-Identifier: MIT
#include <algorithm>

#include "acefs/acl/decide.hpp"
#include "rights.hpp"

namespace acefs::acl {
namespace {

/// Root passes and the refused fail, whoever else they are.
bool is_settled(const Identity& who, const Profile& profile) { return is_almighty(who, profile) || who.refused; }

bool mode_depends_on_groups(const Segment& segment, const Identity& who) {
  const bool classes_differ = ((segment.mode >> 3) & 7u) != (segment.mode & 7u);
  return classes_differ && !who.owns(segment.uid) && who.gid != segment.gid;
}

}  // namespace

bool depends_on_groups(std::span<const Segment> chain, const Identity& who, const Profile& profile) {
  if (is_settled(who, profile)) return false;
  return std::any_of(chain.begin(), chain.end(), [&](const Segment& segment) {
    if (segment.acl != nullptr && segment.acl->names_groups()) return true;
    return profile.mode_gives_base && mode_depends_on_groups(segment, who);
  });
}

bool depends_on_names(std::span<const Segment> chain, const Identity& who, const Profile& profile) {
  if (is_settled(who, profile)) return false;
  return std::any_of(chain.begin(), chain.end(),
                     [](const Segment& segment) { return segment.acl != nullptr && segment.acl->names_principals(); });
}

}  // namespace acefs::acl
