// SPDX-License-Identifier: MIT
// Rows of the operation table that open files or change their content.
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

class OpenTest : public RowTest {
 protected:
  std::function<void()> file(std::string content = "content") {
    return [this, content = std::move(content)] {
      make_dir(real("d"), 0755);
      erase(real("d/f"));
      make_file(real("d/f"), 0600, content);
    };
  }
  Row row(std::string letters, std::function<long()> call) {
    return {.node = "d/f", .letters = std::move(letters), .prepare = file(), .call = std::move(call)};
  }
};

TEST_F(OpenTest, ForReadingNeedsR) {
  both_ways(row("r", [&] { return try_open(at("d/f"), O_RDONLY); }));
  EXPECT_EQ(run_as(kAlice, kAlice, [&] { return slurp(at("d/f")); }), "content");
}

TEST_F(OpenTest, ForWritingNeedsW) {
  both_ways(row("w", [&] { return spill(at("d/f"), "CONTENT", O_WRONLY); }));
}

TEST_F(OpenTest, ForBothNeedsBoth) {
  both_ways(row("rw", [&] { return try_open(at("d/f"), O_RDWR); }));
}

TEST_F(OpenTest, WithTruncationNeedsW) {
  both_ways(row("w", [&] { return try_open(at("d/f"), O_WRONLY | O_TRUNC); }));
  EXPECT_EQ(errno_name(as_bob([&] { return try_open(at("d/f"), O_WRONLY | O_TRUNC); })), "EACCES");
  EXPECT_EQ(slurp(real("d/f")), "content") << "who is refused truncates nothing";
}

TEST_F(OpenTest, WithTruncationForReadingNeedsRAndW) {
  both_ways(row("rw", [&] { return try_open(at("d/f"), O_RDONLY | O_TRUNC); }));
}

TEST_F(OpenTest, OfAnExistingFileWithCreateNeedsNothingOnTheParent) {
  file()();
  make_dir(real("d"), 0711);
  make_file(real("d/f"), 0666);
  EXPECT_EQ(as_bob([&] { return try_open(at("d/f"), O_CREAT | O_WRONLY); }), 0);
}

using AppendTest = OpenTest;
TEST_F(AppendTest, NeedsWOrA) {
  const auto append = [&] { return spill(at("d/f"), "+", O_WRONLY | O_APPEND); };
  for (const auto& [letter, other] : {std::pair{"w", "a"}, std::pair{"a", "w"}}) {
    Row each = row(letter, append);
    each.or_letters = other;
    both_ways(each);
  }
}

TEST_F(AppendTest, WithAOnlyOneMayOpenForNothingElse) {
  file()();
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "a"), 0);
  for (const int flags : {O_WRONLY, O_RDWR, O_RDONLY, O_WRONLY | O_APPEND | O_TRUNC, O_RDWR | O_APPEND}) {
    EXPECT_EQ(as_alice([&] { return try_open(at("d/f"), flags); }), EACCES) << flags;
  }
  EXPECT_EQ(as_alice([&] { return ::truncate(at("d/f").c_str(), 0); }), EACCES);
  EXPECT_EQ(slurp(real("d/f")), "content");
}

TEST_F(AppendTest, HandleOfAOnlyNeverOverwrites) {
  file("0123456789")();
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "a"), 0);
  const std::string done = run_as(kAlice, kAlice, [&]() -> std::string {
    const UniqueFd fd(::open(at("d/f").c_str(), O_WRONLY | O_APPEND));
    if (!fd) return "open " + errno_name(errno);
    // The flag is the handle's, not the caller's to take off.
    ::fcntl(fd.get(), F_SETFL, 0);
    if (::pwrite(fd.get(), "X", 1, 0) < 0 && errno != EACCES && errno != EPERM) return "pwrite " + errno_name(errno);
    if (::ftruncate(fd.get(), 0) == 0) return "truncated";
    if (::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4) == 0) return "punched";
    if (::fallocate(fd.get(), FALLOC_FL_ZERO_RANGE, 0, 4) == 0) return "zeroed";
    if (::mmap(nullptr, 10, PROT_WRITE, MAP_SHARED, fd.get(), 0) != MAP_FAILED) return "mapped";
    return "kept";
  });
  EXPECT_EQ(done, "kept");
  EXPECT_EQ(slurp(real("d/f")).substr(0, 10), "0123456789");
}

TEST_F(AppendTest, AndReadingByOneHandleNeedsWWhereItCouldBeMapped) {
  if (get_attribute(at("."), "system.acefs.status").find("data=cached") != std::string::npos)
    GTEST_SKIP() << "before Linux 6.6 handles that may only append are never mapped";
  both_ways(row("rw", [&] { return try_open(at("d/f"), O_RDWR | O_APPEND); }));
  file()();
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "ra"), 0);
  EXPECT_EQ(as_alice([&] { return try_open(at("d/f"), O_RDWR | O_APPEND); }), EACCES);
  EXPECT_EQ(as_alice([&] { return try_open(at("d/f"), O_WRONLY | O_APPEND); }), 0);
}

class CachedAppendTest : public OpenTest {
 protected:
  MountOptions options() const override { return {.options = "data=cached"}; }
};

TEST_F(CachedAppendTest, HandleOfAAndRReadsAndAppends) {
  file("0123456789")();
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "ra"), 0);
  const std::string done = run_as(kAlice, kAlice, [&]() -> std::string {
    const UniqueFd fd(::open(at("d/f").c_str(), O_RDWR | O_APPEND));
    if (!fd) return "open " + errno_name(errno);
    if (::write(fd.get(), "AB", 2) != 2) return "write " + errno_name(errno);
    char all[32];
    const ssize_t n = ::pread(fd.get(), all, sizeof all, 0);
    return n < 0 ? "read " + errno_name(errno) : std::string(all, static_cast<std::size_t>(n));
  });
  EXPECT_EQ(done, "0123456789AB");
}

