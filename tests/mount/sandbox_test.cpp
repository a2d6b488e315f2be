// SPDX-License-Identifier: MIT
// What a serving daemon has given up.
#include <fcntl.h>
#include <sys/capability.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "rows.hpp"

namespace acefs::test {
namespace {

class SandboxedTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (::geteuid() != 0) GTEST_SKIP() << "what plain users serve by themselves is not root's";
    // Threads that serve are started while serving.
    for (int i = 0; i < 100; ++i) make_file(at("f" + std::to_string(i)), 0644);
    status_ = "\n" + get_attribute(mount().point(), "system.acefs.status") + "\n";
  }

  bool says(const std::string& line) const { return status_.find("\n" + line + "\n") != std::string::npos; }
  /// A field of /proc/PID/task/TID/status of every thread, each once.
  std::set<std::string> of_threads(const std::string& field) const {
    std::set<std::string> all;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(mount().pid()) + "/task")) {
      std::istringstream lines(slurp(thread.path() / "status"));
      for (std::string line; std::getline(lines, line);)
        if (line.starts_with(field + ":\t")) all.insert(line.substr(field.size() + 2));
    }
    return all;
  }
  Mount& mount() const { return const_cast<SandboxedTest*>(this)->MountedTest::mount(); }

  std::string status_;
};

TEST_F(SandboxedTest, EveryThreadHasOnlyTheCapabilitiesThatServingNeeds) {
  ASSERT_TRUE(says("sandbox_capabilities=dropped")) << status_;
  for (const std::string field : {"CapBnd", "CapPrm", "CapInh", "CapAmb"}) {
    for (const std::string& hex : of_threads(field)) {
      const unsigned long long caps = std::stoull(hex, nullptr, 16);
      for (const int gone : {CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_BOOT, CAP_SYS_TIME, CAP_KILL, CAP_SYS_CHROOT,
                             CAP_MAC_ADMIN, CAP_SYSLOG, CAP_AUDIT_CONTROL, CAP_SYS_PTRACE})
        EXPECT_EQ(caps >> gone & 1U, 0u) << field << ' ' << gone;
    }
  }
}

TEST_F(SandboxedTest, EveryThreadIsFilteredAndGainsNothing) {
  if (!says("sandbox_system_calls=filtered")) GTEST_SKIP() << status_;
  EXPECT_EQ(of_threads("Seccomp"), std::set<std::string>{"2"});
  EXPECT_EQ(of_threads("NoNewPrivs"), std::set<std::string>{"1"});
  EXPECT_TRUE(says("sandbox_privileges=none new")) << status_;
}

TEST_F(SandboxedTest, ItsFilesAreConfined) {
  if (!says("sandbox_system_calls=filtered")) GTEST_SKIP() << status_;
  EXPECT_TRUE(says("sandbox_files=confined")) << status_;
}

