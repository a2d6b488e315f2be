// SPDX-License-Identifier: MIT
#include "daemon/reach.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <thread>

// Debian 12's headers end before these.
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

namespace acefs::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWriteFile = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
constexpr std::uint64_t kWrite = kRead | kWriteFile | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE;
constexpr std::uint64_t kAllOfFirst = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
/// What may be allowed on what is no directory.
constexpr std::uint64_t kOfFiles = kWriteFile | LANDLOCK_ACCESS_FS_EXECUTE;

/// All rights that this kernel's version of Landlock knows and that are about files of the tree.
std::uint64_t all_known(long version) {
  return kAllOfFirst | (version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) | (version >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
}

int allow(int rules, const std::string& path, std::uint64_t rights) {
  const UniqueFd at(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat st {};
  if (!at || ::fstat(at.get(), &st) != 0) return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(st.st_mode) ? rights : rights & kOfFiles;
  rule.parent_fd = at.get();
  return ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ? 0 : errno;
}

// For the handler of the signal.
std::atomic<int> rules_of_all{-1};
std::atomic<int> last_error{0};
std::atomic<int> answered{0};

/// A signal that comes too late finds no rules any more, and a filter that would not let it use them.
void confine_this_thread() {
  if (rules_of_all < 0) return;
  if (::syscall(SYS_landlock_restrict_self, rules_of_all.load(), 0) != 0) last_error = errno;
}

void on_signal(int) {
  const int error = errno;
  confine_this_thread();
  ++answered;
  errno = error;
}

std::set<pid_t> other_threads() {
  std::set<pid_t> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(::opendir("/proc/self/task"), ::closedir);
  while (const dirent* task = tasks ? ::readdir(tasks.get()) : nullptr) {
    if (const pid_t id = std::atoi(task->d_name); id > 0 && id != ::gettid()) all.insert(id);
  }
  return all;
}

/// Those that were started by one that had not been reached are found when looking again.
int confine_all_threads() {
  struct sigaction act {};
  act.sa_handler = on_signal;
  act.sa_flags = SA_RESTART;
  ::sigaction(SIGRTMAX, &act, nullptr);  // and stays: by default a late one would end the process
  std::set<pid_t> reached;
  for (bool found = true; found;) {
    found = false;
    for (const pid_t thread : other_threads()) {
      if (!reached.insert(thread).second) continue;
      found = true;
      const int so_far = answered;
      if (::syscall(SYS_tgkill, ::getpid(), thread, SIGRTMAX) != 0) continue;  // it has ended
      for (int i = 0; answered == so_far && i < 10'000 && ::syscall(SYS_tgkill, ::getpid(), thread, 0) == 0; ++i) std::this_thread::sleep_for(100us);
      if (answered == so_far && ::syscall(SYS_tgkill, ::getpid(), thread, 0) == 0) last_error = ETIMEDOUT;
    }
  }
  // Last, so that /proc could be read whatever the rules are.
  confine_this_thread();
  return last_error;
}

}  // namespace

std::vector<std::string> what_programs_read() {
  return {"/dev/random", "/dev/urandom", "/dev/zero", "/etc", "/gnu/store", "/lib", "/lib32", "/lib64", "/nix/store", "/proc", "/run", "/sys", "/usr", "/var/cache/nscd", "/var/lib/extrausers",
          "/var/lib/sss", "/var/run"};
}

Result<UniqueFd> rules_for(const Reach& reach) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 0) return Status::last();
  // Before its second version nothing could be moved to another directory, nor linked there.
  if (version < 2) return Status::from(EOPNOTSUPP);
  const std::uint64_t all = all_known(version);
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = all;
  UniqueFd rules(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0)));
  if (!rules) return Status::last();
  for (const auto& [paths, rights] : {std::pair{&reach.whole, all}, std::pair{&reach.writable, kWrite & all}, std::pair{&reach.readable, kRead & all}}) {
    for (const std::string& path : *paths)
      if (const int error = allow(rules.get(), path, rights); error != 0) return Status::from(error);
  }
  // What is thrown away, and a terminal.
  for (const char* const device : {"/dev/null", "/dev/tty"})
    if (const int error = allow(rules.get(), device, kWriteFile & all); error != 0) return Status::from(error);
  return rules;
}

int confine_files(const UniqueFd& rules) {
  rules_of_all = rules.get();
  last_error = 0;
  const int error = confine_all_threads();
  rules_of_all = -1;
  return error;
}

}  // namespace acefs::daemon
