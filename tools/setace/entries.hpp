// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "acefs/acl/text.hpp"
#include "edit.hpp"
#include "options.hpp"

namespace acefs::tool::setace {

/// Reads the entries of the command line and of the files it names. An error is the line to print, without "setace: ".
Result<Edit, std::string> read_entries(const Options& options, Io& io, const acl::RoleLookup& roles);

/// Reads the backup that `--restore` names.
Result<std::vector<ListedNode>, std::string> read_backup(const Options& options, Io& io, const acl::RoleLookup& roles);

}  // namespace acefs::tool::setace
