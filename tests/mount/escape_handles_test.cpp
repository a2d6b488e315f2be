// SPDX-License-Identifier: MIT
// Handles: passed on, used after the right to them is gone, opened for one thing and used for another.
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>

#include "../support/handover.hpp"
#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

constexpr std::size_t kPage = 4096;
/// More than the kernel reads ahead, so that a page far from all others is not in its cache.
constexpr std::size_t kPages = 1024;

/// A user's process with one handle, and what he tries with it.
class HandleTest : public RowTest {
 protected:
  void SetUp() override {
    RowTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0755);
    alice_.emplace(kAlice, kAlice);
    bob_.emplace(kBob, kBob);
  }
  void TearDown() override {
    // Or the mount would be busy. Bob, who was forked last, has the other end of Alice's pipe.
    bob_.reset();
    alice_.reset();
    RowTest::TearDown();
  }
  std::optional<User> alice_;
  std::optional<User> bob_;
  int fd_ = -1;  ///< in Bob's process
};

/// As a system call: whether a byte can be read there. In a process of its own, because a page that cannot be had is a signal.
long touch(const volatile char* at) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGBUS, SIG_DFL);
    static_cast<void>(*at);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  errno = WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS ? EACCES : ECHILD;
  return WIFEXITED(status) ? 0 : -1;
}

using PassedHandleTest = HandleTest;

TEST_F(PassedHandleTest, IsJudgedByWhoOpenedIt) {
  make_file(real("d/f"), 0600);
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "rw"), 0);
  const Handover handover;
  alice_->start({[&] {
    const UniqueFd fd(::open(at("d/f").c_str(), O_RDWR | O_CLOEXEC));
    return fd ? handover.give(fd.get()) : -1;
  }});
  char byte = 0;
  bob_->start({[&] { return fd_ = handover.take(); },
               [&] { return ::pread(fd_, &byte, 1, 0); },
               [&] { return ::pwrite(fd_, "C", 1, 0); },
               [&] { return ::ftruncate(fd_, 4); },
               [&] { return ::fallocate(fd_, 0, 0, 4096); }});
  ASSERT_EQ(alice_->run(0), 0);
  ASSERT_EQ(bob_->run(0), 0);
  EXPECT_EQ(errno_name(bob_->run(1)), "0") << "she may pass on what she has";
  EXPECT_EQ(errno_name(bob_->run(2)), "0");
  ASSERT_EQ(deny_all(real("d"), user(kBob)), 0);
  EXPECT_EQ(errno_name(bob_->run(1)), "0") << "it is her handle";
  ASSERT_EQ(remove_allow(real("d/f"), user(kAlice)), 0);
  for (const std::size_t step : {1U, 2U, 3U, 4U}) EXPECT_EQ(errno_name(bob_->run(step)), "EACCES") << step << ": hers no more, nor his";
  EXPECT_EQ(slurp(real("d/f")), "Content");
}

TEST_F(PassedHandleTest, GivesNothingThatIsTheCallersOwnMatter) {
  make_file(real("d/f"), 0600, "content", kAlice, kAlice);
  const Handover handover;
  alice_->start({[&] {
    const UniqueFd fd(::open(at("d/f").c_str(), O_RDONLY | O_CLOEXEC));
    return fd ? handover.give(fd.get()) : -1;
  }});
  const auto again = [&](int flags) {
    return [this, flags] { return try_open("/proc/self/fd/" + std::to_string(fd_), flags); };
  };
  bob_->start({[&] { return fd_ = handover.take(); },
               again(O_RDONLY),
               again(O_WRONLY),
               again(O_RDWR | O_TRUNC),
               [&] { return ::fchmod(fd_, 0666); },
               [&] { return ::fchown(fd_, kBob, kBob); },
               [&] { return ::futimens(fd_, std::array<timespec, 2>{}.data()); },
               [&] { return ::fsetxattr(fd_, "user.note", "x", 1, 0); },
               [&] { return ::fsetxattr(fd_, allow_name(user(kBob)).c_str(), "\0t=A:f=:p=r:c=:e=0\n", 18, 0); },
               [&] { return ::fgetxattr(fd_, "user.note", nullptr, 0); },
               [&] { return ::ftruncate(fd_, 0); },
               [&] { return ::write(fd_, "x", 1); }});
  ASSERT_EQ(alice_->run(0), 0);
  ASSERT_EQ(bob_->run(0), 0);
  for (const std::size_t step : {1U, 2U, 3U}) EXPECT_EQ(errno_name(bob_->run(step)), "EACCES") << step;
  for (const std::size_t step : {4U, 5U, 6U}) EXPECT_EQ(errno_name(bob_->run(step)), "EPERM") << step;
  for (std::size_t step = 7; step < 12; ++step) EXPECT_NE(bob_->run(step), 0) << step;
  const struct stat st = lstat_of(real("d/f"));
  EXPECT_EQ(st.st_mode & 07777, 0600U);
  EXPECT_EQ(st.st_uid, kAlice);
  EXPECT_EQ(slurp(real("d/f")), "content");
  EXPECT_EQ(get_attribute(real("d/f"), "user.note"), "!ENODATA");
  EXPECT_EQ(get_attribute(real("d/f"), allow_name(user(kBob))), "!ENODATA");
}

