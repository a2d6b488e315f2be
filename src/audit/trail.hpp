// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "audit/log_target.hpp"
#include "audit/outlet.hpp"
#include "audit/sink.hpp"

namespace acefs::audit {

struct TrailOptions {
  std::string log = "syslog";  ///< file:/PATH, syslog or journal
  std::string alarm_socket;    ///< path of a Unix datagram socket; empty: none
  std::string alarm_command;   ///< path of a program; empty: none
  /// Runs it for a line, as AlarmCommand::run(); empty: this process does by itself.
  std::function<bool(const std::string& line)> run_alarm;
};

/// What became of what was taken.
struct Count {
  std::uint64_t written = 0;
  std::uint64_t lost = 0;
  std::uint64_t queued = 0;  ///< and waits to be written
};

/// The audit trail of a mount: each record goes to the log; an alarm also to the socket and to the command. Each has a queue and a
/// thread of its own, so that one that hangs holds up no other.
class Trail final : public Sink {
 public:
  /// Throws std::runtime_error, one line: which of the targets cannot be used, and why.
  explicit Trail(const TrailOptions& options);

  void take(const Record& record) noexcept override;
  /// The log's file was renamed. From any thread.
  void reopen() { target_->reopen(); }

  Count log() const;
  Count socket() const;
  Count command() const;

 private:
  std::shared_ptr<LogTarget> target_;
  std::unique_ptr<Outlet> log_;
  std::unique_ptr<Outlet> socket_;
  std::unique_ptr<Outlet> command_;
};

}  // namespace acefs::audit
