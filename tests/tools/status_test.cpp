// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>

#include "acefs/base/unique_fd.hpp"
#include "support/as_user.hpp"
#include "support/grants.hpp"
#include "support/mount.hpp"
#include "support/nodes.hpp"
#include "support/sanitized.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

using namespace acefs::test;
using nlohmann::literals::operator""_json_pointer;

class StatusTest : public MountedTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "becomes other users";
    MountedTest::SetUp();
  }
  MountOptions options() const override { return {.options = "traverse=bypass,status_socket=" + socket()}; }
  std::string socket() const { return sockets_.at("status.sock"); }
  nlohmann::json status() {
    const Output done = acectl({"status", "--json", mount().point()});
    EXPECT_EQ(done.exit, 0) << done.err;
    return nlohmann::json::parse(done.out);
  }

  TempDir sockets_;
};

TEST_F(StatusTest, CountsOperationsDenialsAndHowLongTheyTook) {
  make_file(real("secret"), 0600);
  const auto before = status();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(errno_as(0, 0, [&] { return try_open(at("secret"), O_RDONLY); }), 0);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(errno_as(kAlice, kStaff, [&] { return try_open(at("secret"), O_RDONLY); }), EACCES);
  const auto open = status()["operations"]["open"];
  EXPECT_GE(open["count"], 27);
  EXPECT_EQ(open["denied"]["EACCES"], 7);
  EXPECT_GT(open["p50_ns"], 0);
  EXPECT_LE(open["p50_ns"], open["p99_ns"]);
  EXPECT_GE(open["nanoseconds"], open["timed"]);
  EXPECT_GE(open["timed"], 27 / 4);
  EXPECT_FALSE(before["operations"].contains("open") && before["operations"]["open"]["denied"]["EACCES"] != 0);
}

TEST_F(StatusTest, AWriteIsOneRequest) {
  make_file(real("f"), 0666);
  const auto asked_for_attributes = [&]() -> long { return status()["operations"].value("/getxattr/count"_json_pointer, 0L); };
  const long before = asked_for_attributes();
  constexpr int kWrites = 100;
  const auto write_often = [&]() -> long {
    const UniqueFd fd(::open(at("f").c_str(), O_WRONLY | O_CLOEXEC));
    for (int i = 0; i < kWrites; ++i)
      if (::pwrite(fd.get(), "x", 1, i) != 1) return -1;
    return 0;
  };
  EXPECT_EQ(errno_as(kAlice, kStaff, write_often), 0);
  const auto after = status();
  EXPECT_GE(after["operations"]["write"]["count"], kWrites);
  EXPECT_LT(asked_for_attributes() - before, kWrites / 2) << "the kernel asks for security.capability before each";
}

TEST_F(StatusTest, TellsOptionsInForceAndDescriptors) {
  const auto json = status();
  EXPECT_EQ(json["options"]["traverse"], "bypass");
  EXPECT_EQ(json["options"]["base"], "mode");
  EXPECT_GT(json["descriptors"]["open"], 3);
  EXPECT_LE(json["descriptors"]["open"], json["descriptors"]["limit"]);
  EXPECT_EQ(json["audit_lost"], 0);
}

TEST_F(StatusTest, QuestionsAboutAMountFollowItsOptions) {
  make_dir(real("closed"), 0700);
  make_file(real("closed/open"), 0644);
  EXPECT_EQ(acectl({"explain", "--as", std::to_string(kAlice), "--op", "read", at("closed/open")}).exit, 0);
  EXPECT_EQ(acectl({"explain", "--as", std::to_string(kAlice), "--op", "read", "--traverse", "strict", at("closed/open")}).exit, 1);
}

