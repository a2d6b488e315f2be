// SPDX-License-Identifier: MIT
#pragma once

#include "toml_library.hpp"

#include <string_view>

namespace acefs::principal {

/// Where in `text` a position of toml++ is, as a number of bytes. (Its columns count characters.)
std::size_t offset_of(std::string_view text, const toml::source_position& at);

}  // namespace acefs::principal
