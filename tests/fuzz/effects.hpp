// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "acefs/acl/acl.hpp"

namespace acefs::fuzz {

/// What one grant comes to, but for whom it is.
struct Effect {
  acl::EntryKind kind = acl::EntryKind::Allow;
  std::uint8_t scopes = 0;
  acl::AccessMask letters;
  acl::TimePoint expires = 0;
  bool on_success = false;
  bool on_failure = false;

  friend bool operator==(const Effect&, const Effect&) = default;
};

/// On a directory, then on a file; nothing where the grant makes no difference.
std::vector<Effect> effects_of(const acl::Grant& grant);

/// Those of a grant that cannot be read: every letter is denied, everywhere and for good.
const std::vector<Effect>& effects_of_malformed();

/// The ACE under this key, as one that was just read.
std::vector<Effect> effects_of(const acl::GrantKey& key, const acl::Ace& ace);

}  // namespace acefs::fuzz
