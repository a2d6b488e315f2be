// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace acefs::acl {

/// Whether an entry may carry this flag: inheritance, audit, group.
constexpr bool is_flag(char letter) { return std::string_view("fdniSFg").find(letter) != std::string_view::npos; }

}  // namespace acefs::acl