/// A large file of which Bob has a handle, and has read the first page, when he loses the right to it.
class RevokedHandleTest : public HandleTest {
 protected:
  void SetUp() override {
    HandleTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_file(real("d/f"), 0666, std::string(kPages * kPage, 'x'));
  }
  static constexpr off_t kFar = (kPages - 1) * kPage;  ///< a page that nobody asked for
};

TEST_F(RevokedHandleTest, GivesNoPageThatTheKernelDoesNotHaveByWhateverCall) {
  make_file(real("d/copy"), 0666, "");
  std::array<int, 2> pipe{-1, -1};
  UniqueFd copy;
  User::Steps steps{
      [&] {
        char byte = 0;
        fd_ = ::open(at("d/f").c_str(), O_RDONLY | O_CLOEXEC);
        const bool ready = ::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) == 0 && ::pread(fd_, &byte, 1, 0) == 1;
        copy = UniqueFd(static_cast<int>(::syscall(SYS_memfd_create, "copy", 0)));
        return ready && copy ? 0 : -1;
      },
      [&] {
        char byte = 0;
        return ::pread(fd_, &byte, 1, kFar);
      },
      [&] {
        char byte = 0;
        const iovec part{&byte, 1};
        return ::preadv2(fd_, &part, 1, kFar, 0);
      },
      [&] {
        off_t from = kFar;
        return ::sendfile(copy.get(), fd_, &from, 1);
      },
      [&] {
        loff_t from = kFar;
        return ::splice(fd_, &from, pipe[1], nullptr, 1, 0);
      },
      [&] {
        loff_t from = kFar;
        loff_t to = 0;
        const UniqueFd near(::open(at("d/copy").c_str(), O_WRONLY | O_CLOEXEC));
        return near ? ::copy_file_range(fd_, &from, near.get(), &to, 1, 0) : -1;
      },
      [&] {
        void* const page = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd_, kFar);
        return page == MAP_FAILED ? -1 : touch(static_cast<char*>(page));
      },
      [&] {
        void* const page = ::mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE, fd_, kFar);
        return page == MAP_FAILED ? -1 : touch(static_cast<char*>(page));
      },
      [&] { return ::lseek(fd_, 0, SEEK_DATA); },
  };
  bob_->start(steps);
  ASSERT_EQ(errno_name(bob_->run(0)), "0");
  ASSERT_EQ(deny(real("d"), user(kBob), "r"), 0);
  for (std::size_t step = 1; step < steps.size(); ++step) EXPECT_NE(bob_->run(step), 0) << step;
  // It is the right that was missing.
  ASSERT_EQ(remove_deny(real("d"), user(kBob)), 0);
  for (std::size_t step = 1; step < steps.size(); ++step) EXPECT_EQ(errno_name(bob_->run(step)), "0") << step;
}

TEST_F(RevokedHandleTest, GivesNothingMoreToAMappingThatIsThere) {
  char* map = nullptr;
  bob_->start({[&] {
                 fd_ = ::open(at("d/f").c_str(), O_RDONLY | O_CLOEXEC);
                 void* const all = ::mmap(nullptr, kPages * kPage, PROT_READ, MAP_SHARED, fd_, 0);
                 map = static_cast<char*>(all);
                 return all == MAP_FAILED ? -1 : touch(map);
               },
               [&] { return touch(map + kFar); }});
  ASSERT_EQ(errno_name(bob_->run(0)), "0");
  ASSERT_EQ(deny(real("d/f"), user(kBob), "r"), 0);
  EXPECT_EQ(errno_name(bob_->run(1)), "EACCES");
  ASSERT_EQ(remove_deny(real("d/f"), user(kBob)), 0);
  EXPECT_EQ(errno_name(bob_->run(1)), "0");
}

