// SPDX-License-Identifier: MIT
#include "audit/log_target.hpp"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/syslog_sink.h>
#ifdef ACEFS_HAS_JOURNAL
#include <spdlog/sinks/systemd_sink.h>
#endif
#include <syslog.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "acefs/base/unique_fd.hpp"

namespace acefs::audit {
namespace {

constexpr std::string_view kFile = "file:";

/// Makes the file for its owner only, and not where a symlink leads, which may be a user's; spdlog would use the process's umask, which is 0. Without waiting for a fifo's reader.
int create(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  return fd || errno == ENXIO ? 0 : errno;
}

spdlog::sink_ptr file_sink(const std::string& path) {
  spdlog::file_event_handlers handlers;
  handlers.before_open = [](const std::string& name) { create(name); };
  handlers.after_open = [](const std::string&, std::FILE* file) { ::fcntl(::fileno(file), F_SETFD, FD_CLOEXEC); };
  return std::make_shared<spdlog::sinks::basic_file_sink_st>(path, false, handlers);
}

spdlog::sink_ptr journal_sink() {
#ifdef ACEFS_HAS_JOURNAL
  return std::make_shared<spdlog::sinks::systemd_sink_st>("acefs");
#else
  throw std::runtime_error("this acefs was built without libsystemd, which the journal needs");
#endif
}

}  // namespace

bool can_write_to_journal() {
#ifdef ACEFS_HAS_JOURNAL
  return true;
#else
  return false;
#endif
}

LogTarget::LogTarget(const std::string& where) {
  if (where.starts_with(kFile)) {
    path_ = where.substr(kFile.size());
    if (!path_.starts_with('/')) throw std::runtime_error("\"" + path_ + "\" is not an absolute path");
    if (const int error = create(path_); error != 0) throw std::runtime_error(path_ + ": " + std::strerror(error));
    return;  // opened by the first line: a fifo may have no reader yet
  }
  spdlog::sink_ptr sink;
  if (where == "syslog") {
    // The same identity as that of the daemon's own log, since syslog(3) has one for the whole process. By the cookie parsers of
    // structured messages (rsyslog's mmjsonparse, syslog-ng's json-parser) know them.
    sink = std::make_shared<spdlog::sinks::syslog_sink_st>("acefs", LOG_PID, LOG_DAEMON, false);
    prefix_ = "@cee: ";
  } else if (where == "journal") {
    sink = journal_sink();
  } else {
    throw std::runtime_error("\"" + where + "\" is not file:/PATH or syslog or journal");
  }
  logger_ = std::make_shared<spdlog::logger>("acefs", std::move(sink));
  logger_->set_error_handler([this](const std::string&) { failed_ = true; });
}

LogTarget::~LogTarget() = default;

void LogTarget::open() {
  if (path_.empty() || (!stale_.exchange(false) && logger_)) return;
  logger_.reset();
  logger_ = std::make_shared<spdlog::logger>("acefs", file_sink(path_));
  logger_->set_pattern("%v");
  logger_->flush_on(spdlog::level::info);
  logger_->set_error_handler([this](const std::string&) { failed_ = true; });
}

bool LogTarget::write(const std::string& line) {
  open();
  failed_ = false;
  logger_->info(prefix_ + line);
  return !failed_;
}

}  // namespace acefs::audit
