// SPDX-License-Identifier: MIT
// What a serving daemon has given up.
#include <sys/capability.h>

#include <filesystem>
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
                             CAP_MAC_ADMIN, CAP_SYSLOG, CAP_AUDIT_CONTROL})
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

class OwnProgramsTest : public SandboxedTest {
  MountOptions options() const override { return {.options = "alarm_command=/bin/true", .arguments = {}, .source = {}, .open_files = 0}; }
};

TEST_F(OwnProgramsTest, AProgramForAlarmsKeepsWhatRootsProgramsHave) {
  EXPECT_TRUE(says("sandbox_capabilities=kept for programs that alarms run")) << status_;
  EXPECT_TRUE(says("sandbox_system_calls=kept for programs that alarms run")) << status_;
  EXPECT_EQ(of_threads("NoNewPrivs"), std::set<std::string>{"0"});
}

class NoSandboxTest : public SandboxedTest {
  MountOptions options() const override { return {.options = "sandbox=off", .arguments = {}, .source = {}, .open_files = 0}; }
};

TEST_F(NoSandboxTest, CanBeTurnedOffAndSaysSo) {
  EXPECT_TRUE(says("sandbox_capabilities=kept: sandbox=off")) << status_;
  EXPECT_TRUE(says("sandbox_system_calls=sandbox=off")) << status_;
  EXPECT_EQ(of_threads("Seccomp"), std::set<std::string>{"0"});
}

}  // namespace
}  // namespace acefs::test
