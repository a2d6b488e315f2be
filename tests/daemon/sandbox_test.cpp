// SPDX-License-Identifier: MIT
#include "daemon/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "daemon/errand.hpp"

namespace acefs::daemon {
namespace {

constexpr int kNotSandboxed = 77;

int confine_to(const Reach& reach) {
  const auto rules = rules_for(reach);
  return rules ? confine_files(*rules) : rules.error().errno_value();
}

/// How a process ends that is sandboxed and then does that: its exit status, or minus the signal that killed it.
int end_of(const std::function<int()>& act) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    Sandbox sandbox;
    sandbox.give_up_capabilities();
    sandbox.prepare({.whole = {}, .writable = {}, .readable = what_programs_read()});
    sandbox.confine();
    ::_exit(sandbox.system_calls == "filtered" ? act() : kNotSandboxed);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    if (end_of([] { return 0; }) == kNotSandboxed) GTEST_SKIP() << "built with a sanitizer, or on a kernel without filters";
  }
};

TEST_F(SandboxTest, ACallThatServingDoesNotNeedKillsTheProcess) {
  const std::pair<const char*, std::function<int()>> calls[] = {
      {"execve", [] { return ::execl("/bin/true", "true", nullptr); }},
      {"ptrace", [] { return static_cast<int>(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
      {"process_vm_writev", [] { return static_cast<int>(::syscall(SYS_process_vm_writev, ::getpid(), nullptr, 0, nullptr, 0, 0)); }},
      {"bpf", [] { return static_cast<int>(::syscall(SYS_bpf, BPF_MAP_CREATE, nullptr, 0)); }},
      {"mount", [] { return ::mount("none", "/", nullptr, MS_REMOUNT | MS_BIND, nullptr); }},
      {"unshare", [] { return static_cast<int>(::syscall(SYS_unshare, 0)); }},
      {"chroot", [] { return ::chroot("/"); }},
      {"init_module", [] { return static_cast<int>(::syscall(SYS_init_module, nullptr, 0, "")); }},
      {"reboot", [] { return static_cast<int>(::syscall(SYS_reboot, 0, 0, 0, nullptr)); }},
  };
  for (const auto& [name, call] : calls) EXPECT_EQ(end_of(call), -SIGSYS) << name;
}

TEST_F(SandboxTest, ThreadsThatRanBeforeAreConfinedToo) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::atomic<bool> confined{false};
    std::thread before([&] {
      while (!confined) std::this_thread::yield();
      ::chroot("/");
    });
    Sandbox sandbox;
    sandbox.prepare({.whole = {}, .writable = {}, .readable = what_programs_read()});
    sandbox.confine();
    confined = true;
    before.join();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
}

/// Files in three directories: `whole`, `writable`, and one that is not told of.
class ReachTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (confined([] { return 0; }) == kNotSandboxed) GTEST_SKIP() << "a kernel without Landlock";
    for (const char* dir : {"whole", "whole/sub", "writable", "other"}) ASSERT_EQ(::mkdir((top_ + "/" + dir).c_str(), 0700), 0);
    for (const char* dir : {"whole", "writable", "other"}) ASSERT_GE(made(std::string(dir) + "/f"), 0);
  }
  void TearDown() override { std::filesystem::remove_all(top_); }

  std::string at(const std::string& name) const { return top_ + "/" + name; }
  int made(const std::string& name) const { return ended(::open(at(name).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)); }
  int opened(const std::string& path, int flags) const { return ended(::open(path.c_str(), flags | O_CLOEXEC)); }
  static int ended(int fd) {
    if (fd >= 0) ::close(fd);
    return fd;
  }
  /// What a process returns for that which was confined first.
  int confined(const std::function<int()>& act) const {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const int error = confine_to({.whole = {at("whole")}, .writable = {at("writable")}, .readable = what_programs_read()});
      ::_exit(error != 0 ? kNotSandboxed : act());
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
  }
  /// The same of something that returns as system calls do: its errno.
  int errno_of(const std::function<long()>& call) const {
    return confined([&] { return call() < 0 ? errno : 0; });
  }

 private:
  static std::string new_directory() {
    std::string name = "/var/tmp/acefs-reach-XXXXXX";
    return ::mkdtemp(name.data()) != nullptr ? name : throw std::runtime_error("no directory in /var/tmp");
  }
  const std::string top_ = new_directory();
};

TEST_F(ReachTest, TheTreeThatIsServedIsThereForEverything) {
  EXPECT_EQ(errno_of([&] { return made("whole/sub/new"); }), 0);
  EXPECT_EQ(errno_of([&] { return ::rename(at("whole/sub/new").c_str(), at("whole/moved").c_str()); }), 0);
  EXPECT_EQ(errno_of([&] { return ::link(at("whole/moved").c_str(), at("whole/sub/linked").c_str()); }), 0);
  EXPECT_EQ(errno_of([&] { return ::truncate(at("whole/moved").c_str(), 0); }), 0);
  EXPECT_EQ(errno_of([&] { return ::mknod(at("whole/fifo").c_str(), S_IFIFO | 0600, 0); }), 0);
  EXPECT_EQ(errno_of([&] { return ::symlink("f", at("whole/link").c_str()); }), 0);
  EXPECT_EQ(errno_of([&] { return ::unlink(at("whole/moved").c_str()); }), 0);
  EXPECT_EQ(errno_of([&] { return ::mkdir(at("whole/d").c_str(), 0700); }), 0);
  EXPECT_EQ(errno_of([&] { return ::rmdir(at("whole/d").c_str()); }), 0);
}

