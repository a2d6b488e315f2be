// SPDX-License-Identifier: MIT
#include "mount.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <system_error>

#include "acefs/base/unique_fd.hpp"
#include "nodes.hpp"

namespace acefs::test {
namespace {

/// Longer than any daemon needs, also under a sanitizer on a busy machine; shorter than meson's patience.
constexpr int kPatienceMs = 30'000;

/// A daemon to be. Made before the fork: between that and exec a process that was forked from one with threads must not allocate.
class DaemonCommand {
 public:
  DaemonCommand(std::vector<std::string> arguments, std::string log, rlim_t open_files)
      : program_(daemon_path()), arguments_(std::move(arguments)), log_(std::move(log)), open_files_(open_files) {
    argv_.push_back(program_.data());
    for (std::string& argument : arguments_) argv_.push_back(argument.data());
    argv_.push_back(nullptr);
  }
  DaemonCommand(const DaemonCommand&) = delete;
  DaemonCommand& operator=(const DaemonCommand&) = delete;

  [[noreturn]] void exec() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (open_files_ != 0) {
      const rlimit limit{open_files_, open_files_};
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    const int err = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(err, STDERR_FILENO);
    ::execv(program_.c_str(), argv_.data());
    ::_exit(127);
  }

 private:
  std::string program_;
  std::vector<std::string> arguments_;
  std::string log_;
  rlim_t open_files_;
  std::vector<char*> argv_;
};

/// Waits for the child's end, not for ever. A pidfd, so that waiting is neither a sleep nor a spin.
int exit_code_of(pid_t pid) {
  const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{handle.get(), POLLIN, 0};
  const bool hung = ::poll(&ended, 1, kPatienceMs) != 1;
  if (hung) ::kill(pid, SIGKILL);
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return -1;
  if (hung) return -2;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Whether a byte comes before the other end closes or patience ends.
bool says_ready(int fd) {
  pollfd ready{fd, POLLIN, 0};
  char byte = 0;
  return ::poll(&ready, 1, kPatienceMs) == 1 && ::read(fd, &byte, 1) == 1;
}

}  // namespace

std::string daemon_path() {
  const char* path = std::getenv("ACEFS_DAEMON");
  return path != nullptr ? path : ACEFS_DAEMON;
}

std::optional<std::string> why_no_mount() {
  if (::geteuid() != 0) return "not root";
  if (const UniqueFd fd(::open("/dev/fuse", O_RDWR | O_CLOEXEC)); !fd) return "no /dev/fuse";
  if (::access(daemon_path().c_str(), X_OK) != 0) return "no daemon at " + daemon_path();
  return std::nullopt;
}

void enter_mount_namespace() {
  static const bool entered = [] {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }();
  if (!entered) throw std::system_error(errno, std::generic_category(), "a mount namespace of our own");
}

Mount::Mount(MountOptions options)
    : source_(options.source.empty() ? backing_.path() : options.source),
      mount_point_(options.mount_point.empty() ? point_.path() : options.mount_point) {
  if (why_no_mount()) return;
  enter_mount_namespace();
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.end(), {source_, point(), "-f", "--ready-fd=" + std::to_string(writing.get())});
  if (!options.options.empty()) arguments.insert(arguments.end(), {"-o", options.options});
  DaemonCommand command(std::move(arguments), logs_.at("stderr"), options.open_files);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::fcntl(writing.get(), F_SETFD, 0);  // the one descriptor that the daemon is to inherit
    if (options.before_exec) options.before_exec();
    command.exec();
  }
  writing.reset();
  ready_ = says_ready(reading.get());
}

Mount::~Mount() {
  if (pid_ > 0) stop();
}

std::string Mount::log() const { return slurp(logs_.at("stderr")); }

int Mount::stop() {
  if (pid_ <= 0) return -1;
  // A user's process that still holds a file makes it busy; detaching then lets the daemon end when that goes.
  if (::umount(point().c_str()) != 0) ::umount2(point().c_str(), MNT_DETACH);
  return wait();
}

int Mount::wait() {
  if (pid_ <= 0) return -1;
  const int code = exit_code_of(pid_);
  pid_ = -1;
  ::umount2(point().c_str(), MNT_DETACH);  // what a crash leaves
  return code;
}

int run_daemon(const std::vector<std::string>& arguments, std::string* log) {
  enter_mount_namespace();
  const TempDir logs;
  DaemonCommand command(arguments, logs.at("stderr"), 0);
  const pid_t pid = ::fork();
  if (pid == 0) command.exec();
  const int code = exit_code_of(pid);
  if (log != nullptr) *log = slurp(logs.at("stderr"));
  return code;
}

void MountedTest::SetUp() {
  REQUIRE_FUSE();
  mount_.emplace(options());
  ASSERT_TRUE(mount_->ready()) << "the daemon did not become ready:\n" << mount_->log();
}

void MountedTest::TearDown() {
  if (!mount_ || mount_->pid() <= 0) return;
  const int code = mount_->stop();
  EXPECT_EQ(code, 0) << "the daemon's end";
  if (HasFailure()) std::cerr << "--- the daemon said:\n" << mount_->log() << "---\n";
}

}  // namespace acefs::test
