// SPDX-License-Identifier: MIT
// Where records go: the log's file, the alarm socket, the alarm command.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "acefs/base/unique_fd.hpp"
#include "audit/alarm_command.hpp"
#include "audit/alarm_socket.hpp"
#include "audit/log_target.hpp"
#include "support/temp_dir.hpp"

namespace acefs::audit {
namespace {

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(LogTargetTest, ANewFileIsForItsOwnerOnly) {
  const test::TempDir dir;
  const mode_t before = ::umask(0);
  LogTarget target("file:" + dir.at("log"));
  EXPECT_TRUE(target.write("{one}"));
  EXPECT_TRUE(target.write("{two}"));
  ::umask(before);
  EXPECT_EQ(content_of(dir.at("log")), "{one}\n{two}\n");
  struct stat st {};
  ASSERT_EQ(::stat(dir.at("log").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
}

TEST(LogTargetTest, AFileThatWasRenamedIsLeftWhenItIsReopened) {
  const test::TempDir dir;
  LogTarget target("file:" + dir.at("log"));
  target.write("one");
  std::filesystem::rename(dir.at("log"), dir.at("log.1"));
  target.write("two");
  target.reopen();
  target.write("three");
  EXPECT_EQ(content_of(dir.at("log.1")), "one\ntwo\n");
  EXPECT_EQ(content_of(dir.at("log")), "three\n");
}

TEST(LogTargetTest, ALogIsNotWrittenThroughASymlink) {
  const test::TempDir dir;
  std::ofstream(dir.at("passwd")) << "root";
  std::filesystem::create_symlink(dir.at("passwd"), dir.at("log"));
  EXPECT_THROW(LogTarget("file:" + dir.at("log")), std::runtime_error);
  EXPECT_EQ(content_of(dir.at("passwd")), "root");
}

TEST(LogTargetTest, WhatCannotBeWrittenToIsSaidAtOnce) {
  EXPECT_THROW(LogTarget("file:/nonexistent/log"), std::runtime_error);
  EXPECT_THROW(LogTarget("file:relative"), std::runtime_error);
  EXPECT_THROW(LogTarget("printer"), std::runtime_error);
}

TEST(LogTargetTest, AFullDiskIsAFailure) {
  LogTarget target("file:/dev/full");
  EXPECT_FALSE(target.write("line"));
}

/// A listener on a Unix datagram socket.
struct Listener {
  explicit Listener(const std::string& path) : fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  std::string receive() const {
    std::array<char, 4096> text{};
    const ssize_t n = ::recv(fd.get(), text.data(), text.size(), MSG_DONTWAIT);
    return n < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(n));
  }
  UniqueFd fd;
};

TEST(AlarmSocketTest, EachLineIsADatagram) {
  const test::TempDir dir;
  const Listener listener(dir.at("socket"));
  AlarmSocket socket(dir.at("socket"));
  EXPECT_TRUE(socket.send("one"));
  EXPECT_TRUE(socket.send("two"));
  EXPECT_EQ(listener.receive(), "one");
  EXPECT_EQ(listener.receive(), "two");
}

TEST(AlarmSocketTest, ListenersMayComeLater) {
  const test::TempDir dir;
  AlarmSocket socket(dir.at("socket"));
  EXPECT_FALSE(socket.send("one"));
  const Listener listener(dir.at("socket"));
  EXPECT_TRUE(socket.send("two"));
  EXPECT_EQ(listener.receive(), "two");
}

TEST(AlarmSocketTest, AListenerThatDoesNotReadIsNotWaitedFor) {
  const test::TempDir dir;
  const Listener listener(dir.at("socket"));
  AlarmSocket socket(dir.at("socket"));
  int sent = 0;
  while (sent < 100'000 && socket.send("line")) ++sent;
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, 100'000);
}

TEST(AlarmSocketTest, APathThatNoSocketCanHaveIsRefused) {
  EXPECT_THROW(AlarmSocket("relative"), std::runtime_error);
  EXPECT_THROW(AlarmSocket("/" + std::string(200, 'x')), std::runtime_error);
}

class AlarmCommandTest : public ::testing::Test {
 protected:
  std::string script(const std::string& text) {
    std::ofstream(dir_.at("script")) << "#!/bin/sh\n" << text;
    ::chmod(dir_.at("script").c_str(), 0755);
    return dir_.at("script");
  }
  test::TempDir dir_;
};

TEST_F(AlarmCommandTest, ReadsTheLineAndInheritsNothing) {
  ::setenv("ACEFS_TEST_SECRET", "1", 1);
  const UniqueFd open(::open("/dev/null", O_RDONLY));  // not close-on-exec
  const std::string out = dir_.at("out");
  const AlarmCommand command(script("cat > " + out + "; echo $ACEFS_TEST_SECRET; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= >> " + out +
                                    "; pwd >> " + out + "; [ -e /proc/$$/fd/" + std::to_string(open.get()) + " ] && echo leaked >> " + out + "; exit 0"));
  EXPECT_TRUE(command.run("{line}"));
  EXPECT_EQ(content_of(out), "{line}\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n/\n");
  ::unsetenv("ACEFS_TEST_SECRET");
}

TEST_F(AlarmCommandTest, AFailureIsToldAndNeedNotReadItsInput) {
  EXPECT_FALSE(AlarmCommand(script("exit 3")).run("line"));
  EXPECT_TRUE(AlarmCommand(script("exit 0")).run(std::string(500'000, 'x')));
}

TEST_F(AlarmCommandTest, WhatTakesTooLongIsKilledWithItsChildren) {
  ASSERT_EQ(::mkfifo(dir_.at("alive").c_str(), 0600), 0);
  const UniqueFd alive(::open(dir_.at("alive").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const AlarmCommand command(script("exec > " + dir_.at("alive") + "; echo started; sleep 100 & wait"), std::chrono::milliseconds(500));
  EXPECT_FALSE(command.run("line"));
  std::array<char, 16> text{};
  ASSERT_EQ(::read(alive.get(), text.data(), text.size()), 8) << "it started";
  pollfd closed{alive.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&closed, 1, 20'000), 1);
  EXPECT_NE(closed.revents & POLLHUP, 0) << "nobody is left who has it open";
}

TEST_F(AlarmCommandTest, WhatIsNoProgramIsSaidAtOnce) {
  EXPECT_THROW(AlarmCommand("relative"), std::runtime_error);
  EXPECT_THROW(AlarmCommand(dir_.at("missing")), std::runtime_error);
}

}  // namespace
}  // namespace acefs::audit
