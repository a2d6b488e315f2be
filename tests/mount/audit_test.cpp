// SPDX-License-Identifier: MIT
// The audit trail of a real mount: what is written, where to, and that nobody waits for it.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

bool has(const std::string& line, const std::string& part) { return line.find(part) != std::string::npos; }

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

template <typename Condition>
bool becomes_true(Condition&& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

class AuditTest : public MountedTest {
 protected:
  MountOptions options() const override { return {.options = "audit_to=file:" + log(), .arguments = {}, .source = {}, .open_files = 0}; }
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0755);
    make_file(real("d/f"), 0644);
    make_file(real("d/closed"), 0600);
  }
  int read_as(uid_t uid, const std::string& name) {
    return errno_as(uid, uid, [&] { return try_open(at(name), O_RDONLY); });
  }
  std::string log() const { return files_.at("log"); }
  /// The number behind `key=` in the status.
  long status(const std::string& key) {
    std::istringstream lines(get_attribute(mount().point(), "system.acefs.status"));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(key + "=")) return std::stol(line.substr(key.size() + 1));
    }
    return -1;
  }

  TempDir files_;
};

TEST_F(AuditTest, TheLogTellsUsersAndOutcomesApart) {
  ASSERT_EQ(audit(real("d"), user(kAlice), "r", "SF"), 0);
  EXPECT_EQ(read_as(kAlice, "d/f"), 0);
  EXPECT_EQ(read_as(kBob, "d/f"), 0);
  EXPECT_EQ(read_as(kAlice, "d/closed"), EACCES);
  EXPECT_EQ(read_as(kBob, "d/closed"), EACCES);
  ASSERT_EQ(mount().stop(), 0);
  const auto lines = lines_of(log());
  ASSERT_EQ(lines.size(), 2u) << slurp(log());
  EXPECT_TRUE(has(lines[0], R"("operation":"open","path":"/d/f","principal":"u:20001","uid":20001,)")) << lines[0];
  EXPECT_TRUE(has(lines[0], R"("needed":"r","missing":"","outcome":"granted")")) << lines[0];
  EXPECT_TRUE(has(lines[0], R"("command":"mount_audit_tes")")) << lines[0];
  EXPECT_TRUE(has(lines[0], R"("watched_by":[{"type":"audit","segment":"/d","ace":"U:SF:20001:r"}])")) << lines[0];
  EXPECT_TRUE(has(lines[1], R"("path":"/d/closed")")) << lines[1];
  EXPECT_TRUE(has(lines[1], R"("missing":"r","outcome":"denied","reason":"not_granted")")) << lines[1];
  EXPECT_EQ(lstat_of(log()).st_mode & 07777, 0600u);
}

TEST_F(AuditTest, AnAuditCountsFromTheNextOperationOn) {
  EXPECT_EQ(read_as(kAlice, "d/f"), 0);
  ASSERT_EQ(audit(real("d/f"), user(kAlice), "r", "S"), 0);
  EXPECT_EQ(read_as(kAlice, "d/f"), 0);
  ASSERT_EQ(::removexattr(real("d/f").c_str(), ("user.oc.grant.U:" + user(kAlice)).c_str()), 0);
  EXPECT_EQ(read_as(kAlice, "d/f"), 0);
  ASSERT_EQ(mount().stop(), 0);
  EXPECT_EQ(lines_of(log()).size(), 1u) << slurp(log());
}

TEST_F(AuditTest, AfterSighupTheLogIsANewFile) {
  ASSERT_EQ(audit(real("d"), user(kAlice), "r", "S"), 0);
  EXPECT_EQ(read_as(kAlice, "d/f"), 0);
  ASSERT_TRUE(becomes_true([&] { return status("audit_written") == 1; }));
  std::filesystem::rename(log(), log() + ".1");
  ::kill(mount().pid(), SIGHUP);
  ASSERT_TRUE(becomes_true([&] { return has(mount().log(), "configuration read again"); }));
  EXPECT_EQ(read_as(kAlice, "d/f"), 0);
  ASSERT_EQ(mount().stop(), 0);
  EXPECT_EQ(lines_of(log() + ".1").size(), 1u);
  EXPECT_EQ(lines_of(log()).size(), 1u);
}

class AlarmTest : public AuditTest {
 protected:
  MountOptions options() const override {
    MountOptions with = AuditTest::options();
    std::ofstream(files_.at("command")) << "#!/bin/sh\ncat >> " << files_.at("alarms") << "\n";
    ::chmod(files_.at("command").c_str(), 0755);
    with.options += ",alarm_socket=" + files_.at("socket") + ",alarm_command=" + files_.at("command");
    return with;
  }
};

