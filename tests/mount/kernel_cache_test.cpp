// SPDX-License-Identifier: MIT
// What the kernel answers by itself, and that it never answers for somebody who may not ask.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "rows.hpp"

namespace acefs::test {
namespace {

/// For changes behind the mount with cache=public: their effect shows when the event has been handled, soon.
template <typename Holds>
bool soon(Holds&& holds) {
  const time_t end = ::time(nullptr) + 20;
  while (!holds()) {
    if (::time(nullptr) > end) return false;
  }
  return true;
}

/// A tree that everybody may see, in both modes.
class KernelCacheTest : public MountedTest, public ::testing::WithParamInterface<const char*> {
 protected:
  MountOptions options() const override { return {.options = GetParam()}; }
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("pub"), 0755);
    make_dir(real("pub/sub"), 0755);
    make_file(real("pub/sub/f"), 0644);
    make_dir(real("closed"), 0700);
    warm();
  }
  /// Alice has looked at everything, so that the kernel keeps what it may.
  void warm() {
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(stat_as(kAlice, "pub/sub/f"), "0");
      EXPECT_EQ(stat_as(kAlice, "pub/sub"), "0");
      EXPECT_EQ(stat_as(kAlice, "pub/sub/absent"), "ENOENT");
    }
  }
  std::string stat_as(uid_t uid, const std::string& name) {
    return errno_name(errno_as(uid, uid, [&] {
      struct stat st {};
      return ::stat(at(name).c_str(), &st);
    }));
  }
};

TEST_P(KernelCacheTest, NobodySeesWhatAModeClosedThroughTheMount) {
  for (const char* where : {"pub", "pub/sub", "."}) {
    warm();
    ASSERT_EQ(::chmod(at(where).c_str(), 0700), 0);
    EXPECT_EQ(stat_as(kBob, "pub/sub/f"), "EACCES") << where;
    EXPECT_EQ(stat_as(kBob, "pub/sub/absent"), "EACCES") << where << ": nor that a name is not there";
    EXPECT_EQ(stat_as(kAlice, "pub/sub/f"), "EACCES") << where;
    EXPECT_EQ(stat_as(0, "pub/sub/f"), "0");
    EXPECT_EQ(stat_as(kBob, "pub/sub/f"), "EACCES") << where << ": although root looked";
    ASSERT_EQ(::chmod(at(where).c_str(), 0755), 0);
    EXPECT_EQ(stat_as(kBob, "pub/sub/f"), "0") << where;
  }
}

TEST_P(KernelCacheTest, ADenialThroughTheMountIsForWhomItNames) {
  for (const char* where : {"pub/sub/f", "pub/sub", "pub", "."}) {
    warm();
    ASSERT_EQ(deny(at(where), user(kBob), "tx"), 0);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(stat_as(kBob, "pub/sub/f"), "EACCES") << where;
      EXPECT_EQ(stat_as(kAlice, "pub/sub/f"), "0") << where;
    }
    ASSERT_EQ(remove_deny(at(where), user(kBob)), 0);
    EXPECT_EQ(stat_as(kBob, "pub/sub/f"), "0") << where;
  }
}

TEST_P(KernelCacheTest, NobodySeesWhatWasMovedWhereHeMayNotGo) {
  ASSERT_EQ(::rename(at("pub/sub").c_str(), at("closed/sub").c_str()), 0);
  EXPECT_EQ(stat_as(kBob, "closed/sub/f"), "EACCES");
  EXPECT_EQ(stat_as(kBob, "closed/sub"), "EACCES");
  EXPECT_EQ(stat_as(kBob, "closed/sub/absent"), "EACCES");
  EXPECT_EQ(stat_as(kBob, "pub/sub"), "ENOENT");
}

TEST_P(KernelCacheTest, NobodySeesAFileWhosePublicNameIsGone) {
  ASSERT_EQ(::link(at("pub/sub/f").c_str(), at("closed/f").c_str()), 0);
  const auto size_as_bob = [&] {
    return errno_name(errno_as(kBob, kBob, [&] {
      struct statx x {};
      return ::statx(AT_FDCWD, at("closed/f").c_str(), 0, STATX_SIZE, &x);
    }));
  };
  EXPECT_EQ(size_as_bob(), "0") << "by its other name he may";
  EXPECT_EQ(stat_as(kAlice, "pub/sub/f"), "0");
  ASSERT_EQ(::unlink(at("pub/sub/f").c_str()), 0);
  EXPECT_EQ(size_as_bob(), "EACCES");
}

