// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "acefs/base/result.hpp"

namespace acefs::tool::acectl {

/// Some names of a directory, in the order of their bytes.
struct SortedNames {
  std::vector<std::string> names;
  std::size_t before = 0;  ///< how many come before them
  std::size_t total = 0;   ///< of the directory
  bool more = false;       ///< others come after them
};

/// At most this many are held at a time, so that no directory is too large for the memory.
inline constexpr std::size_t kMostNames = 65536;

/// The first `most` names after `last` (empty: from the start), "." and ".." left out. `directory` may be O_PATH.
Result<SortedNames> names_after(int directory, const std::string& last, std::size_t most = kMostNames);

}  // namespace acefs::tool::acectl
