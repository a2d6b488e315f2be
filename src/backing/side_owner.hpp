// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "node_attributes.hpp"

namespace acefs::backing {

/// An attribute of each side file that this daemon writes: which node it is for, and in which tree. The id alone does not tell: whoever
/// copies a node with its attributes copies its id as well.
inline constexpr const char* kSideOwner = "user.acefs.node";

/// The value of that attribute for the node behind `fd`: the file handles of the tree's root and of the node, as text. Empty where there
/// are no handles, or the node is on another filesystem than the root.
std::string side_owner(int root, int fd);

/// Whether what goes by `id` at the node behind `own` is the side file of another node, which is there and goes by that id as well.
/// `owner`: what the side file says. In doubt (OpenCloud wrote it; the tree was copied as a whole) false.
bool is_anothers(int root, const std::string& owner, const std::string& own, const std::string& id, const NodeNames& names);

}  // namespace acefs::backing
