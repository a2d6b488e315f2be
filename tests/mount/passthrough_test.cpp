// SPDX-License-Identifier: MIT
// data=passthrough: the kernel moves the bytes; acefs decides when a file is opened.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

/// With a libfuse that has passthrough these mount with it; with another there is one thing to test, that it is said.
bool is_possible() {
  std::string said;
  return run_daemon({"-f", "/nonexistent", "/nonexistent", "-o", "data=passthrough"}, &said) != 64;
}

TEST(PassthroughOptionTest, IsRefusedWithAReasonWhereLibfuseCannot) {
  REQUIRE_FUSE();
  if (is_possible()) return;
  std::string said;
  EXPECT_EQ(run_daemon({"-f", "/tmp", "/mnt", "-o", "data=passthrough"}, &said), 64);
  EXPECT_NE(said.find("option data: \"passthrough\" needs libfuse 3.17"), std::string::npos) << said;
}

class PassthroughTest : public MountedTest {
 protected:
  MountOptions options() const override { return {.options = is_possible() ? "data=passthrough,suid" : "suid"}; }
  bool passes_through() const { return get_attribute(at("."), "system.acefs.status").find("data=passthrough") != std::string::npos; }
};

TEST_F(PassthroughTest, IsInUseWhereItIsPossible) { EXPECT_EQ(passes_through(), is_possible()); }

using DefaultDataTest = MountedTest;

TEST_F(DefaultDataTest, NothingIsPassedThroughThatNobodyAskedFor) {
  make_file(real("f"), 0666, "content");
  EXPECT_EQ(slurp(at("f")), "content");
  EXPECT_NE(get_attribute(at("."), "system.acefs.status").find("data=direct"), std::string::npos);
  EXPECT_EQ(mount().log().find("passthrough"), std::string::npos) << mount().log();
}

/// Exchanged by io_uring where libfuse and the kernel can; as ever where they cannot.
class IoUringTest : public MountedTest {
 protected:
  MountOptions options() const override { return {.options = "io_uring"}; }
};

TEST_F(IoUringTest, TheOptionIsTakenAndChangesNoAnswer) {
  make_file(real("f"), 0600, "content");
  EXPECT_EQ(slurp(at("f")), "content");
  EXPECT_EQ(errno_as(kBob, kBob, [&] { return try_open(at("f"), O_RDONLY); }), EACCES);
  ASSERT_EQ(spill(at("new"), std::string(1 << 20, 'x'), O_CREAT | O_WRONLY, 0600), 0);
  EXPECT_EQ(slurp(real("new")), std::string(1 << 20, 'x'));
}

TEST_F(PassthroughTest, BytesAreTheBackingFilesOwn) {
  make_file(real("f"), 0666, "before");
  const UniqueFd fd(::open(at("f").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(fd);
  ASSERT_EQ(::pwrite(fd.get(), "after!", 6, 0), 6);
  EXPECT_EQ(slurp(real("f")), "after!");
  ASSERT_EQ(spill(real("f"), "behind", O_WRONLY), 0);
  char bytes[7] = "";
  EXPECT_EQ(::pread(fd.get(), bytes, 6, 0), 6);
  EXPECT_STREQ(bytes, "behind");
  void* page = ::mmap(nullptr, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  ASSERT_NE(page, MAP_FAILED);
  static_cast<char*>(page)[0] = 'B';
  ::munmap(page, 6);
  EXPECT_EQ(slurp(at("f")), "Behind");
  EXPECT_EQ(lstat_of(at("f")).st_size, 6);
}

TEST_F(PassthroughTest, SeveralHandlesOfOneFileAgree) {
  make_file(real("f"), 0666, "x");
  for (int round = 0; round < 20; ++round) {
    const UniqueFd reader(::open(at("f").c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd writer(::open(at("f").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(reader && writer) << errno_name(errno);
    const char byte = static_cast<char>('a' + round);
    ASSERT_EQ(::pwrite(writer.get(), &byte, 1, 0), 1);
    char read = 0;
    ASSERT_EQ(::pread(reader.get(), &read, 1, 0), 1);
    EXPECT_EQ(read, byte);
  }
}

TEST_F(PassthroughTest, WhoMayNotOpenMayNotOpen) {
  make_file(real("f"), 0600);
  const auto open_as = [&](uid_t uid, int flags) { return errno_as(uid, uid, [&] { return try_open(at("f"), flags); }); };
  EXPECT_EQ(open_as(kBob, O_RDONLY), EACCES);
  ASSERT_EQ(allow(at("f"), user(kBob), "r"), 0);
  EXPECT_EQ(open_as(kBob, O_RDONLY), 0);
  EXPECT_EQ(open_as(kBob, O_RDWR), EACCES);
  EXPECT_EQ(open_as(kAlice, O_RDONLY), EACCES);
}

TEST_F(PassthroughTest, AppendersStillOnlyAppendWhileOthersRead) {
  make_file(real("log"), 0600, "line1\n");
  ASSERT_EQ(allow(real("log"), user(kBob), "a"), 0);
  const UniqueFd reader(::open(at("log").c_str(), O_RDONLY | O_CLOEXEC));
  const int result = errno_as(kBob, kBob, [&]() -> long {
    const UniqueFd fd(::open(at("log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (!fd) return -1;
    if (::write(fd.get(), "line2\n", 6) != 6) return -1;
    ::fcntl(fd.get(), F_SETFL, 0);
    return ::pwrite(fd.get(), "line3\n", 6, 0);
  });
  EXPECT_EQ(errno_name(result), "0");
  EXPECT_EQ(slurp(real("log")), "line1\nline2\nline3\n");
}

TEST_F(PassthroughTest, WritingClearsSetuidWhoeverOpenedFirst) {
  make_file(real("prog"), 0666);
  ASSERT_EQ(::chmod(real("prog").c_str(), 06777), 0);
  const UniqueFd first(::open(at("prog").c_str(), O_RDWR | O_CLOEXEC));  // root's
  ASSERT_TRUE(first);
  EXPECT_EQ(errno_as(kBob, kBob, [&] { return spill(at("prog"), "changed", O_WRONLY); }), 0);
  EXPECT_EQ(lstat_of(real("prog")).st_mode & 07777, 0777U);
  EXPECT_EQ(lstat_of(at("prog")).st_mode & 07777, 0777U);
}

}  // namespace
}  // namespace acefs::test
