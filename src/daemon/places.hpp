// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "acefs/base/unique_fd.hpp"

namespace acefs::daemon {

/// Opens the backing directory. Throws StartError(66): missing, not a directory, no support for user attributes.
UniqueFd open_source(const std::string& path);

/// The mount point as an absolute path without links. Throws StartError(69): missing, not a directory, dead, or already
/// the root of an acefs mount, or below the backing directory, where the daemon would become its own client.
std::string check_mountpoint(const std::string& path, const std::string& source);

}  // namespace acefs::daemon
