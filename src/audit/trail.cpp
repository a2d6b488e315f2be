// SPDX-License-Identifier: MIT
#include "audit/trail.hpp"

#include <stdexcept>

#include "audit/alarm_command.hpp"
#include "audit/alarm_socket.hpp"
#include "audit/json_line.hpp"

namespace acefs::audit {
namespace {

// Lines that may wait: enough for a burst, few enough not to be felt in memory.
constexpr std::size_t kLogQueue = 8192;
constexpr std::size_t kSocketQueue = 1024;
constexpr std::size_t kCommandQueue = 64;

template <typename Target, typename... Arguments>
std::shared_ptr<Target> target(const char* option, Arguments&&... arguments) {
  try {
    return std::make_shared<Target>(std::forward<Arguments>(arguments)...);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error(std::string("option ") + option + ": " + e.what());
  }
}

Count count_of(const std::unique_ptr<Outlet>& outlet) {
  return outlet ? Count{outlet->written(), outlet->lost(), outlet->queued()} : Count{};
}

}  // namespace

// The targets are shared with the outlets' threads, which may outlive this.
Trail::Trail(const TrailOptions& options) : target_(target<LogTarget>("audit_to", options.log)) {
  if (!options.alarm_socket.empty()) {
    socket_ = std::make_unique<Outlet>("alarm socket", kSocketQueue, false,
                                       [socket = target<AlarmSocket>("alarm_socket", options.alarm_socket)](const std::string& line) {
                                         return socket->send(line);
                                       });
  }
  if (!options.alarm_command.empty()) {
    auto command = target<AlarmCommand>("alarm_command", options.alarm_command);
    auto run = options.run_alarm ? options.run_alarm : [command](const std::string& line) { return command->run(line); };
    command_ = std::make_unique<Outlet>("alarm command", kCommandQueue, false, std::move(run));
  }
  log_ = std::make_unique<Outlet>("audit log", kLogQueue, true, [log = target_](const std::string& line) { return log->write(line); });
}

void Trail::take(const Record& record) noexcept {
  try {
    const auto line = std::make_shared<const std::string>(json_line(record));
    log_->put(line);
    if (!record.is_alarm()) return;
    if (socket_) socket_->put(line);
    if (command_) command_->put(line);
  } catch (const std::exception&) {
    // Out of memory: counted as lost like any other, the operation goes on.
    log_->lose();
  }
}

Count Trail::log() const { return count_of(log_); }
Count Trail::socket() const { return count_of(socket_); }
Count Trail::command() const { return count_of(command_); }

}  // namespace acefs::audit
