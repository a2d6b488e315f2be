// SPDX-License-Identifier: MIT
#include "daemon/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

namespace acefs::daemon {
namespace {

constexpr int kNotSandboxed = 77;

/// How a process ends that is sandboxed and then does that: its exit status, or minus the signal that killed it.
int end_of(const std::function<int()>& act) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    Sandbox sandbox;
    sandbox.give_up_capabilities();
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
    sandbox.confine();
    confined = true;
    before.join();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
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

TEST_F(SandboxTest, AlarmsMayRunPrograms) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    Sandbox sandbox;
    sandbox.runs_programs = true;
    sandbox.give_up_capabilities();
    sandbox.confine();
    ::_exit(::chroot("/") == 0 ? ::execl("/bin/true", "true", nullptr) : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(SandboxTest, WhatNobodyWantsIsLeftAlone) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    Sandbox sandbox{.wanted = false, .capabilities = {}, .privileges = {}, .system_calls = {}};
    sandbox.give_up_capabilities();
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
