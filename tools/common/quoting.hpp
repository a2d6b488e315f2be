// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace acefs::tool {

/// A file name on one line, as getfacl(1) writes it: control bytes and the backslash as `\` and three octal digits.
std::string quote_name(std::string_view name);
/// The inverse; also reads `\\`. A backslash that begins neither stands for itself.
std::string unquote_name(std::string_view text);

/// A value after `name=` in a listing: as it is when that is one plain word, else in double quotes.
std::string quote_value(std::string_view value);

/// Lower-case hexadecimal digits, two a byte.
std::string to_hex(std::string_view bytes);
/// Nothing when `hex` is not pairs of hexadecimal digits.
std::optional<std::string> from_hex(std::string_view hex);

}  // namespace acefs::tool