TEST_P(KernelCacheTest, WhoMayNotCreateIsToldSoOfAnAbsentName) {
  EXPECT_EQ(errno_name(errno_as(kBob, kBob, [&] { return try_open(at("pub/sub/absent"), O_CREAT | O_WRONLY); })), "EACCES");
  EXPECT_EQ(errno_name(errno_as(kBob, kBob, [&] { return try_open(at("pub/sub/absent"), O_WRONLY); })), "ENOENT");
}

TEST_P(KernelCacheTest, ANameThatIsMadeThroughTheMountIsThere) {
  ASSERT_EQ(spill(at("pub/sub/absent"), "x", O_CREAT | O_WRONLY), 0);
  EXPECT_EQ(stat_as(kBob, "pub/sub/absent"), "0");
  ASSERT_EQ(::unlink(at("pub/sub/absent").c_str()), 0);
  EXPECT_EQ(stat_as(kBob, "pub/sub/absent"), "ENOENT");
  ASSERT_EQ(::link(at("pub/sub/f").c_str(), at("pub/sub/absent").c_str()), 0);
  EXPECT_EQ(stat_as(kBob, "pub/sub/absent"), "0");
  EXPECT_EQ(lstat_of(at("pub/sub/f")).st_nlink, 2U);
}

/// Not with coherence=exclusive, which swears that there are none.
class ChangeBehindTheMountTest : public KernelCacheTest {};

TEST_P(ChangeBehindTheMountTest, IsSeen) {
  ASSERT_EQ(::truncate(real("pub/sub/f").c_str(), 4711), 0);
  EXPECT_TRUE(soon([&] { return lstat_of(at("pub/sub/f")).st_size == 4711; }));
  make_file(real("pub/sub/absent"), 0644);
  EXPECT_TRUE(soon([&] { return stat_as(kBob, "pub/sub/absent") == "0"; }));
  erase(real("pub/sub/absent"));
  EXPECT_TRUE(soon([&] { return stat_as(kBob, "pub/sub/absent") == "ENOENT"; }));
  ASSERT_EQ(deny(real("pub"), user(kBob), "x"), 0);
  EXPECT_TRUE(soon([&] { return stat_as(kBob, "pub/sub/f") == "EACCES"; }));
  EXPECT_EQ(stat_as(kAlice, "pub/sub/f"), "0");
  ASSERT_EQ(remove_deny(real("pub"), user(kBob)), 0);
  EXPECT_TRUE(soon([&] { return stat_as(kBob, "pub/sub/f") == "0"; }));
  ASSERT_EQ(::rename(real("pub/sub").c_str(), real("closed/sub").c_str()), 0);
  EXPECT_TRUE(soon([&] { return stat_as(kBob, "pub/sub/f") == "ENOENT" && stat_as(kBob, "closed/sub/f") == "EACCES"; }));
  make_dir(real("pub/sub"), 0755);
  EXPECT_TRUE(soon([&] { return stat_as(kBob, "pub/sub") == "0" && stat_as(kBob, "pub/sub/f") == "ENOENT"; }));
}

TEST_P(KernelCacheTest, ARevokedHandleReadsNothingAlthoughItsPagesAreCached) {
  make_file(real("secret"), 0600);
  ASSERT_EQ(allow(real("secret"), user(kBob), "r"), 0);
  EXPECT_EQ(stat_as(kBob, "secret"), "0");
  int fd = -1;
  User bob(kBob, kBob);
  bob.start({[&] { return fd = ::open(at("secret").c_str(), O_RDONLY | O_CLOEXEC); },
             [&] {
               char byte = 0;
               return ::pread(fd, &byte, 1, 0);
             }});
  ASSERT_EQ(bob.run(0), 0);
  EXPECT_EQ(bob.run(1), 0);
  EXPECT_EQ(bob.run(1), 0);
  ASSERT_EQ(remove_allow(at("secret"), user(kBob)), 0);
  EXPECT_EQ(errno_name(bob.run(1)), "EACCES");
}

TEST_P(ChangeBehindTheMountTest, OfGrantsInASideFileIsSeen) {
  for (int i = 0; i < 80; ++i) ASSERT_EQ(allow(at("pub"), "u:somebody-" + std::to_string(i), "r"), 0);
  EXPECT_EQ(stat_as(kBob, "pub/sub/f"), "0");
  Mount other({.options = "coherence=statx", .arguments = {}, .source = mount().backing()});
  REQUIRE_MOUNT(other);
  ASSERT_EQ(deny(other.at("pub"), user(kBob), "x"), 0);
  EXPECT_TRUE(soon([&] { return stat_as(kBob, "pub/sub/f") == "EACCES"; }));
  EXPECT_EQ(other.stop(), 0);
}

