// SPDX-License-Identifier: MIT
#pragma once

#include "acectl/command.hpp"

namespace acefs::tool::acectl {

/// Looks for what is wrong with the ACLs of a tree.
Command add_verify(CLI::App& app);
/// Removes grants that have expired.
Command add_prune(CLI::App& app);
/// Removes side files that no node refers to any more.
Command add_gc(CLI::App& app);
/// Prints the ACLs of a tree as one text.
Command add_dump(CLI::App& app);
/// Makes the ACLs of a tree those of such a text.
Command add_apply(CLI::App& app);

}  // namespace acefs::tool::acectl