TEST_F(AppendTest, OfTwoHandlesInterleavesWithoutLoss) {
  file("")();
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "a"), 0);
  ASSERT_EQ(allow(real("d/f"), user(kBob), "a"), 0);
  int fd = -1;
  const User::Steps steps{[&] { return fd = ::open(at("d/f").c_str(), O_WRONLY | O_APPEND); },
                          [&] { return ::write(fd, "line\n", 5) == 5 ? 0 : -1; }};
  User alice(kAlice, kAlice);
  User bob(kBob, kBob);
  alice.start(steps);
  bob.start(steps);
  ASSERT_EQ(alice.run(0), 0);
  ASSERT_EQ(bob.run(0), 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(alice.run(1), 0);
    EXPECT_EQ(bob.run(1), 0);
  }
  EXPECT_EQ(slurp(real("d/f")).size(), 30u);
}

using TruncateTest = OpenTest;
TEST_F(TruncateTest, ByPathNeedsW) {
  both_ways(row("w", [&] { return ::truncate(at("d/f").c_str(), 3); }));
}

TEST_F(TruncateTest, OfAHandleOpenedForWritingStaysAllowedAfterChmod) {
  file()();
  make_file(real("d/f"), 0666);
  int fd = -1;
  User bob(kBob, kBob);
  bob.start({[&] { return fd = ::open(at("d/f").c_str(), O_RDWR); }, [&] { return ::ftruncate(fd, 3); }});
  ASSERT_EQ(bob.run(0), 0);
  ASSERT_EQ(::chmod(real("d/f").c_str(), 0600), 0);
  EXPECT_EQ(bob.run(1), 0);
  EXPECT_EQ(slurp(real("d/f")), "con");
}

TEST_F(TruncateTest, OfAHandleIsRefusedOnceDenied) {
  file()();
  make_file(real("d/f"), 0666);
  int fd = -1;
  User bob(kBob, kBob);
  bob.start({[&] { return fd = ::open(at("d/f").c_str(), O_RDWR); }, [&] { return ::ftruncate(fd, 3); },
             [&] { return ::fallocate(fd, 0, 0, 100); }});
  ASSERT_EQ(bob.run(0), 0);
  ASSERT_EQ(deny(real("d/f"), user(kBob), "w"), 0);
  EXPECT_EQ(bob.run(1), EACCES);
  EXPECT_EQ(bob.run(2), EACCES);
  EXPECT_EQ(slurp(real("d/f")), "content");
}

TEST_F(TruncateTest, NewHandleForEachUserFallocates) {
  both_ways(row("w", [&]() -> long {
    const UniqueFd fd(::open(at("d/f").c_str(), O_WRONLY));
    return fd ? ::fallocate(fd.get(), 0, 0, 8192) : -1;
  }));
}

using InodeFlagsTest = OpenTest;
TEST_F(InodeFlagsTest, ChangeIsTheOwners) {
  // The kernel asks for ownership before it asks the daemon, so that T from an ACE never suffices alone.
  const auto set_flags = [&]() -> long {
    const UniqueFd fd(::open(at("d/f").c_str(), O_RDONLY));
    int flags = 0;
    if (!fd || ::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) < 0) return -1;
    flags |= FS_NODUMP_FL;
    return ::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags);
  };
  file()();
  const auto prepare = [&] { make_file(real("d/f"), 0644, "content", kAlice, kAlice); };
  only(kAlice, kBob, prepare, set_flags, EPERM);
  EXPECT_EQ(errno_as(0, 0, set_flags), 0);
}

class ExecuteTest : public OpenTest {
 protected:
  std::function<void()> program() {
    return [this] {
      make_dir(real("d"), 0755);
      erase(real("d/f"));
      make_file(real("d/f"), 0700, slurp("/bin/true"));
    };
  }
  /// execve; the child's child, so that success is an answer too.
  long execute() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string path = at("d/f");
      ::execl(path.c_str(), path.c_str(), nullptr);
      const int error = errno;
      ::_exit(::write(ends[1], &error, sizeof error) == sizeof error ? 1 : 2);
    }
    ::close(ends[1]);
    int error = 0;
    const bool failed = ::read(ends[0], &error, sizeof error) > 0;
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    errno = error;
    return failed ? -1 : 0;
  }
};

TEST_F(ExecuteTest, NeedsXAndNoMore) {
  both_ways({.node = "d/f", .letters = "x", .prepare = program(), .call = [&] { return execute(); }, .closed = 0700});
}

TEST_F(ExecuteTest, XWithoutRDoesNotLetRead) {
  program()();
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "x"), 0);
  EXPECT_EQ(as_alice([&] { return execute(); }), 0);
  EXPECT_EQ(as_alice([&] { return try_open(at("d/f"), O_RDONLY); }), EACCES);
}

TEST_F(ExecuteTest, OfAFileWithoutAnyXBitIsRefusedToAll) {
  program()();
  ASSERT_EQ(::chmod(real("d/f").c_str(), 0666), 0);
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "rwx"), 0);
  EXPECT_EQ(as_alice([&] { return execute(); }), EACCES);
  EXPECT_EQ(errno_as(0, 0, [&] { return execute(); }), EACCES);
}

}  // namespace
}  // namespace acefs::test