TEST_F(StatusTest, TheSocketIsForRootAndTheMountingUserOnly) {
  struct stat st {};
  ASSERT_EQ(::stat(socket().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
  const auto connect_there = [this] {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1L;
    char byte = 0;
    return ::read(fd, &byte, 1) == 1 ? 0L : (errno = ENODATA, -1L);
  };
  EXPECT_EQ(errno_as(0, 0, connect_there), 0);
  EXPECT_EQ(errno_as(kAlice, kStaff, connect_there), EACCES);
  ASSERT_EQ(::chmod(socket().c_str(), 0666), 0);
  EXPECT_EQ(errno_as(kAlice, kStaff, connect_there), ENODATA);
}

TEST_F(StatusTest, WhoMayNotAskTheSocketIsToldWhatEverybodyIs) {
  const std::string told = run_as(kAlice, kStaff, [this] {
    const Output done = acectl({"status", "--json", mount().point()});
    return std::to_string(done.exit) + done.out;
  });
  ASSERT_EQ(told.front(), '0') << told;
  const auto json = nlohmann::json::parse(told.substr(1));
  EXPECT_TRUE(json.contains("coherence"));
  EXPECT_FALSE(json.contains("operations"));
}

TEST_F(StatusTest, OnAMountOnlyWhoMayReadAclsIsAnswered) {
  make_file(real("secret"), 0600);
  const auto asks = [this](std::vector<std::string> args) {
    args.push_back(at("secret"));
    return run_as(kAlice, kStaff, [&args] { return std::to_string(acectl(args).exit); });
  };
  const std::string alice = std::to_string(kAlice);
  EXPECT_EQ(asks({"who"}), "3");
  EXPECT_EQ(asks({"reach", "--as", alice}), "3");
  EXPECT_EQ(asks({"diff", at("secret")}), "3");
  ASSERT_EQ(allow(real("secret"), user(kAlice), "c"), 0);
  EXPECT_EQ(asks({"who"}), "0");
  EXPECT_EQ(asks({"reach", "--as", alice}), "0");
  EXPECT_EQ(asks({"diff", at("secret")}), "0");
}

TEST_F(StatusTest, PrometheusLinesAreWellFormed) {
  EXPECT_EQ(errno_as(kAlice, kStaff, [&] { return try_open(at("nothing"), O_RDONLY); }), ENOENT);
  const Output done = acectl({"status", "--prometheus", mount().point()});
  EXPECT_EQ(done.exit, 0) << done.err;
  const std::regex form(R"re(# (HELP|TYPE) acefs_[a-z_0-9]+ .+|acefs_[a-z_0-9]+(\{[a-z_0-9]+="[^\n]*"\})? [0-9.]+)re");
  std::istringstream in(done.out);
  std::size_t count = 0;
  for (std::string line; std::getline(in, line); ++count) EXPECT_TRUE(std::regex_match(line, form)) << line;
  EXPECT_GT(count, 50u);
  const std::string mount_label = "mountpoint=\"" + mount().point() + "\"";
  EXPECT_NE(done.out.find("acefs_operation_seconds_bucket{" + mount_label + ",operation=\"lookup\",le=\"+Inf\"}"), std::string::npos);
  std::istringstream again(done.out);
  for (std::string line; std::getline(again, line);) EXPECT_TRUE(line.starts_with('#') || line.find(mount_label) != std::string::npos) << line;
}

TEST_F(StatusTest, WhatIsNoMountIsSaidSo) {
  const Output done = acectl({"status", mount().backing()});
  EXPECT_EQ(done.exit, 3);
  EXPECT_EQ(done.err, "acectl: " + mount().backing() + ": not on an acefs mount\n");
}

TEST_F(StatusTest, WhatIsNotThereIsNoFailure) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(errno_as(0, 0, [&] { return try_open(at("nothing"), O_RDONLY); }), ENOENT);
  const auto lookup = status()["operations"]["lookup"];
  EXPECT_GE(lookup["absent"], 3);
  EXPECT_EQ(lookup["failed"], 0);
}

TEST_F(StatusTest, TellsWhatIsKept) {
  const int held = ::open(mount().point().c_str(), O_RDONLY | O_DIRECTORY);
  const auto json = status();
  ::close(held);
  EXPECT_GE(json["open_directories"], 1);
  EXPECT_EQ(json["open_files"], 0);
  EXPECT_EQ(json["lock_waiters"], 0);
  EXPECT_EQ(json["audit_queued"], 0);
  EXPECT_EQ(json["checks"], "on");
  EXPECT_EQ(json["mountpoint"], mount().point());
}

TEST_F(StatusTest, ADaemonWithoutDescriptorsWaitsInsteadOfSpinning) {
  if (!measures()) GTEST_SKIP() << "a sanitizer needs descriptors of its own";
  const auto used = [this] {
    std::ifstream file("/proc/" + std::to_string(mount().pid()) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    long user = 0, system = 0;
    fields >> user >> system;
    return (user + system) * 1000 / ::sysconf(_SC_CLK_TCK);
  };
  rlimit limit{};
  ASSERT_EQ(::prlimit(mount().pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  const rlimit none{3, limit.rlim_max};  // standard input, output and error
  ASSERT_EQ(::prlimit(mount().pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const long before = used();
  pollfd answer{client, POLLIN, 0};
  EXPECT_EQ(::poll(&answer, 1, 400), 0);
  EXPECT_LT(used() - before, 100);
  ASSERT_EQ(::prlimit(mount().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  EXPECT_EQ(::poll(&answer, 1, 5000), 1);
  ::close(client);
}

TEST_F(StatusTest, WhoMayAskAndIsNotAnsweredIsNotLeftWithHalf) {
  ASSERT_EQ(::unlink(socket().c_str()), 0);
  EXPECT_EQ(acectl({"status", mount().point()}).exit, 3);
  const std::string told = run_as(kAlice, kStaff, [this] { return std::to_string(acectl({"status", "--prometheus", mount().point()}).exit); });
  EXPECT_EQ(told, "3");
}

TEST_F(StatusTest, ASocketThatTookItsPlaceStays) {
  ASSERT_EQ(::unlink(socket().c_str()), 0);
  std::ofstream(socket()) << "somebody else's";
  EXPECT_EQ(mount().stop(), 0);
  EXPECT_TRUE(exists(socket()));
}

TEST_F(StatusTest, TheSocketGoesWithTheMount) {
  EXPECT_EQ(mount().stop(), 0);
  EXPECT_FALSE(exists(socket()));
  EXPECT_FALSE(exists(socket() + ".lock"));
}

TEST(StatusSocketTest, WhatIsNoPathIsRefused) {
  const TempDir source, point;
  for (const char* option : {"status_socket=", "status_socket=/run/a\nb"}) {
    std::string log;
    EXPECT_EQ(run_daemon({"-f", "-o", option, source.path(), point.path()}, &log), 64);
    EXPECT_NE(log.find("option status_socket: expected a path, or off"), std::string::npos) << log;
  }
}

TEST(StatusSocketTest, OneThatCannotBeHadIsAnErrorAtTheStart) {
  REQUIRE_FUSE();
  const TempDir source, point;
  std::string log;
  EXPECT_EQ(run_daemon({"-f", "-o", "status_socket=/nowhere/at/all.sock", source.path(), point.path()}, &log), 69);
  EXPECT_NE(log.find("status socket /nowhere/at/all.sock: No such file or directory"), std::string::npos) << log;
}

}  // namespace
}  // namespace acefs::tool::test
