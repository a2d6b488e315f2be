// SPDX-License-Identifier: MIT
// Where locks live and who is said to hold them, as on a plain directory. data_test has who excludes whom.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

long lock(int fd, int command, short type, off_t start, off_t length) {
  struct flock wanted {};
  wanted.l_type = type;
  wanted.l_whence = SEEK_SET;
  wanted.l_start = start;
  wanted.l_len = length;
  return ::fcntl(fd, command, &wanted);
}

struct flock in_the_way(int fd, off_t start) {
  struct flock asked {};
  asked.l_type = F_WRLCK;
  asked.l_whence = SEEK_SET;
  asked.l_start = start;
  asked.l_len = 1;
  EXPECT_EQ(::fcntl(fd, F_GETLK, &asked), 0);
  return asked;
}

UniqueFd open_fd(const std::string& path) { return UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC)); }

class HolderTest : public MountedTest {
 protected:
  /// Steps of a process: 0 opens the file, 1 locks bytes 0 to 9 for writing, 2 for reading, 3 gives them back.
  User::Steps steps(const std::string& path) {
    return {[this, path] { return fd_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC); }, [this] { return lock(fd_, F_SETLK, F_WRLCK, 0, 10); },
            [this] { return lock(fd_, F_SETLK, F_RDLCK, 0, 10); }, [this] { return lock(fd_, F_SETLK, F_UNLCK, 0, 10); }};
  }

 private:
  int fd_ = -1;
};

TEST_F(HolderTest, IsToldToWhoeverAsks) {
  make_file(real("f"), 0666);
  User alice(kAlice, kAlice);
  User bob(kBob, kBob);
  alice.start(steps(at("f")));
  bob.start(steps(at("f")));
  ASSERT_EQ(alice.run(0), 0);
  ASSERT_EQ(bob.run(0), 0);
  const UniqueFd asking = open_fd(at("f"));
  ASSERT_TRUE(asking);
  EXPECT_EQ(in_the_way(asking.get(), 3).l_type, F_UNLCK);

  ASSERT_EQ(alice.run(1), 0);
  EXPECT_EQ(bob.run(1), EAGAIN);
  const struct flock hers = in_the_way(asking.get(), 3);
  EXPECT_EQ(hers.l_type, F_WRLCK);
  EXPECT_EQ(hers.l_len, 10);
  EXPECT_EQ(hers.l_pid, alice.pid());

  ASSERT_EQ(alice.run(3), 0);
  ASSERT_EQ(bob.run(2), 0);
  const struct flock his = in_the_way(asking.get(), 3);
  EXPECT_EQ(his.l_type, F_RDLCK);
  EXPECT_EQ(his.l_pid, bob.pid());

  ASSERT_EQ(alice.run(2), 0);
  EXPECT_EQ(in_the_way(asking.get(), 3).l_pid, 0) << "of two who share a lock, neither is told";
}

TEST_F(HolderTest, IsToldAlsoWhenItLockedOnTheBacking) {
  make_file(real("f"), 0666);
  User alice(kAlice, kAlice);
  alice.start(steps(real("f")));
  const UniqueFd asking = open_fd(at("f"));
  ASSERT_TRUE(asking);
  ASSERT_EQ(alice.run(0), 0);
  ASSERT_EQ(alice.run(1), 0);
  EXPECT_EQ(in_the_way(asking.get(), 3).l_pid, alice.pid());
}

class LocalLocksTest : public MountedTest {
 protected:
  MountOptions options() const override { return {.options = "locks=local"}; }
};

