// SPDX-License-Identifier: MIT
#include "daemon/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>

#include "daemon/exit_codes.hpp"
#include "daemon/options.hpp"

namespace acefs::daemon {

std::shared_ptr<spdlog::logger> open_log(const std::string& target, const std::string& level) {
  std::shared_ptr<spdlog::logger> logger;
  try {
    if (target == "syslog") {
      logger = std::make_shared<spdlog::logger>("acefs", std::make_shared<spdlog::sinks::syslog_sink_mt>("acefs", LOG_PID, LOG_DAEMON, false));
    } else if (target == "stderr") {
      logger = std::make_shared<spdlog::logger>("acefs", std::make_shared<spdlog::sinks::stderr_sink_mt>());
      logger->set_pattern("acefs: %l: %v");
    } else {
      logger = std::make_shared<spdlog::logger>("acefs", std::make_shared<spdlog::sinks::basic_file_sink_mt>(target));
    }
  } catch (const spdlog::spdlog_ex& e) {
    throw StartError(kUsage, "option log: " + std::string(e.what()));
  }
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  return logger;
}

}  // namespace acefs::daemon
