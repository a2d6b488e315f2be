// SPDX-License-Identifier: MIT
#include "audit/alarm_command.hpp"

#include <fcntl.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "acefs/base/unique_fd.hpp"

namespace acefs::audit {
namespace {

/// The line as a file: unlike a pipe it never fills up, and nobody has to be there to read it.
UniqueFd as_file(const std::string& line) {
  UniqueFd fd(::memfd_create("alarm", MFD_CLOEXEC));
  const std::string text = line + '\n';
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return UniqueFd();
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

/// The daemon's umask is 0, since callers' have been applied already; a program's files must not be everybody's. In a thread of its own.
bool take_usual_umask() {
  thread_local const bool own = ::unshare(CLONE_FS) == 0;
  if (own) ::umask(022);
  return own;
}

/// The daemon keeps its capabilities whoever it acts as, and what it starts would too: a program that gives up being root would
/// not lose root's rights. False when this thread cannot take that back.
bool lose_rights_with_root() {
  const int bits = ::prctl(PR_GET_SECUREBITS);
  if (bits >= 0 && (bits & SECBIT_NO_SETUID_FIXUP) == 0) return true;
  return bits >= 0 && ::prctl(PR_SET_SECUREBITS, bits & ~SECBIT_NO_SETUID_FIXUP) == 0;
}

/// How the program is started: nothing of the daemon's but its rights.
class Spawning {
 public:
  explicit Spawning(int input) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawn_file_actions_adddup2(&files_, input, 0);
    ::posix_spawn_file_actions_addopen(&files_, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&files_, 2, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&files_, 3);
    ::posix_spawn_file_actions_addchdir_np(&files_, "/");
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  Spawning(const Spawning&) = delete;
  Spawning& operator=(const Spawning&) = delete;
  ~Spawning() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  /// -1: it could not be started.
  pid_t start(const std::string& path) const {
    std::string name = path;
    std::string search = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char* const arguments[] = {name.data(), nullptr};
    char* const environment[] = {search.data(), nullptr};
    pid_t pid = -1;
    return ::posix_spawn(&pid, path.c_str(), &files_, &attributes_, arguments, environment) == 0 ? pid : -1;
  }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

bool ends_within(pid_t pid, std::chrono::milliseconds limit) {
  // By its number, since there is no wait with a time limit; the number is its own until it was waited for.
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const int n = ::poll(&ended, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (n >= 0 || errno != EINTR) return n > 0;
  }
}

}  // namespace

AlarmCommand::AlarmCommand(std::string path, std::chrono::milliseconds limit) : path_(std::move(path)), limit_(limit) {
  if (!path_.starts_with('/')) throw std::runtime_error("\"" + path_ + "\" is not an absolute path");
  if (::access(path_.c_str(), X_OK) < 0) throw std::runtime_error(path_ + ": " + std::strerror(errno));
}

bool AlarmCommand::run(const std::string& line) const {
  const UniqueFd input = as_file(line);
  if (!input || !take_usual_umask() || !lose_rights_with_root()) return false;
  const pid_t pid = Spawning(input.get()).start(path_);
  if (pid < 0) return false;
  const bool in_time = ends_within(pid, limit_);
  if (!in_time) {
    ::kill(-pid, SIGKILL);
    ::kill(pid, SIGKILL);  // it may have left its group
  }
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace acefs::audit
