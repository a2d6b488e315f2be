// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "acefs/base/result.hpp"

namespace acefs::acl {

/// A name with a backslash before ':', '\', ',' and '#' and control bytes as `\ooo`, so that it is one field of one entry.
std::string escape_name(std::string_view name);

/// The reverse. Fails for a backslash before a letter, before fewer than three octal digits, or at the end.
Parsed<std::string> unescape_name(std::string_view text);

/// The key of the special principal that is written so in an entry ("OWNER@", "owner@"), nothing for any other text.
std::optional<std::string_view> special_of(std::string_view text);

/// One byte for a message: itself in quotes, or its octal escape.
std::string shown(char byte);

}  // namespace acefs::acl
