// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace acefs::daemon {

/// Sends messages of `level` and above to stderr, syslog or a file. Throws StartError when the file cannot be written.
void start_log(const std::string& target, const std::string& level);

}  // namespace acefs::daemon