TEST_F(RevokedHandleTest, WritesNothingMoreByAMappingThatIsThere) {
  // As long as nobody else has the file open for writing, by whose handle the kernel could write it.
  char* map = nullptr;
  bob_->start({[&] {
                 fd_ = ::open(at("d/f").c_str(), O_RDWR | O_CLOEXEC);
                 void* const first = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
                 map = static_cast<char*>(first);
                 return first == MAP_FAILED ? -1 : 0;
               },
               [&] {
                 map[0] = 'A';
                 return ::msync(map, kPage, MS_SYNC);
               },
               [&] {
                 map[1] = 'B';
                 return ::msync(map, kPage, MS_SYNC);
               }});
  ASSERT_EQ(errno_name(bob_->run(0)), "0");
  ASSERT_EQ(errno_name(bob_->run(1)), "0");
  ASSERT_EQ(deny(real("d/f"), user(kBob), "w"), 0);
  EXPECT_NE(bob_->run(2), 0);
  EXPECT_EQ(slurp(real("d/f")).substr(0, 3), "Axx");
}

TEST_F(RevokedHandleTest, WritesNothingByWhateverCall) {
  std::array<int, 2> pipe{-1, -1};
  UniqueFd source;
  User::Steps steps{
      [&] {
        fd_ = ::open(at("d/f").c_str(), O_RDWR | O_CLOEXEC);
        source = UniqueFd(static_cast<int>(::syscall(SYS_memfd_create, "source", 0)));
        return ::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) == 0 && ::pwrite(source.get(), "bob", 3, 0) == 3 ? fd_ : -1;
      },
      [&] { return ::pwrite(fd_, "bob", 3, 0); },
      [&] {
        const iovec part{const_cast<char*>("bob"), 3};
        return ::pwritev2(fd_, &part, 1, 0, RWF_SYNC);
      },
      [&] {
        off_t from = 0;
        return ::lseek(fd_, 0, SEEK_SET) < 0 ? -1 : ::sendfile(fd_, source.get(), &from, 3);
      },
      [&] {
        loff_t to = 0;
        return ::write(pipe[1], "bob", 3) != 3 ? -1 : ::splice(pipe[0], nullptr, fd_, &to, 3, 0);
      },
      [&] {
        loff_t from = kPage;
        loff_t to = 0;
        return ::copy_file_range(fd_, &from, fd_, &to, kPage, 0);
      },
      [&] { return ::ftruncate(fd_, 0); },
      [&] { return ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kPage); },
      [&] { return ::fallocate(fd_, FALLOC_FL_ZERO_RANGE, 0, kPage); },
  };
  bob_->start(steps);
  ASSERT_EQ(errno_name(bob_->run(0)) , "0");
  ASSERT_EQ(deny(real("d"), user(kBob), "w"), 0);
  for (std::size_t step = 1; step < steps.size(); ++step) EXPECT_NE(bob_->run(step), 0) << step;
  EXPECT_EQ(slurp(real("d/f")), std::string(kPages * kPage, 'x'));
}

/// What is executable only, and what is readable only.
class ExecuteOnlyTest : public HandleTest {
 protected:
  void SetUp() override {
    HandleTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_file(real("d/f"), 0700, slurp("/bin/cat"));
  }
  /// The exit code of cat, and its errors.
  static std::string run_by(const std::function<void()>& execute) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return "no pipe";
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
      execute();
      ::_exit(errno);
    }
    ::close(ends[1]);
    std::string said;
    std::array<char, 512> part{};
    for (ssize_t n = 0; (n = ::read(ends[0], part.data(), part.size())) > 0;) said.append(part.data(), static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return std::to_string(WEXITSTATUS(status)) + " " + said.substr(0, 200);
  }
};

TEST_F(ExecuteOnlyTest, TheFlagOfAnExecutionCannotBeAskedForByOpening) {
  // FUSE tells the daemon by an open flag that a program is being started. Who may start it only must not get a handle by it.
  constexpr int kOpenForExec = 040;
  ASSERT_EQ(allow(real("d/f"), user(kBob), "x"), 0);
  for (const int flags : {O_RDONLY, O_RDWR, O_RDONLY | O_NONBLOCK, O_RDONLY | O_DIRECT, 3}) {
    EXPECT_EQ(errno_name(as_bob([&] { return try_open(at("d/f"), flags | kOpenForExec); })), "EACCES") << flags;
  }
  EXPECT_NE(as_bob([&] {
    open_how how{};
    how.flags = O_RDONLY | kOpenForExec;
    return ::syscall(SYS_openat2, AT_FDCWD, at("d/f").c_str(), &how, sizeof how);
  }), 0);
  EXPECT_NE(as_bob([&] {
    const UniqueFd fd(::open(at("d/f").c_str(), O_PATH | O_CLOEXEC));
    return try_open("/proc/self/fd/" + std::to_string(fd.get()), O_RDONLY | kOpenForExec);
  }), 0);
}

