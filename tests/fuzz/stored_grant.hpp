// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "acefs/acl/ace.hpp"

namespace acefs::fuzz {

/// A key of any kind and class.
acl::GrantKey take_key(std::string_view& input);

/// What must hold of every value under every key: malformed denies, nothing is given that the bytes do not say, and neither writing it
/// again nor making it shorter changes what it does.
void check_stored_grant(const acl::GrantKey& key, std::string_view value);

}  // namespace acefs::fuzz
