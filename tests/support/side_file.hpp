// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace acefs::test {

/// Names and values of attributes, as they stand in a side file: any bytes.
using SideGrants = std::vector<std::pair<std::string, std::string>>;

/// Gives a node, which is in the tree at `root`, a side file with these as OpenCloud writes it: side file first, marker second. Of one node in
/// a tree: its id is always the same. Throws std::system_error.
void write_side_file(const std::string& root, const std::string& node, const SideGrants& grants);
/// Where that is.
std::string side_file_in(const std::string& root);

}  // namespace acefs::test
