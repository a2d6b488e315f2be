// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace acefs::fuzz {

/// Ends the program, as a sanitizer's report does, when `property` does not hold.
inline void must(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

/// Takes the first byte off `input` and makes it a number below `choices`.
inline unsigned take_choice(std::string_view& input, unsigned choices) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte % choices;
}

}  // namespace acefs::fuzz