TEST_P(ChangeBehindTheMountTest, OnAFilesystemMountedInTheTreeIsSeenAtOnce) {
  ASSERT_EQ(::mount("none", real("pub/sub").c_str(), "tmpfs", 0, "mode=755"), 0);
  make_file(real("pub/sub/g"), 0644);
  EXPECT_TRUE(soon([&] { return stat_as(kBob, "pub/sub/g") == "0"; }));
  EXPECT_EQ(stat_as(kBob, "pub/sub/nope"), "ENOENT");
  ASSERT_EQ(::chmod(real("pub/sub").c_str(), 0700), 0);
  EXPECT_EQ(stat_as(kBob, "pub/sub/g"), "EACCES");
  EXPECT_EQ(stat_as(kBob, "pub/sub/nope"), "EACCES");
  EXPECT_EQ(::umount2(real("pub/sub").c_str(), MNT_DETACH), 0);
}

std::string name_of(const ::testing::TestParamInfo<const char*>& mode) {
  const std::string options = mode.param;
  return options == "cache=exact" ? "Exact" : options == "cache=public" ? "Public" : "PublicExclusive";
}

INSTANTIATE_TEST_SUITE_P(Modes, KernelCacheTest, ::testing::Values("cache=exact", "cache=public", "cache=public,coherence=exclusive"), name_of);
INSTANTIATE_TEST_SUITE_P(Modes, ChangeBehindTheMountTest, ::testing::Values("cache=exact", "cache=public"), name_of);

/// Whether a question is answered while the daemon cannot answer.
class WithoutTheDaemonTest : public MountedTest {
 protected:
  MountOptions options() const override { return {.options = "cache=public"}; }
  /// What `ask` says within a second, while the daemon is stopped; "nobody answers" otherwise.
  std::string ask_kernel(const std::function<long()>& ask) {
    ::kill(mount().pid(), SIGSTOP);
    int stopped = 0;
    EXPECT_EQ(::waitpid(mount().pid(), &stopped, WUNTRACED), mount().pid());
    EXPECT_TRUE(WIFSTOPPED(stopped));
    int ready[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const long result = ask();
      const int answer = result < 0 ? errno : 0;
      _exit(::write(ready[1], &answer, sizeof answer) == sizeof answer ? 0 : 1);
    }
    ::close(ready[1]);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ready[0], &set);
    struct timeval second {1, 0};
    int answer = -1;
    const bool came = ::select(ready[0] + 1, &set, nullptr, nullptr, &second) == 1 && ::read(ready[0], &answer, sizeof answer) == sizeof answer;
    ::close(ready[0]);
    ::kill(mount().pid(), SIGCONT);
    int status = 0;
    ::waitpid(child, &status, 0);
    return came ? errno_name(answer) : "nobody answers";
  }
  long look(const std::string& name) {
    struct stat st {};
    return ::lstat(at(name).c_str(), &st);
  }
};

TEST_F(WithoutTheDaemonTest, TheKernelAnswersForWhatEverybodyMaySeeAndForNothingElse) {
  make_dir(real("pub"), 0755);
  make_file(real("pub/f"), 0600);
  make_dir(real("closed"), 0700);
  make_file(real("closed/f"), 0644);
  make_file(real("pub/denied"), 0644);
  ASSERT_EQ(deny(real("pub/denied"), user(kBob), "t"), 0);
  make_file(real("pub/expiring"), 0644);
  ASSERT_EQ(allow(real("pub/expiring"), user(kBob), "w", "", now() + 3'600'000'000'000), 0);
  for (const char* name : {"pub/f", "closed/f", "pub/denied", "pub/expiring"}) EXPECT_EQ(look(name), 0) << name;
  // What the making of these set off is still being handled, so the first answer may have been dropped again.
  for (const char* name : {"pub/f", "pub"}) {
    EXPECT_TRUE(soon([&] { return look(name) == 0 && ask_kernel([&] { return look(name); }) == "0"; })) << name;
  }
  EXPECT_EQ(ask_kernel([&] { return look("closed/f"); }), "nobody answers");
  EXPECT_EQ(ask_kernel([&] { return look("pub/denied"); }), "nobody answers");
  EXPECT_EQ(ask_kernel([&] { return look("pub/expiring"); }), "nobody answers");
}

TEST(CacheOptionTest, PublicNeedsToHearOfChanges) {
  REQUIRE_FUSE();
  std::string log;
  EXPECT_EQ(run_daemon({"-f", "/tmp", "/mnt", "-o", "cache=public,coherence=statx"}, &log), 64);
  EXPECT_NE(log.find("cache=public needs coherence=fanotify"), std::string::npos) << log;
}

}  // namespace
}  // namespace acefs::test
