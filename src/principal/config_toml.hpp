// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "acefs/base/result.hpp"
#include "acefs/principal/config.hpp"

namespace acefs::principal {

/// What the text says, section by section, and where; what sections mean together is not looked at.
struct ConfigText {
  Config config;
  std::map<std::string, int, std::less<>> user_lines;  ///< section → line
  std::map<std::string, int, std::less<>> group_lines;
  std::map<std::string, int, std::less<>> token_lines;
};

/// Fails on text that is not TOML. Mistakes within are in `config.problems`.
Parsed<ConfigText> read_toml(std::string_view text);

}  // namespace acefs::principal
