// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "common/node.hpp"

namespace acefs::tool::acectl {

/// Lines of `system.acefs.status`, key → value (acefs(8), STATUS).
using MountSays = std::map<std::string, std::string, std::less<>>;

/// What the mount that `node` is on says of itself to everybody. Empty: `node` is not on an acefs mount. An error: it is not known.
Result<MountSays> mount_says(const Node& node);

}  // namespace acefs::tool::acectl
