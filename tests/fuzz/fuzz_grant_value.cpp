// SPDX-License-Identifier: MIT
// The value of a grant's xattr. Input: one byte for the key, then the value.
#include "property.hpp"
#include "stored_grant.hpp"
#include "targets.hpp"

namespace acefs::fuzz {

void fuzz_grant_value(std::string_view input) {
  const acl::GrantKey key = take_key(input);
  check_stored_grant(key, input);
}

}  // namespace acefs::fuzz
