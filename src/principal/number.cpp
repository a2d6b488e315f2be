// SPDX-License-Identifier: MIT
#include "number.hpp"

#include <charconv>

namespace acefs::principal {

std::optional<id_t> number_of(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  id_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number == static_cast<id_t>(-1)) return std::nullopt;
  return number;
}

}  // namespace acefs::principal
