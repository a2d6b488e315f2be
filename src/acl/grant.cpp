// SPDX-License-Identifier: MIT
#include <utility>

#include "acefs/acl/ace.hpp"
#include "acefs/acl/perm.hpp"

namespace acefs::acl {

Grant Grant::read(GrantKey key, std::string value) {
  Grant grant{std::move(key), std::move(value), std::nullopt, {}};
  auto ace = decode(grant.key, grant.value);
  if (ace) {
    grant.ace = *std::move(ace);
  } else {
    grant.error = ace.error().message;
  }
  return grant;
}

bool is_full_denial(const GrantKey& key, const Ace& ace) {
  return key.kind == KeyKind::Plain && (ace.type != "A" || mask_of(ace.permissions).empty());
}

}  // namespace acefs::acl
