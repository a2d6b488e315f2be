// SPDX-License-Identifier: MIT
// A change takes effect on the very next operation, whoever made it and however.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "acefs/acl/ace.hpp"
#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

class RevocationTest : public MountedTest, public ::testing::WithParamInterface<const char*> {
 protected:
  MountOptions options() const override { return {.options = GetParam()}; }
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("a"), 0755);
    make_dir(real("a/b"), 0755);
    make_dir(real("a/b/c"), 0755);
    make_file(real("a/b/c/f"), 0600);
  }
  std::string f() const { return at("a/b/c/f"); }
  int read_as(uid_t uid) {
    return errno_as(uid, uid, [&] { return try_open(f(), O_RDONLY); });
  }
  /// A user who opens the file once and then tries its handle.
  struct Handle {
    Handle(const std::string& path, uid_t uid, int flags) : user(uid, uid) {
      user.start({[this, path, flags] { return fd = ::open(path.c_str(), flags | O_CLOEXEC); },
                  [this] {
                    char byte = 0;
                    return ::pread(fd, &byte, 1, 0);
                  },
                  [this] { return ::pwrite(fd, "x", 1, 0); },
                  [this] {
                    struct stat st {};
                    return ::fstat(fd, &st);
                  }});
    }
    int open() { return user.run(0); }
    int read() { return user.run(1); }
    int write() { return user.run(2); }
    int stat() { return user.run(3); }
    int fd = -1;
    User user;
  };
};

TEST_P(RevocationTest, OfAGrantOnTheBackingShowsAtOnce) {
  for (const std::string where : {"a/b/c/f", "a/b/c", "a", "."}) {
    SCOPED_TRACE(where);
    for (int round = 0; round < 20; ++round) {
      EXPECT_EQ(read_as(kBob), EACCES);
      ASSERT_EQ(allow(real(where), user(kBob), "r"), 0);
      EXPECT_EQ(read_as(kBob), 0);
      ASSERT_EQ(remove_allow(real(where), user(kBob)), 0);
    }
  }
}

TEST_P(RevocationTest, OfAGrantThroughTheMountShowsAtOnce) {
  for (const std::string where : {"a/b/c/f", "a/b", "."}) {
    SCOPED_TRACE(where);
    for (int round = 0; round < 20; ++round) {
      EXPECT_EQ(read_as(kBob), EACCES);
      ASSERT_EQ(allow(at(where), user(kBob), "r"), 0) << errno_name(errno);
      EXPECT_EQ(read_as(kBob), 0);
      ASSERT_EQ(remove_allow(at(where), user(kBob)), 0) << errno_name(errno);
    }
  }
}

TEST_P(RevocationTest, DenialsAddedAnywhereShowAtOnce) {
  ASSERT_EQ(allow(real("a/b/c/f"), user(kBob), "rw"), 0);
  for (const std::string where : {"a/b/c/f", "a/b/c", "a/b", "a", "."}) {
    SCOPED_TRACE(where);
    EXPECT_EQ(read_as(kBob), 0);
    ASSERT_EQ(deny(real(where), user(kBob), "r"), 0);
    EXPECT_EQ(read_as(kBob), EACCES);
    ASSERT_EQ(remove_deny(real(where), user(kBob)), 0);
    EXPECT_EQ(read_as(kBob), 0);
    ASSERT_EQ(deny_all(real(where), user(kBob)), 0);
    EXPECT_EQ(read_as(kBob), EACCES);
    // For the file itself that has replaced the allow ACE.
    ASSERT_EQ(where == "a/b/c/f" ? allow(real(where), user(kBob), "rw") : remove_allow(real(where), user(kBob)), 0);
  }
}

TEST_P(RevocationTest, AChangedModeShowsAtOnce) {
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(read_as(kBob), EACCES);
    ASSERT_EQ(::chmod(real("a/b/c/f").c_str(), 0644), 0);
    EXPECT_EQ(read_as(kBob), 0);
    ASSERT_EQ(::chmod(real("a/b").c_str(), 0700), 0);
    EXPECT_EQ(read_as(kBob), EACCES);
    ASSERT_EQ(::chmod(real("a/b").c_str(), 0755), 0);
    EXPECT_EQ(read_as(kBob), 0);
    ASSERT_EQ(::chown(real("a/b/c/f").c_str(), kBob, kBob), 0);
    ASSERT_EQ(::chmod(real("a/b/c/f").c_str(), 0044), 0);
    EXPECT_EQ(read_as(kBob), EACCES) << "the owner's class is exclusive";
    ASSERT_EQ(::chown(real("a/b/c/f").c_str(), 0, 0), 0);
    ASSERT_EQ(::chmod(real("a/b/c/f").c_str(), 0600), 0);
  }
}

