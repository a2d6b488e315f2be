// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace acefs::audit {

/// Whether this build can write to the journal.
bool can_write_to_journal();

/// Where the audit log is: a file, syslog or the journal.
class LogTarget {
 public:
  /// "file:/PATH", "syslog" or "journal". Throws std::runtime_error: it is none of these, or cannot be written to.
  explicit LogTarget(const std::string& where);
  ~LogTarget();

  /// False when the line could not be written. One thread at a time; may block.
  bool write(const std::string& line);
  /// Before the next line the file is opened again, which logrotate(8) may have renamed meanwhile. From any thread.
  void reopen() { stale_ = true; }

 private:
  void open();

  std::string path_;  ///< of the file; empty: another target
  std::string prefix_;
  std::shared_ptr<spdlog::logger> logger_;
  std::atomic<bool> stale_{false};
  bool failed_ = false;
};

}  // namespace acefs::audit