TEST_F(AlarmTest, GoesToTheLogTheSocketAndTheCommand) {
  const UniqueFd listener(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = files_.at("socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(alarm(real("d"), "o:EVERYONE@", "r", "F"), 0);
  ASSERT_EQ(audit(real("d"), user(kAlice), "r", "S"), 0);
  EXPECT_EQ(read_as(kAlice, "d/f"), 0);
  EXPECT_EQ(read_as(kBob, "d/closed"), EACCES);

  pollfd arrived{listener.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&arrived, 1, 20'000), 1);
  std::array<char, 4096> text{};
  const ssize_t n = ::recv(listener.get(), text.data(), text.size(), 0);
  ASSERT_GT(n, 0);
  const std::string datagram(text.data(), static_cast<std::size_t>(n));
  EXPECT_TRUE(has(datagram, R"("type":"alarm","segment":"/d","ace":"L:F:EVERYONE@:r")")) << datagram;
  EXPECT_TRUE(has(datagram, R"("uid":20002)")) << datagram;

  ASSERT_TRUE(becomes_true([&] { return status("alarm_command_written") == 1; }));
  EXPECT_EQ(slurp(files_.at("alarms")), datagram + "\n");
  EXPECT_EQ(status("alarm_socket_written"), 1);
  ASSERT_EQ(mount().stop(), 0);
  const auto lines = lines_of(log());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1], datagram);
}

TEST_F(AlarmTest, NobodyListeningIsALossAndNothingElse) {
  ASSERT_EQ(alarm(real("d"), user(kBob), "r", "F"), 0);
  EXPECT_EQ(read_as(kBob, "d/closed"), EACCES);
  EXPECT_TRUE(becomes_true([&] { return status("alarm_socket_lost") == 1; }));
}

class HangingLogTest : public AuditTest {
 protected:
  MountOptions options() const override {
    ::mkfifo(log().c_str(), 0600);  // without a reader: opening it does not return
    return AuditTest::options();
  }
};

TEST_F(HangingLogTest, OperationsGoOnAndLossesAreCounted) {
  ASSERT_EQ(audit(real("d"), "o:EVERYONE@", "t", "S"), 0);
  struct stat st {};
  for (int i = 0; i < 9000; ++i) ASSERT_EQ(::stat(at("d/f").c_str(), &st), 0) << i;
  EXPECT_GT(status("audit_lost"), 0);
  EXPECT_EQ(status("audit_written"), 0);
  EXPECT_EQ(mount().stop(), 0) << "it ends all the same";
}

class EveryDenialTest : public AuditTest {
 protected:
  MountOptions options() const override {
    MountOptions with = AuditTest::options();
    with.options += ",audit=denied";
    return with;
  }
};

TEST_F(EveryDenialTest, IsLoggedWithoutAces) {
  EXPECT_EQ(read_as(kAlice, "d/f"), 0);
  EXPECT_EQ(read_as(kAlice, "d/closed"), EACCES);
  ASSERT_EQ(mount().stop(), 0);
  const auto lines = lines_of(log());
  ASSERT_EQ(lines.size(), 1u) << slurp(log());
  EXPECT_TRUE(has(lines[0], R"("path":"/d/closed")")) << lines[0];
  EXPECT_TRUE(has(lines[0], R"("watched_by":[])")) << lines[0];
}

class NoAuditTest : public AuditTest {
 protected:
  MountOptions options() const override {
    MountOptions with = AuditTest::options();
    with.options += ",audit=off";
    return with;
  }
};

TEST_F(NoAuditTest, MakesNoLog) {
  ASSERT_EQ(audit(real("d"), user(kAlice), "r", "S"), 0);
  EXPECT_EQ(read_as(kAlice, "d/f"), 0);
  EXPECT_EQ(status("audit_written"), -1);
  EXPECT_FALSE(exists(log()));
}

TEST(AuditOptionsTest, ALogThatCannotBeWrittenEndsTheStart) {
  REQUIRE_FUSE();
  const TempDir source;
  const TempDir point;
  std::string said;
  EXPECT_EQ(run_daemon({"-f", source.path(), point.path(), "-o", "audit_to=file:/nonexistent/log"}, &said), EX_USAGE);
  EXPECT_TRUE(has(said, "option audit_to: /nonexistent/log: No such file or directory")) << said;
  EXPECT_EQ(run_daemon({"-f", source.path(), point.path(), "-o", "alarm_command=/nonexistent/command"}, &said), EX_USAGE);
  EXPECT_TRUE(has(said, "option alarm_command: /nonexistent/command: No such file or directory")) << said;
}

}  // namespace
}  // namespace acefs::test
