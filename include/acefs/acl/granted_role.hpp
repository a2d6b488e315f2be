// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "acefs/acl/ace.hpp"

namespace acefs::acl {

/// A grant made by role remembers it in a field of its own, `x-role=editor`, which reva passes over. The letters alone decide; the
/// name is for those who show the grant, and for `acectl role sync`.

/// How many fields of the ACE name a role. More than one is a mistake: it would not be known which counts.
std::size_t role_fields(const Ace& ace);
/// The role that the ACE was granted by. Nothing: by none, or by more than one.
std::optional<std::string> granted_role(const Ace& ace);
/// Empty: whoever changes the letters otherwise makes the ACE one that is not by role.
void remember_role(Ace& ace, std::string_view role);

/// Whether a role can be called so: letters, digits, '-', '_' and '.', which mean nothing else in an entry.
bool is_role_name(std::string_view name);

}  // namespace acefs::acl
