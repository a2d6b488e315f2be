// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

namespace acefs::principal {

/// A piece of a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Takes one element out of a list written in TOML, and the comma that kept it apart: comments stay, and of a line that had nothing else
/// nothing stays. `list`: from its '[' on; `begin`: where what belongs to the elements before it ends.
void cut_element(std::string& text, Span element, Span list, std::size_t begin);

}  // namespace acefs::principal
