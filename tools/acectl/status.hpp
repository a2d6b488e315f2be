// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "common/io.hpp"

namespace acefs::tool::acectl {

/// Prints what the mount that `path` is on says of itself (acefs(8), STATUS).
Exit status(const std::string& path, Io& io);

}  // namespace acefs::tool::acectl