TEST_P(RevocationTest, ByExpiryNeedsNobody) {
  const acl::TimePoint soon = now() + 1'000'000'000;
  ASSERT_EQ(allow(real("a"), user(kBob), "r", "", soon), 0);
  EXPECT_EQ(read_as(kBob), 0);
  EXPECT_EQ(read_as(kAlice), EACCES);
  Handle bob(f(), kBob, O_RDONLY);
  EXPECT_EQ(bob.open(), 0);
  EXPECT_EQ(bob.read(), 0);
  // The one wait of the ring: expiry is about time.
  const timespec until{static_cast<time_t>((soon + 2'000'000) / 1'000'000'000), static_cast<long>((soon + 2'000'000) % 1'000'000'000)};
  ASSERT_EQ(::clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr), 0);
  EXPECT_EQ(read_as(kBob), EACCES);
  EXPECT_EQ(bob.read(), EACCES) << "the open handle too";
}

TEST_P(RevocationTest, AnExpiredDenialDoesNotExist) {
  ASSERT_EQ(allow(real("a"), user(kBob), "r"), 0);
  ASSERT_EQ(deny(real("a/b"), user(kBob), "r", "", now() - 1), 0);
  EXPECT_EQ(read_as(kBob), 0);
  ASSERT_EQ(deny(real("a/b"), user(kBob), "r", "", now() + 3'600'000'000'000), 0);
  EXPECT_EQ(read_as(kBob), EACCES);
}

TEST_P(RevocationTest, ByMovingAnAncestorOnTheBacking) {
  make_dir(real("shared"), 0755);
  ASSERT_EQ(allow(real("shared"), user(kBob), "r"), 0);
  ASSERT_EQ(::rename(real("a").c_str(), real("shared/a").c_str()), 0);
  const auto read_moved = [&] { return errno_as(kBob, kBob, [&] { return try_open(at("shared/a/b/c/f"), O_RDONLY); }); };
  EXPECT_EQ(read_moved(), 0);
  // A descriptor held across the move keeps the node, not the rights.
  Handle bob(at("shared/a/b/c/f"), kBob, O_RDONLY);
  ASSERT_EQ(bob.open(), 0);
  EXPECT_EQ(bob.read(), 0);
  ASSERT_EQ(::rename(real("shared/a").c_str(), real("a").c_str()), 0);
  EXPECT_EQ(read_as(kBob), EACCES);
  EXPECT_EQ(errno_name(read_moved()), "ENOENT");
  EXPECT_EQ(bob.read(), EACCES);
}

TEST_P(RevocationTest, ReachesARelativePathAfterTheMove) {
  make_dir(real("shared"), 0755);
  ASSERT_EQ(allow(real("shared"), user(kBob), "r"), 0);
  ASSERT_EQ(::rename(real("a").c_str(), real("shared/a").c_str()), 0);
  User bob(kBob, kBob);
  bob.start({[&] { return ::chdir(at("shared/a/b/c").c_str()); }, [&] { return try_open("f", O_RDONLY); }});
  ASSERT_EQ(bob.run(0), 0);
  EXPECT_EQ(bob.run(1), 0);
  ASSERT_EQ(::rename(real("shared/a").c_str(), real("a").c_str()), 0);
  EXPECT_EQ(errno_name(bob.run(1)), "EACCES");
}

TEST_P(RevocationTest, OfAnOpenHandleStopsReadsAndWrites) {
  for (const std::string where : {"a/b/c/f", "a/b", "."}) {
    SCOPED_TRACE(where);
    ASSERT_EQ(allow(real("a/b/c/f"), user(kBob), "rw"), 0);
    Handle bob(f(), kBob, O_RDWR);
    ASSERT_EQ(bob.open(), 0);
    EXPECT_EQ(bob.read(), 0);
    EXPECT_EQ(bob.write(), 0);
    ASSERT_EQ(deny(real(where), user(kBob), "r"), 0);
    EXPECT_EQ(bob.read(), EACCES);
    ASSERT_EQ(deny(real(where), user(kBob), "w"), 0);
    EXPECT_EQ(bob.write(), EACCES);
    ASSERT_EQ(remove_deny(real(where), user(kBob)), 0);
    EXPECT_EQ(bob.read(), 0) << "the handle is not lost for good";
    EXPECT_EQ(bob.write(), 0);
    ASSERT_EQ(remove_allow(real("a/b/c/f"), user(kBob)), 0);
    EXPECT_EQ(bob.read(), EACCES);
    EXPECT_EQ(bob.write(), EACCES);
  }
}

