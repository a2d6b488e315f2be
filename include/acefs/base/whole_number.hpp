// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace acefs {

/// A text that is nothing but decimal digits, and few enough to fit.
inline std::optional<std::uint64_t> whole_number(const std::string& text) {
  const bool is_one = !text.empty() && text.size() < 19 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_one ? std::optional<std::uint64_t>(std::stoull(text)) : std::nullopt;
}

}  // namespace acefs
