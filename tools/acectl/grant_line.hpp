// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "acefs/acl/ace.hpp"

namespace acefs::tool::acectl {

/// A grant as a line that two grants have in common when they mean the same: not who made it and when, its label, and in what order and with what
/// else that acefs does not know its letters are stored.
std::string line_of_meaning(const acl::Grant& grant);
/// A grant as a line that says all of it.
std::string line_of_all(const acl::Grant& grant);

}  // namespace acefs::tool::acectl