TEST_P(RevocationTest, DeniedWritesLeaveTheFileAsItWas) {
  ASSERT_EQ(allow(real("a/b/c/f"), user(kBob), "rw"), 0);
  Handle bob(f(), kBob, O_RDWR);
  ASSERT_EQ(bob.open(), 0);
  ASSERT_EQ(deny(real("a"), user(kBob), "w"), 0);
  EXPECT_EQ(bob.write(), EACCES);
  EXPECT_EQ(slurp(real("a/b/c/f")), "content");
}

TEST_P(RevocationTest, AChangeOfModeRevokesNoHandle) {
  ASSERT_EQ(::chmod(real("a/b/c/f").c_str(), 0666), 0);
  Handle bob(f(), kBob, O_RDWR);
  ASSERT_EQ(bob.open(), 0);
  ASSERT_EQ(::chmod(real("a/b/c/f").c_str(), 0000), 0);
  EXPECT_EQ(bob.read(), 0);
  EXPECT_EQ(bob.write(), 0);
  EXPECT_EQ(bob.stat(), 0);
  ASSERT_EQ(::chmod(real("a/b").c_str(), 0700), 0);
  EXPECT_EQ(bob.read(), 0) << "nor of an ancestor";
}

TEST_P(RevocationTest, AnUnrelatedChangeRevokesNoHandle) {
  ASSERT_EQ(::chmod(real("a/b/c/f").c_str(), 0666), 0);
  Handle bob(f(), kBob, O_RDWR);
  ASSERT_EQ(bob.open(), 0);
  ASSERT_EQ(deny(real("a"), user(kAlice), "r"), 0);
  ASSERT_EQ(allow(real("a/b/c/f"), user(kCarol), "r"), 0);
  EXPECT_EQ(bob.read(), 0);
  EXPECT_EQ(bob.write(), 0);
}

TEST_P(RevocationTest, TwoUsersAlternateOnOnePath) {
  ASSERT_EQ(allow(real("a"), user(kAlice), "r"), 0);
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(read_as(kAlice), 0);
    EXPECT_EQ(read_as(kBob), EACCES);
  }
}

TEST_P(RevocationTest, OneUsersCachedPagesAreNotAnothers) {
  ASSERT_EQ(::chmod(real("a/b/c/f").c_str(), 0666), 0);
  Handle alice(f(), kAlice, O_RDONLY);
  Handle bob(f(), kBob, O_RDONLY);
  ASSERT_EQ(alice.open(), 0);
  ASSERT_EQ(bob.open(), 0);
  EXPECT_EQ(bob.read(), 0);
  ASSERT_EQ(deny(real("a/b/c/f"), user(kBob), "r"), 0);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(alice.read(), 0) << "fills the cache";
    EXPECT_EQ(bob.read(), EACCES);
  }
}

TEST_P(RevocationTest, ContentChangedOnTheBackingShowsAtOnce) {
  ASSERT_EQ(::chmod(real("a/b/c/f").c_str(), 0644), 0);
  for (int round = 0; round < 20; ++round) {
    const std::string content = "round " + std::to_string(round);
    ASSERT_EQ(spill(real("a/b/c/f"), content, O_WRONLY | O_TRUNC), 0);
    EXPECT_EQ(run_as(kBob, kBob, [&] { return slurp(f()); }), content);
    EXPECT_EQ(lstat_of(f()).st_size, static_cast<off_t>(content.size()));
  }
}

TEST_P(RevocationTest, NamesChangedOnTheBackingShowAtOnce) {
  for (int round = 0; round < 20; ++round) {
    EXPECT_FALSE(exists(at("a/new")));
    make_file(real("a/new"), 0644, std::to_string(round));
    EXPECT_EQ(slurp(at("a/new")), std::to_string(round));
    make_file(real("a/other"), 0644, "other");
    ASSERT_EQ(::rename(real("a/other").c_str(), real("a/new").c_str()), 0);
    EXPECT_EQ(slurp(at("a/new")), "other");
    ASSERT_EQ(::unlink(real("a/new").c_str()), 0);
  }
}

