// SPDX-License-Identifier: MIT
#include "daemon/outside.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <stdexcept>

#include "acefs/base/unique_fd.hpp"
#include "audit/alarm_command.hpp"
#include "daemon/exit_codes.hpp"
#include "principal/caller_intent.hpp"

namespace acefs::daemon {
namespace {

constexpr const char* kCut = "cut";
constexpr const char* kDone = "done";

void cut(const std::string& mountpoint) {
  // Once it is gone, what is mounted there is somebody else's.
  if (::umount2(mountpoint.c_str(), MNT_FORCE | UMOUNT_NOFOLLOW) == 0) return;
  ::umount2(mountpoint.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

void end(const std::string& mountpoint) {
  {
    const UniqueFd fd(::open(mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd) ::syncfs(fd.get());
  }
  if (::umount2(mountpoint.c_str(), UMOUNT_NOFOLLOW) != 0) cut(mountpoint);
}

audit::AlarmCommand program_for_alarms(const std::string& path) {
  try {
    return audit::AlarmCommand(path);
  } catch (const std::runtime_error& e) {
    throw StartError(kUsage, std::string("option alarm_command: ") + e.what());
  }
}

}  // namespace

Outside::Outside(const Options& options, bool confined) : mountpoint_(options.mountpoint) {
  if (!confined) return;
  if (!options.trail.alarm_command.empty() && options.audit != AuditLevel::Off) {
    const audit::AlarmCommand command = program_for_alarms(options.trail.alarm_command);
    alarms_ = std::make_shared<Errand>("acefs-alarms", [&](const std::string& line) { return command.run(line) ? kDone : ""; });
  }
  unmounter_ = std::make_unique<Errand>("acefs-unmount", [this](const std::string& how) {
    how == kCut ? cut(mountpoint_) : end(mountpoint_);
    return kDone;
  });
  callers_ = std::make_unique<Errand>("acefs-callers", [](const std::string& thread) {
    return principal::read_system_call(std::stoi(thread));
  });
  principal::look_at_threads_by([callers = callers_.get()](pid_t thread) { return callers->ask(std::to_string(thread)); });
}

std::function<bool(const std::string&)> Outside::run_alarm() const {
  if (!alarms_) return {};
  // The trail's thread may outlive this.
  return [alarms = alarms_](const std::string& line) { return alarms->ask(line) == kDone; };
}

void Outside::end_mount() const {
  if (!unmounter_ || unmounter_->ask().empty()) end(mountpoint_);
}

void Outside::cut_mount() const {
  if (!unmounter_ || unmounter_->ask(kCut).empty()) cut(mountpoint_);
}

}  // namespace acefs::daemon