TEST_F(ExecuteOnlyTest, AProgramMayNotReadItsOwnFile) {
  ASSERT_EQ(allow(real("d/f"), user(kBob), "x"), 0);
  const std::string program = at("d/f");
  const auto cat = [&](const std::string& file) {
    return run_as(kBob, kBob, [&] { return run_by([&] { ::execl(program.c_str(), "cat", file.c_str(), nullptr); }); });
  };
  EXPECT_EQ(cat("/dev/null"), "0 ") << "he may run it";
  const std::string said = cat("/proc/self/exe");
  EXPECT_TRUE(said.starts_with("1 ") && said.find("Permission denied") != said.npos) << said;
}

TEST_F(ExecuteOnlyTest, WhatIsOnlyReadableIsNotStartedByADescriptorEither) {
  // So that it is the ACE that refuses: the mode has an x bit.
  ASSERT_EQ(allow(real("d/f"), user(kBob), "r"), 0);
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "rx"), 0);
  const std::string program = at("d/f");
  const auto start = [&](int open_flags, bool magic) {
    return run_by([&] {
      const int fd = ::open(program.c_str(), open_flags);
      const std::string path = "/proc/self/fd/" + std::to_string(fd);
      std::array<char*, 3> argv{const_cast<char*>("cat"), const_cast<char*>("/dev/null"), nullptr};
      std::array<char*, 1> environment{nullptr};
      if (fd >= 0 && magic) ::execve(path.c_str(), argv.data(), environment.data());
      if (fd >= 0 && !magic) ::syscall(SYS_execveat, fd, "", argv.data(), environment.data(), AT_EMPTY_PATH);
    });
  };
  for (const bool magic : {false, true}) {
    for (const int flags : {O_RDONLY, O_PATH}) {
      EXPECT_EQ(run_as(kBob, kBob, [&] { return start(flags, magic); }), std::to_string(EACCES) + " ") << flags << magic;
      EXPECT_EQ(run_as(kAlice, kAlice, [&] { return start(flags, magic); }), "0 ") << flags << magic;
    }
  }
}

/// A handle that may only append, and all that could make it write elsewhere.
class AppendOnlyTest : public HandleTest, public ::testing::WithParamInterface<std::pair<const char*, const char*>> {
 protected:
  MountOptions options() const override { return {.options = std::string("data=") + GetParam().second}; }
  void SetUp() override {
    HandleTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_file(real("d/f"), 0600, "0123456789");
    make_file(real("d/source"), 0666, "XXXXXXXXXX");
    ASSERT_EQ(allow(real("d/f"), user(kBob), GetParam().first), 0);
    flags_ = std::string_view(GetParam().first).find('r') == std::string_view::npos ? O_WRONLY : O_RDWR;
  }
  int flags_ = O_WRONLY;
};

