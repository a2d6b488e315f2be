// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "acefs/base/result.hpp"
#include "node.hpp"

namespace acefs::tool {

/// Names in a directory, sorted, without "." and "..".
Result<std::vector<std::string>> names_in(const Node& directory);

/// A directory level holds one descriptor, so that a deep tree needs many: all that the hard limit allows.
void allow_many_descriptors();

}  // namespace acefs::tool
