// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

namespace acefs::principal {

/// The uid or gid that `text` spells in decimal: nothing for other text, for leading zeros, and for 4294967295, which is none.
std::optional<id_t> number_of(std::string_view text);

}  // namespace acefs::principal