TEST_P(AppendOnlyTest, NeverWritesElsewhereThoughTheFlagIsTakenOff) {
  std::array<int, 2> pipe{-1, -1};
  int source = -1;
  const auto through_a_mapping = [&](int kind, int protection) {
    void* const map = ::mmap(nullptr, kPage, protection, kind, fd_, 0);
    if (map == MAP_FAILED) return -1L;
    std::memcpy(map, "X", 1);
    return static_cast<long>(::msync(map, kPage, MS_SYNC));
  };
  User::Steps steps{
      [&] {
        fd_ = ::open(at("d/f").c_str(), flags_ | O_APPEND | O_CLOEXEC);
        source = ::open(at("d/source").c_str(), O_RDONLY | O_CLOEXEC);
        return ::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) == 0 && source >= 0 ? fd_ : -1;
      },
      [&] { return ::pwrite(fd_, "X", 1, 0); },
      [&] {
        constexpr int kNoAppend = 0x20;  // RWF_NOAPPEND, Linux 6.9
        const iovec part{const_cast<char*>("X"), 1};
        return ::pwritev2(fd_, &part, 1, 0, kNoAppend);
      },
      [&] { return ::fcntl(fd_, F_SETFL, 0); },
      [&] { return ::pwrite(fd_, "X", 1, 0); },
      [&] { return ::lseek(fd_, 0, SEEK_SET) < 0 ? -1 : ::write(fd_, "X", 1); },
      [&] { return ::fcntl(fd_, F_SETFL, O_DIRECT) < 0 ? -1 : ::pwrite(fd_, "X", 1, 0); },
      [&] {
        loff_t from = 0;
        loff_t to = 0;
        return ::fcntl(fd_, F_SETFL, 0) < 0 ? -1 : ::copy_file_range(source, &from, fd_, &to, 4, 0);
      },
      [&] {
        off_t from = 0;
        return ::lseek(fd_, 0, SEEK_SET) < 0 ? -1 : ::sendfile(fd_, source, &from, 4);
      },
      [&] {
        loff_t to = 0;
        return ::write(pipe[1], "X", 1) != 1 ? -1 : ::splice(pipe[0], nullptr, fd_, &to, 1, 0);
      },
      [&] { return through_a_mapping(MAP_SHARED, PROT_WRITE); },
      [&] { return through_a_mapping(MAP_SHARED, PROT_READ | PROT_WRITE); },
      [&] { return through_a_mapping(MAP_SHARED_VALIDATE, PROT_READ | PROT_WRITE); },
      [&] {
        void* const map = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd_, 0);
        if (map == MAP_FAILED || ::mprotect(map, kPage, PROT_READ | PROT_WRITE) != 0) return -1L;
        std::memcpy(map, "X", 1);
        return static_cast<long>(::msync(map, kPage, MS_SYNC));
      },
      [&] { return ::ftruncate(fd_, 4); },
      [&] { return ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4); },
      [&] { return ::fallocate(fd_, FALLOC_FL_ZERO_RANGE, 0, 4); },
      [&] { return ::fallocate(fd_, FALLOC_FL_COLLAPSE_RANGE, 0, kPage); },
      [&] { return try_open("/proc/self/fd/" + std::to_string(fd_), O_WRONLY); },
      [&] { return try_open("/proc/self/fd/" + std::to_string(fd_), O_WRONLY | O_APPEND | O_TRUNC); },
  };
  bob_->start(steps);
  ASSERT_EQ(errno_name(bob_->run(0)), "0");
  for (std::size_t step = 1; step < steps.size(); ++step) {
    static_cast<void>(bob_->run(step));
    EXPECT_EQ(slurp(real("d/f")).substr(0, 10), "0123456789") << "after step " << step;
  }
  EXPECT_EQ(errno_name(as_bob([&] { return spill(at("d/f"), "+", O_WRONLY | O_APPEND); })), "0") << "he still appends";
  EXPECT_EQ(slurp(real("d/f")).back(), '+');
}

TEST_P(AppendOnlyTest, AppendsNothingOnceThatIsDeniedToo) {
  bob_->start({[&] { return fd_ = ::open(at("d/f").c_str(), flags_ | O_APPEND | O_CLOEXEC); }, [&] { return ::write(fd_, "+", 1); }});
  ASSERT_EQ(errno_name(bob_->run(0)), "0");
  ASSERT_EQ(errno_name(bob_->run(1)), "0");
  ASSERT_EQ(deny(real("d/f"), user(kBob), "a"), 0);
  EXPECT_EQ(errno_name(bob_->run(1)), "EACCES");
  EXPECT_EQ(slurp(real("d/f")), "0123456789+");
}

INSTANTIATE_TEST_SUITE_P(Letters, AppendOnlyTest, ::testing::Values(std::pair{"a", "direct"}, std::pair{"a", "cached"}, std::pair{"ra", "cached"}),
                         [](const auto& param) { return std::string(param.param.first) + "_" + param.param.second; });

/// What could be mapped is not opened by who may only append: a mapping writes anywhere, and shows at once to all who mapped the file.
TEST_F(HandleTest, NothingThatCanBeMappedWritableIsOpenedForAppending) {
  make_file(real("d/f"), 0600, "0123456789");
  ASSERT_EQ(allow(real("d/f"), user(kBob), "ra"), 0);
  const std::string mode = get_attribute(at("."), "system.acefs.status");
  const int opened = as_bob([&] {
    const UniqueFd fd(::open(at("d/f").c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    if (!fd) return -1;
    return ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0) == MAP_FAILED ? 0 : 1;
  });
  EXPECT_EQ(errno_name(opened), mode.find("data=direct") != std::string::npos ? "EACCES" : "0");
}

}  // namespace
}  // namespace acefs::test