TEST_P(RevocationTest, ADirectoryReplacedOnTheBackingIsTheNewOne) {
  // Whatever is tried first in it: the name is known to the kernel, the directory behind it is another.
  make_dir(mount().backing(), 0777);
  make_file(real("source"), 0666);
  struct stat st {};
  const std::vector<std::pair<std::string, std::function<long()>>> operations = {
      {"stat", [&] { return ::lstat(at("x/old").c_str(), &st); }},
      {"list", [&] { return listing(at("x")) == "old" ? 0 : -1; }},
      {"open", [&] { return try_open(at("x/old"), O_RDONLY); }},
      {"create", [&] { return try_open(at("x/new"), O_CREAT | O_EXCL | O_WRONLY); }},
      {"mkdir", [&] { return ::mkdir(at("x/new").c_str(), 0755); }},
      {"mkfifo", [&] { return ::mkfifo(at("x/new").c_str(), 0644); }},
      {"symlink", [&] { return ::symlink("target", at("x/new").c_str()); }},
      {"link", [&] { return ::link(at("source").c_str(), at("x/new").c_str()); }},
      {"rename", [&] { return ::rename(at("x/old").c_str(), at("x/new").c_str()); }},
      {"unlink", [&] { return ::unlink(at("x/old").c_str()); }},
      // Cached, mkdir(2) does not try again when its lookup is stale: refused all the same, but with ESTALE, once.
      {"mkdir of what is there",
       [&] { return ::mkdir(at("x/old").c_str(), 0755) < 0 && (errno == EEXIST || errno == ESTALE) ? 0 : -1; }},
      {"stat of what is not there", [&] { return ::lstat(at("x/gone").c_str(), &st) < 0 && errno == ENOENT ? 0 : -1; }},
  };
  for (const auto& [name, operation] : operations) {
    SCOPED_TRACE(name);
    erase(real("x"));
    make_dir(real("x"), 0777);
    make_file(real("x/gone"), 0666);
    EXPECT_EQ(slurp(at("x/gone")), "content");
    erase(real("x"));
    make_dir(real("x"), 0777);
    make_file(real("x/old"), 0666);
    EXPECT_EQ(errno_name(errno_as(0, 0, operation)), "0");
  }
}

TEST_P(RevocationTest, AGrantReplacedByTheSameNameOnAnotherNodeIsThatNodes) {
  ASSERT_EQ(allow(real("a/b/c/f"), user(kBob), "r"), 0);
  EXPECT_EQ(read_as(kBob), 0);
  make_file(real("a/b/c/g"), 0600, "secret");
  ASSERT_EQ(::rename(real("a/b/c/g").c_str(), real("a/b/c/f").c_str()), 0);
  EXPECT_EQ(read_as(kBob), EACCES);
  EXPECT_EQ(read_as(0), 0);
}

INSTANTIATE_TEST_SUITE_P(Names, RevocationTest, ::testing::Values("names=cached", "names=uncached"),
                         [](const auto& param) { return std::string(param.param).substr(6); });

/// Creation is atomic: nobody ever sees a node that does not yet belong to its maker.
class OwnershipRaceTest : public MountedTest {};

TEST_F(OwnershipRaceTest, ANewNodeNeverBelongsToRoot) {
  make_dir(real("d"), 0777);
  const std::string watched = real("d");
  std::atomic<bool> stop = false;
  std::atomic<long> seen = 0;
  std::atomic<long> wrong = 0;
  std::thread watcher([&] {
    while (!stop) {
      for (const char* name : {"/f", "/dir", "/l", "/p"}) {
        struct stat st {};
        if (::lstat((watched + name).c_str(), &st) != 0) continue;
        ++seen;
        if (st.st_uid != kAlice || st.st_gid != kStaff) ++wrong;
      }
    }
  });
  const int done = errno_as(kAlice, kStaff, [&] {
    for (int i = 0; i < 300; ++i) {
      if (try_open(at("d/f"), O_CREAT | O_EXCL | O_WRONLY, 0644) != 0 || ::unlink(at("d/f").c_str()) != 0) return -1;
      if (::mkdir(at("d/dir").c_str(), 0755) != 0 || ::rmdir(at("d/dir").c_str()) != 0) return -1;
      if (::symlink("x", at("d/l").c_str()) != 0 || ::unlink(at("d/l").c_str()) != 0) return -1;
      if (::mkfifo(at("d/p").c_str(), 0644) != 0 || ::unlink(at("d/p").c_str()) != 0) return -1;
    }
    return 0;
  });
  stop = true;
  watcher.join();
  EXPECT_EQ(errno_name(done), "0");
  EXPECT_GT(seen, 0);
  EXPECT_EQ(wrong, 0);
}

/// Two mounts of one backing.
class TwoMountsTest : public MountedTest {};

TEST_F(TwoMountsTest, AChangeThroughOneShowsInTheOther) {
  Mount other({.source = mount().backing()});
  REQUIRE_MOUNT(other);
  make_dir(real("d"), 0755);
  make_file(real("d/f"), 0600);
  const auto read_other = [&] { return errno_as(kBob, kBob, [&] { return try_open(other.at("d/f"), O_RDONLY); }); };
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(read_other(), EACCES);
    ASSERT_EQ(allow(at("d"), user(kBob), "r"), 0) << errno_name(errno);
    EXPECT_EQ(read_other(), 0);
    ASSERT_EQ(remove_allow(at("d"), user(kBob)), 0);
  }
  EXPECT_EQ(other.stop(), 0);
}

}  // namespace
}  // namespace acefs::test
