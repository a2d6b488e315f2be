// SPDX-License-Identifier: MIT
// How the daemon starts and ends.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <csignal>

#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

class LifecycleTest : public MountedTest {
 protected:
  bool is_mounted() const {
    struct stat inside {};
    struct stat outside {};
    ::stat(point_.path().c_str(), &inside);
    ::stat(dir_.path().c_str(), &outside);
    return inside.st_dev != outside.st_dev;
  }

  TempDir dir_;
  TempDir point_;
};

TEST_F(LifecycleTest, UnmountingEndsTheDaemonWithZero) {
  make_file(real("f"), 0644);
  EXPECT_EQ(slurp(at("f")), "content");
  EXPECT_EQ(mount().stop(), 0);
  EXPECT_FALSE(exists(at("f")));
}

TEST_F(LifecycleTest, SigtermAndSigintUnmountAndEndWithZero) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Mount other;
    REQUIRE_MOUNT(other);
    make_file(other.real("f"), 0644);
    EXPECT_EQ(slurp(other.at("f")), "content");
    ::kill(other.pid(), signal);
    EXPECT_EQ(other.wait(), 0) << signal << other.log();
    EXPECT_FALSE(exists(other.at("f"))) << "nothing is left mounted";
  }
}

TEST_F(LifecycleTest, SigtermEndsItThoughAFileIsOpen) {
  make_file(real("f"), 0644);
  const UniqueFd fd(::open(at("f").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(fd);
  ::kill(mount().pid(), SIGTERM);
  EXPECT_EQ(mount().wait(), 0) << mount().log();
}

TEST_F(LifecycleTest, EndingABusyMountLeavesWhatIsMountedBelowIt) {
  ASSERT_EQ(::mount(dir_.path().c_str(), point_.path().c_str(), nullptr, MS_BIND, nullptr), 0);
  make_file(point_.at("below"), 0644);
  int ready[2];
  ASSERT_EQ(::pipe2(ready, 0), 0);
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    ::close(ready[0]);
    const std::string fd = "--ready-fd=" + std::to_string(ready[1]);
    ::execl(daemon_path().c_str(), "acefs", "-f", fd.c_str(), point_.path().c_str(), point_.path().c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  const UniqueFd busy(::open(point_.at("below").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(busy);
  ::kill(daemon, SIGTERM);
  int status = -1;
  ::waitpid(daemon, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(slurp(point_.at("below")), "content") << "the bind mount below is still there";
  ::umount2(point_.path().c_str(), MNT_DETACH);
}

TEST_F(LifecycleTest, OtherSignalsDoNotMakeItDeaf) {
  ::kill(mount().pid(), SIGUSR1);
  ::kill(mount().pid(), SIGTERM);
  EXPECT_EQ(mount().wait(), 0) << mount().log();
}

TEST_F(LifecycleTest, AMountPointWithinTheBackingIsRefused) {
  make_dir(dir_.at("inside"), 0755);
  std::string log;
  EXPECT_EQ(run_daemon({dir_.path(), dir_.at("inside")}, &log), EX_UNAVAILABLE);
  EXPECT_NE(log.find("within the backing directory"), std::string::npos) << log;
}

TEST_F(LifecycleTest, ABusyMountStaysUntilItIsFree) {
  make_file(real("f"), 0644);
  UniqueFd fd(::open(at("f").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::umount(mount().point().c_str()), -1);
  EXPECT_EQ(errno, EBUSY);
  EXPECT_EQ(slurp(at("f")), "content");
  fd.reset();
  EXPECT_EQ(mount().stop(), 0);
}

TEST_F(LifecycleTest, BackgroundModeReturnsWhenTheMountIsUsable) {
  // The daemon becomes our child again when its parent ends, so that its end can be waited for.
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  make_file(dir_.at("f"), 0644);
  std::string log;
  ASSERT_EQ(run_daemon({dir_.path(), point_.path()}, &log), 0) << log;
  EXPECT_TRUE(is_mounted());
  EXPECT_EQ(slurp(point_.at("f")), "content");
  EXPECT_EQ(::umount(point_.path().c_str()), 0);
  ASSERT_EQ(mount().stop(), 0);
  int status = 0;
  EXPECT_GT(::waitpid(-1, &status, 0), 0);
  EXPECT_EQ(status, 0);
}

TEST_F(LifecycleTest, BackgroundModeReportsFailure) {
  EXPECT_EQ(run_daemon({dir_.at("missing"), point_.path()}), EX_NOINPUT);
  EXPECT_FALSE(is_mounted());
}

TEST_F(LifecycleTest, ASourceThatIsNoDirectoryIsNoInput) {
  std::string log;
  EXPECT_EQ(run_daemon({dir_.at("missing"), point_.path(), "-f"}, &log), EX_NOINPUT);
  EXPECT_NE(log.find(dir_.at("missing")), std::string::npos) << "it says what it tried: " << log;
  make_file(dir_.at("file"), 0644);
  EXPECT_EQ(run_daemon({dir_.at("file"), point_.path(), "-f"}), EX_NOINPUT);
}

TEST_F(LifecycleTest, AMountPointThatCannotBeMountedOnIsUnavailable) {
  EXPECT_EQ(run_daemon({dir_.path(), point_.at("missing"), "-f"}), EX_UNAVAILABLE);
  make_file(point_.at("file"), 0644);
  EXPECT_EQ(run_daemon({dir_.path(), point_.at("file"), "-f"}), EX_UNAVAILABLE);
}

TEST_F(LifecycleTest, BadCommandLinesAreUsageErrors) {
  for (const std::vector<std::string>& arguments : {
           std::vector<std::string>{},
           {dir_.path()},
           {dir_.path(), point_.path(), "extra", "-f"},
           {dir_.path(), point_.path(), "-f", "--no-such-option"},
           {dir_.path(), point_.path(), "-f", "-o", "no_such_option"},
           {dir_.path(), point_.path(), "-f", "-o", "base=sometimes"},
           {dir_.path(), point_.path(), "-f", "-o", "groups=none"},
           {dir_.path(), point_.path(), "-f", "-o", "overflow=never"},
           {dir_.path(), point_.path(), "-f", "-o", "traverse=sometimes"},
           {dir_.path(), point_.path(), "-f", "-o", "cache=all"},
       }) {
    std::string log;
    EXPECT_EQ(run_daemon(arguments, &log), EX_USAGE) << ::testing::PrintToString(arguments);
    EXPECT_FALSE(log.empty());
    EXPECT_FALSE(is_mounted());
  }
}

TEST_F(LifecycleTest, ABadConfigurationIsAConfigurationError) {
  make_file(dir_.at("acefs.toml"), 0644, "[user.alice\n");
  make_dir(dir_.at("source"), 0755);
  std::string log;
  EXPECT_EQ(run_daemon({dir_.at("source"), point_.path(), "-f", "--config", dir_.at("acefs.toml")}, &log), EX_CONFIG);
  EXPECT_NE(log.find("acefs.toml"), std::string::npos) << log;
  EXPECT_EQ(run_daemon({dir_.at("source"), point_.path(), "-f", "--config", dir_.at("missing.toml")}), EX_CONFIG);
}

TEST_F(LifecycleTest, AConfigurationThatOthersMayWriteIsWarnedOf) {
  for (const auto& [mode, warns] : {std::pair<mode_t, bool>{0644, false}, {0666, true}}) {
    make_file(dir_.at("acefs.toml"), mode, "");
    Mount other({.arguments = {"--config", dir_.at("acefs.toml")}});
    REQUIRE_MOUNT(other);
    EXPECT_EQ(other.log().find("others may write it") != std::string::npos, warns) << other.log();
  }
}

TEST_F(LifecycleTest, HelpAndVersionEndWithZero) {
  EXPECT_EQ(run_daemon({"--help"}), 0);
  EXPECT_EQ(run_daemon({"--version"}), 0);
}

TEST_F(LifecycleTest, ReadOnlyMountsRefuseWriting) {
  Mount other({.options = "ro"});
  REQUIRE_MOUNT(other);
  make_file(other.real("f"), 0666);
  EXPECT_EQ(slurp(other.at("f")), "content");
  EXPECT_EQ(try_open(other.at("f"), O_WRONLY), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(other.stop(), 0);
}

TEST_F(LifecycleTest, SetuidAndDevicesCountForNothingUnlessAskedFor) {
  make_file(real("program"), 04755, slurp("/bin/true"), kAlice, kAlice);
  std::string mounts = slurp("/proc/self/mounts");
  const std::size_t line = mounts.find(mount().point());
  ASSERT_NE(line, std::string::npos);
  const std::string options = mounts.substr(line, mounts.find('\n', line) - line);
  EXPECT_NE(options.find("nosuid"), std::string::npos) << options;
  EXPECT_NE(options.find("nodev"), std::string::npos) << options;
}

}  // namespace
}  // namespace acefs::test