/// A configuration that becomes a link to where the daemon has nothing to look for.
class FilesTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    REQUIRE_FUSE();
    make_file(kept_.at("acefs.toml"), 0644, "");
    make_file(elsewhere_.at("acefs.toml"), 0644, "[user.20002]\nenabled = false\n");
    mount_.emplace(MountOptions{.options = std::string("sandbox=") + GetParam() + ",config=" + kept_.at("acefs.toml")});
    REQUIRE_MOUNT(*mount_);
    make_file(mount_->backing() + "/f", 0644);
  }
  std::string bob_reads() {
    return errno_name(errno_as(kBob, kBob, [&] { return try_open(mount_->at("f"), O_RDONLY); }));
  }
  /// Soon: the daemon reads its configuration by itself when there is another one.
  bool bob_is_refused() {
    for (int i = 0; i < 500; ++i, ::usleep(10'000))
      if (bob_reads() == "EACCES") return true;
    return false;
  }
  bool log_has(const std::string& text) {
    for (int i = 0; i < 500; ++i, ::usleep(10'000))
      if (mount_->log().find(text) != std::string::npos) return true;
    return false;
  }
  TempDir kept_;
  TempDir elsewhere_;
  std::optional<Mount> mount_;
};

TEST_P(FilesTest, AreReadWhereTheSandboxAllows) {
  const bool confined = get_attribute(mount_->at("."), "system.acefs.status").find("sandbox_files=confined\n") != std::string::npos;
  if (std::string(GetParam()) == "on" && !confined) GTEST_SKIP() << "built with a sanitizer, or on a kernel without Landlock";
  EXPECT_EQ(bob_reads(), "0");
  erase(kept_.at("acefs.toml"));
  make_symlink(elsewhere_.at("acefs.toml"), kept_.at("acefs.toml"));
  ::kill(mount_->pid(), SIGHUP);
  if (confined) {
    ASSERT_TRUE(log_has("Permission denied")) << mount_->log();
    EXPECT_EQ(bob_reads(), "0");
  } else {
    EXPECT_TRUE(bob_is_refused()) << mount_->log();
  }
  // What takes its place is another file, which may be read.
  erase(kept_.at("acefs.toml"));
  make_file(kept_.at("acefs.toml"), 0644, "[user.20002]\nenabled = false\n");
  ::kill(mount_->pid(), SIGHUP);
  EXPECT_TRUE(bob_is_refused()) << mount_->log();
  EXPECT_EQ(mount_->stop(), 0) << mount_->log();
}

INSTANTIATE_TEST_SUITE_P(Sandbox, FilesTest, ::testing::Values("on", "off"), [](const auto& on) { return std::string(on.param); });

/// The program for alarms is started by another process, and the daemon gives up what it can all the same.
class OwnProgramsTest : public SandboxedTest {
 protected:
  MountOptions options() const override {
    make_file(files_.at("program"), 0755, "#!/bin/sh\ngrep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status >" + files_.at("new") + "; mv " + files_.at("new") + " " + files_.at("said") + "\n");
    return {.options = "alarm_command=" + files_.at("program"), .arguments = {}, .source = {}, .open_files = 0};
  }
  TempDir files_;
};

TEST_F(OwnProgramsTest, AProgramForAlarmsKeepsWhatRootsProgramsHaveAndTheDaemonDoesNot) {
  EXPECT_TRUE(says("sandbox_capabilities=dropped")) << status_;
  if (says("sandbox_system_calls=filtered")) {
    EXPECT_EQ(of_threads("NoNewPrivs"), std::set<std::string>{"1"});
  }
  make_file(real("d"), 0600);
  ASSERT_EQ(alarm(real("d"), "o:EVERYONE@", "r", "F"), 0);
  EXPECT_EQ(errno_name(errno_as(kBob, kBob, [&] { return try_open(at("d"), O_RDONLY); })), "EACCES");
  std::string said;
  for (int i = 0; i < 1000 && (said = slurp(files_.at("said")))[0] == '!'; ++i) ::usleep(10'000);
  EXPECT_NE(said.find("NoNewPrivs:\t0"), std::string::npos) << said;
  EXPECT_NE(said.find("Seccomp:\t0"), std::string::npos) << said;
  const std::string own = slurp("/proc/self/status");
  const std::size_t caps = own.find("CapEff:");
  EXPECT_NE(said.find(own.substr(caps, own.find('\n', caps) - caps)), std::string::npos) << said;
}

class NoSandboxTest : public SandboxedTest {
  MountOptions options() const override { return {.options = "sandbox=off", .arguments = {}, .source = {}, .open_files = 0}; }
};

TEST_F(NoSandboxTest, CanBeTurnedOffAndSaysSo) {
  EXPECT_TRUE(says("sandbox_capabilities=kept: sandbox=off")) << status_;
  EXPECT_TRUE(says("sandbox_system_calls=sandbox=off")) << status_;
  EXPECT_TRUE(says("sandbox_files=sandbox=off")) << status_;
  EXPECT_EQ(of_threads("Seccomp"), std::set<std::string>{"0"});
}

}  // namespace
}  // namespace acefs::test