TEST_F(LocalLocksTest, ExcludeUsersOfTheMountAlone) {
  make_file(real("f"), 0666);
  const UniqueFd held = open_fd(at("f"));
  ASSERT_TRUE(held);
  const auto take = [](const std::string& path, bool posix) {
    return errno_as(kBob, kBob, [&]() -> long {
      const UniqueFd fd = open_fd(path);
      return posix ? lock(fd.get(), F_SETLK, F_WRLCK, 0, 0) : ::flock(fd.get(), LOCK_EX | LOCK_NB);
    });
  };
  for (const bool posix : {false, true}) {
    SCOPED_TRACE(posix ? "fcntl" : "flock");
    ASSERT_EQ(posix ? lock(held.get(), F_SETLK, F_WRLCK, 0, 0) : ::flock(held.get(), LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(errno_name(take(at("f"), posix)), "EAGAIN");
    EXPECT_EQ(errno_name(take(real("f"), posix)), "0");
    ASSERT_EQ(posix ? lock(held.get(), F_SETLK, F_UNLCK, 0, 0) : ::flock(held.get(), LOCK_UN), 0);
    EXPECT_EQ(errno_name(take(at("f"), posix)), "0");
  }
}

TEST_F(LocalLocksTest, OneOfTwoThatWaitForEachOtherIsToldSo) {
  make_file(real("f"), 0666);
  const UniqueFd fd = open_fd(at("f"));
  ASSERT_TRUE(fd);
  ASSERT_EQ(lock(fd.get(), F_SETLK, F_WRLCK, 0, 1), 0);
  int locked[2];
  ASSERT_EQ(::pipe(locked), 0);
  const pid_t other = ::fork();
  if (other == 0) {
    ::alarm(60);  // without detection both would wait for ever
    const UniqueFd own = open_fd(at("f"));
    if (lock(own.get(), F_SETLK, F_WRLCK, 1, 1) != 0 || ::write(locked[1], "x", 1) != 1) ::_exit(255);
    ::_exit(lock(own.get(), F_SETLKW, F_WRLCK, 0, 1) == 0 ? 0 : errno);
  }
  char byte = 0;
  ASSERT_EQ(::read(locked[0], &byte, 1), 1);
  const int mine = lock(fd.get(), F_SETLKW, F_WRLCK, 1, 1) == 0 ? 0 : errno;
  ASSERT_EQ(lock(fd.get(), F_SETLK, F_UNLCK, 0, 0), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  ASSERT_TRUE(WIFEXITED(status));
  const int theirs = WEXITSTATUS(status);
  EXPECT_TRUE((mine == EDEADLK && theirs == 0) || (mine == 0 && theirs == EDEADLK)) << errno_name(mine) << ", " << errno_name(theirs);
  ::close(locked[0]);
  ::close(locked[1]);
}

TEST_F(HolderTest, KeepsWhatHeLockedAgainWhenAnotherLetsGoOfTheHandleThatHeUsedBefore) {
  make_file(real("f"), 0666);
  int first = ::open(at("f").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(lock(first, F_SETLK, F_WRLCK, 0, 10), 0);
  const pid_t child = ::fork();  // has the first handle as well, and does nothing with it
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  ::close(first);
  const UniqueFd second = open_fd(at("f"));
  ASSERT_EQ(lock(second.get(), F_SETLK, F_WRLCK, 0, 10), 0);
  const auto others_way = [&] {
    return errno_name(errno_as(kBob, kBob, [&] { return lock(open_fd(at("f")).get(), F_SETLK, F_WRLCK, 0, 10); }));
  };
  EXPECT_EQ(others_way(), "EAGAIN");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (int i = 0; i < 20; ++i, ::usleep(10'000)) ASSERT_EQ(others_way(), "EAGAIN") << "the handle was let go of";
}

/// Locks that wait: the daemon has a thread for each, of which there are so many.
class WaitingTest : public MountedTest {
 protected:
  /// Waits by so many handles at once for what is locked; how often that was refused with ENOLCK, once all that remains waits.
  static long refused_of(const std::string& path, int count) {
    std::vector<int> handles;
    for (int i = 0; i < count; ++i) handles.push_back(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    std::atomic<int> refused{0};
    std::atomic<int> begun{0};
    for (const int fd : handles) {
      std::thread([fd, &refused, &begun] {
        ++begun;
        if (::flock(fd, LOCK_EX) != 0 && errno == ENOLCK) ++refused;
      }).detach();
    }
    int before = -1;
    while (begun < count || refused != before) {
      before = refused;
      ::usleep(500'000);
    }
    return refused;
  }
  long waiting() {
    const std::string status = get_attribute(at("."), "system.acefs.status");
    return std::atol(status.c_str() + status.find("lock_waiters=") + 13);
  }
};

TEST_F(WaitingTest, OneUserLeavesRoomForTheOthers) {
  make_file(real("f"), 0666);
  UniqueFd held(::open(real("f").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
  User alice(kAlice, kAlice);
  alice.start({[&] { return refused_of(at("f"), 400) == 144 ? 0 : -1; }});
  EXPECT_EQ(alice.run(0), 0) << "half of 512 are hers";
  EXPECT_EQ(waiting(), 256);
  User bob(kBob, kBob);
  bob.start({[&] { return refused_of(at("f"), 50) == 0 ? 0 : -1; }});
  EXPECT_EQ(bob.run(0), 0);
  EXPECT_EQ(waiting(), 306);
  held.reset();
}

}  // namespace
}  // namespace acefs::test