TEST_F(ReachTest, WhereLogsAreFilesAreMadeWrittenAndRemoved) {
  EXPECT_EQ(errno_of([&] { return made("writable/new"); }), 0);
  EXPECT_EQ(errno_of([&] { return opened(at("writable/f"), O_WRONLY | O_APPEND); }), 0);
  EXPECT_EQ(errno_of([&] { return ::unlink(at("writable/new").c_str()); }), 0);
  EXPECT_EQ(errno_of([&] { return ::mkdir(at("writable/d").c_str(), 0700); }), EACCES);
  EXPECT_EQ(errno_of([&] { return ::symlink("f", at("writable/link").c_str()); }), EACCES);
}

TEST_F(ReachTest, WhatProgramsReadIsReadOnly) {
  EXPECT_EQ(errno_of([&] { return opened("/etc/passwd", O_RDONLY); }), 0);
  EXPECT_EQ(errno_of([&] { return opened("/proc/self/status", O_RDONLY); }), 0);
  EXPECT_EQ(errno_of([&] { return opened("/dev/null", O_WRONLY); }), 0);
  EXPECT_EQ(errno_of([&] { return opened("/dev/urandom", O_RDONLY); }), 0);
  EXPECT_EQ(errno_of([&] { return opened("/dev/loop-control", O_RDONLY); }), EACCES) << "nor any disk";
  EXPECT_EQ(errno_of([&] { return opened("/etc/passwd", O_WRONLY | O_APPEND); }), EACCES);
}

TEST_F(ReachTest, NothingElseIsThere) {
  EXPECT_EQ(errno_of([&] { return opened(at("other/f"), O_RDONLY); }), EACCES);
  EXPECT_EQ(errno_of([&] { return opened(at("whole/../other/f"), O_RDONLY); }), EACCES);
  EXPECT_EQ(errno_of([&] { return opened("/", O_RDONLY | O_DIRECTORY); }), EACCES);
  EXPECT_EQ(errno_of([&] { return made("other/new"); }), EACCES);
  EXPECT_EQ(errno_of([&] { return ::unlink(at("other/f").c_str()); }), EACCES);
  EXPECT_EQ(errno_of([&] { return ::rename(at("whole/f").c_str(), at("other/moved").c_str()); }), EACCES);
  ASSERT_EQ(::symlink(at("other/f").c_str(), at("whole/out").c_str()), 0);
  EXPECT_EQ(errno_of([&] { return opened(at("whole/out"), O_RDONLY); }), EACCES);
  EXPECT_EQ(errno_of([&] { return ::mount("none", at("whole").c_str(), "tmpfs", 0, nullptr); }), EPERM);
}

TEST_F(ReachTest, ThreadsThatRanBeforeAreConfinedTooAndThoseThatTheyStart) {
  std::atomic<bool> done{false};
  int by_thread = -1;
  int by_its_thread = -1;
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto try_it = [&](int& result) { result = opened(at("other/f"), O_RDONLY) < 0 ? errno : 0; };
    std::thread before([&] {
      while (!done) std::this_thread::yield();
      try_it(by_thread);
      std::thread(try_it, std::ref(by_its_thread)).join();
    });
    std::vector<std::thread> sleeping;
    for (int i = 0; i < 20; ++i) sleeping.emplace_back([&] { done.wait(false); });
    const int error = confine_to({.whole = {at("whole")}, .writable = {}, .readable = what_programs_read()});
    done = true;
    done.notify_all();
    before.join();
    for (std::thread& thread : sleeping) thread.join();
    ::_exit(error == 0 && by_thread == EACCES && by_its_thread == EACCES ? 0 : 1);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(ErrandTest, IsDoneInAProcessThatIsNotConfined) {
  const std::string other = "/var/tmp";
  const pid_t pid = ::fork();
  if (pid == 0) {
    Errand errand("test", [&](const std::string& bytes) {
      const int fd = ::open(other.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      return bytes + (fd >= 0 ? " open" : " refused");
    });
    Errand ends("test", [](const std::string&) -> std::string { ::_exit(0); });
    if (confine_to({.whole = {}, .writable = {}, .readable = what_programs_read()}) != 0) ::_exit(kNotSandboxed);
    const bool asked = errand.ask("a") == "a open" && errand.ask().substr(1) == "open";
    const bool gone = ends.ask("b").empty() && ends.ask("c").empty();
    ::_exit(asked && gone ? 0 : 1);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == kNotSandboxed) << status;
}

TEST_F(SandboxTest, WhatServingNeedsGoesOn) {
  EXPECT_EQ(end_of([] {
              int got = 0;
              std::thread thread([&got] {
                const int fd = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
                char byte = 0;
                if (::read(fd, &byte, 1) == 1) got = 1;
                ::close(fd);
              });
              thread.join();
              return got == 1 ? 0 : 1;
            }),
            0);
}

TEST_F(SandboxTest, WhatNobodyWantsIsLeftAlone) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    Sandbox sandbox(false);
    sandbox.give_up_capabilities();
    sandbox.prepare({.whole = {}, .writable = {}, .readable = what_programs_read()});
    sandbox.confine();
    ::execl("/bin/true", "true", nullptr);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace acefs::daemon
