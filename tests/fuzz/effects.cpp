// SPDX-License-Identifier: MIT
#include "effects.hpp"

namespace acefs::fuzz {

std::vector<Effect> effects_of(const acl::Grant& grant) {
  std::vector<Effect> effects;
  for (const bool on_directory : {true, false}) {
    acl::PrincipalTable principals;
    const acl::Acl acl({grant}, on_directory, principals);
    for (const acl::Entry& entry : acl.entries())
      effects.push_back({entry.kind, entry.scopes, entry.letters, entry.expires, entry.on_success, entry.on_failure});
  }
  return effects;
}

const std::vector<Effect>& effects_of_malformed() {
  constexpr std::uint8_t kEverywhere = 0x1f;
  static const std::vector<Effect> effects(2, {acl::EntryKind::Deny, kEverywhere, acl::AccessMask::all(), 0, false, false});
  return effects;
}

std::vector<Effect> effects_of(const acl::GrantKey& key, const acl::Ace& ace) { return effects_of(acl::Grant{key, {}, ace, {}}); }

}  // namespace acefs::fuzz
