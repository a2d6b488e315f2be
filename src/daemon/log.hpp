// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace acefs::daemon {

/// A log to stderr, syslog or a file, for messages of `level` and above. Throws StartError when the file cannot be written.
std::shared_ptr<spdlog::logger> open_log(const std::string& target, const std::string& level);

}  // namespace acefs::daemon
