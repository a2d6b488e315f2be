// SPDX-License-Identifier: MIT
// Where the proof comes from that nothing changed, and that it holds where it is least expected to.
#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/loop_fs.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

std::string itself(const ::testing::TestParamInfo<const char*>& name) { return name.param; }

/// What the mount says that its proof is; empty: it does not say.
std::string source_of(const std::string& mount_point) {
  const std::string status = "\n" + get_attribute(mount_point, "system.acefs.status") + "\n";
  const std::string key = "\ncoherence=";
  const std::size_t at = status.find(key);
  if (at == status.npos) return "";
  const std::size_t value = at + key.size();
  return status.substr(value, status.find('\n', value) - value);
}

/// A mount of the directory `tree` of a filesystem of its own, with a file d/sub/f that only grants open to Bob.
class CoherenceTest : public MountedTest {
 protected:
  explicit CoherenceTest(std::string source, std::string kind = "tmpfs") : source_(std::move(source)), kind_(std::move(kind)) {}

  MountOptions options() const override { return {.options = "coherence=" + source_, .source = disk_->at("tree")}; }

  void SetUp() override {
    disk_.emplace(kind_);
    REQUIRE_LOOP_FS(*disk_);
    make_dir(disk_->at("tree"), 0755);
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const char* dir : {"d", "d/sub", "closed"}) make_dir(at(dir), 0755);
    ASSERT_EQ(::chmod(at("closed").c_str(), 0700), 0);
    make_file(at("d/sub/f"), 0600);
  }

  /// Whether Bob can read the file, and EACCES or 0 as errno_as() says it.
  int read_as_bob(const std::string& path) {
    return errno_as(kBob, kBob, [&] { return try_open(path, O_RDONLY); });
  }
  int read_as_bob() { return read_as_bob(at("d/sub/f")); }

  const std::string source_;
  const std::string kind_;
  std::optional<LoopFs> disk_;
};

/// By each source that there is, with changes made through the mount.
class AnySourceTest : public CoherenceTest, public ::testing::WithParamInterface<const char*> {
 protected:
  AnySourceTest() : CoherenceTest(GetParam()) {}
};

TEST_P(AnySourceTest, IsNamedByTheStatus) { EXPECT_EQ(source_of(mount().point()), GetParam()); }

TEST_P(AnySourceTest, GrantsWrittenThroughTheMountCountAtOnce) {
  for (const std::string where : {"d/sub/f", "d/sub", "d", "."}) {
    SCOPED_TRACE(where);
    for (int round = 0; round < 5; ++round) {
      EXPECT_EQ(read_as_bob(), EACCES);
      ASSERT_EQ(allow(at(where), user(kBob), "r"), 0) << errno_name(errno);
      EXPECT_EQ(read_as_bob(), 0);
      ASSERT_EQ(deny(at(where), user(kBob), "r"), 0) << errno_name(errno);
      EXPECT_EQ(read_as_bob(), EACCES);
      ASSERT_EQ(remove_deny(at(where), user(kBob)), 0) << errno_name(errno);
      EXPECT_EQ(read_as_bob(), 0);
      ASSERT_EQ(remove_allow(at(where), user(kBob)), 0) << errno_name(errno);
    }
  }
}

TEST_P(AnySourceTest, ModesAndOwnersSetThroughTheMountCountAtOnce) {
  ASSERT_EQ(::chmod(at("d/sub/f").c_str(), 0644), 0);
  for (const std::string where : {"d/sub", "d", "."}) {
    SCOPED_TRACE(where);
    for (int round = 0; round < 5; ++round) {
      EXPECT_EQ(read_as_bob(), 0);
      ASSERT_EQ(::chmod(at(where).c_str(), 0700), 0);
      EXPECT_EQ(read_as_bob(), EACCES);
      ASSERT_EQ(::chown(at(where).c_str(), kBob, kBob), 0);
      EXPECT_EQ(read_as_bob(), 0);
      ASSERT_EQ(::chown(at(where).c_str(), 0, 0), 0);
      EXPECT_EQ(read_as_bob(), EACCES);
      ASSERT_EQ(::chmod(at(where).c_str(), 0755), 0);
    }
  }
}

TEST_P(AnySourceTest, MovesThroughTheMountCountAtOnce) {
  ASSERT_EQ(::chmod(at("d/sub/f").c_str(), 0644), 0);
  make_dir(at("d/other"), 0755);
  make_file(at("d/other/f"), 0600);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(read_as_bob(), 0);
    ASSERT_EQ(::rename(at("d/sub").c_str(), at("closed/sub").c_str()), 0);
    EXPECT_EQ(read_as_bob(), ENOENT);
    EXPECT_EQ(read_as_bob(at("closed/sub/f")), EACCES);
    ASSERT_EQ(::rename(at("closed/sub").c_str(), at("d/sub").c_str()), 0);
    EXPECT_EQ(read_as_bob(), 0);
    ASSERT_EQ(::renameat2(AT_FDCWD, at("d/sub").c_str(), AT_FDCWD, at("d/other").c_str(), RENAME_EXCHANGE), 0);
    EXPECT_EQ(read_as_bob(), EACCES);
    EXPECT_EQ(read_as_bob(at("d/other/f")), 0);
    ASSERT_EQ(::renameat2(AT_FDCWD, at("d/sub").c_str(), AT_FDCWD, at("d/other").c_str(), RENAME_EXCHANGE), 0);
  }
}

TEST_P(AnySourceTest, NamesMadeAndRemovedThroughTheMountCountAtOnce) {
  make_dir(at("shared"), 0755);
  ASSERT_EQ(allow(at("shared"), user(kBob), "r"), 0) << errno_name(errno);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(read_as_bob(), EACCES);
    ASSERT_EQ(::link(at("d/sub/f").c_str(), at("shared/f").c_str()), 0);
    EXPECT_EQ(read_as_bob(at("shared/f")), 0);
    EXPECT_EQ(read_as_bob(), 0) << "one of its names allows it";
    ASSERT_EQ(::unlink(at("shared/f").c_str()), 0);
    EXPECT_EQ(read_as_bob(), EACCES);
    ASSERT_EQ(::unlink(at("d/sub/f").c_str()), 0);
    ASSERT_EQ(::rmdir(at("d/sub").c_str()), 0);
    EXPECT_EQ(read_as_bob(), ENOENT);
    ASSERT_EQ(::mkdir(at("d/sub").c_str(), 0755), 0);
    make_file(at("d/sub/f"), 0644);
    EXPECT_EQ(read_as_bob(), 0) << "the new one's mode counts";
    make_file(at("d/sub/g"), 0600);
    ASSERT_EQ(::rename(at("d/sub/g").c_str(), at("d/sub/f").c_str()), 0);
  }
}

TEST_P(AnySourceTest, GrantsThatOverflowThroughTheMountCountAtOnce) {
  // What a node of tmpfs can hold is not bounded as a block of ext4 is: the option moves them out.
  Mount small({.options = options().options + ",overflow=always", .source = options().source});
  REQUIRE_MOUNT(small);
  const std::string file = small.at("d/sub/f");
  EXPECT_EQ(read_as_bob(file), EACCES);
  for (uid_t uid = 100'000; uid < 100'030; ++uid) ASSERT_EQ(allow(small.at("d"), user(uid), "r"), 0) << errno_name(errno);
  ASSERT_EQ(get_attribute(real("d"), "user.oc.metadata_offloaded"), "1");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(read_as_bob(file), EACCES);
    ASSERT_EQ(allow(small.at("d"), user(kBob), "r"), 0) << errno_name(errno);
    EXPECT_EQ(read_as_bob(file), 0);
    ASSERT_EQ(remove_allow(small.at("d"), user(kBob)), 0) << errno_name(errno);
  }
  EXPECT_EQ(small.stop(), 0);
}

TEST_P(AnySourceTest, AnOpenHandleIsRevokedThroughTheMount) {
  ASSERT_EQ(allow(at("d"), user(kBob), "w"), 0) << errno_name(errno);
  int fd = -1;
  User bob(kBob, kBob);
  bob.start({[&] { return fd = ::open(at("d/sub/f").c_str(), O_WRONLY | O_CLOEXEC); }, [&] { return ::pwrite(fd, "x", 1, 0); }});
  ASSERT_EQ(bob.run(0), 0);
  EXPECT_EQ(bob.run(1), 0);
  ASSERT_EQ(remove_allow(at("d"), user(kBob)), 0) << errno_name(errno);
  EXPECT_EQ(bob.run(1), EACCES);
}

INSTANTIATE_TEST_SUITE_P(Source, AnySourceTest, ::testing::Values("fanotify", "statx", "exclusive"), itself);

/// By each source that looks behind the mount.
class BehindTheMountTest : public CoherenceTest, public ::testing::WithParamInterface<const char*> {
 protected:
  BehindTheMountTest() : CoherenceTest(GetParam()) {}

  void on_and_off(const std::string& writer, const std::string& reader) {
    for (const std::string where : {"/d/sub/f", "/d/sub", "/d", "/."}) {
      SCOPED_TRACE(where);
      for (int round = 0; round < 5; ++round) {
        ASSERT_EQ(allow(writer + where, user(kBob), "r"), 0) << errno_name(errno);
        EXPECT_EQ(read_as_bob(reader + "/d/sub/f"), 0);
        ASSERT_EQ(remove_allow(writer + where, user(kBob)), 0) << errno_name(errno);
        EXPECT_EQ(read_as_bob(reader + "/d/sub/f"), EACCES);
      }
    }
  }
};

TEST_P(BehindTheMountTest, AGrantCountsAtOnce) { on_and_off(mount().backing(), mount().point()); }

TEST_P(BehindTheMountTest, AGrantThroughAnotherMountCountsAtOnce) {
  Mount other(options());
  REQUIRE_MOUNT(other);
  on_and_off(other.point(), mount().point());
  on_and_off(mount().point(), other.point());
  EXPECT_EQ(other.stop(), 0);
}

TEST_P(BehindTheMountTest, TheRootsOwnModeCountsAtOnce) {
  ASSERT_EQ(::chmod(real("d/sub/f").c_str(), 0644), 0);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(read_as_bob(), 0);
    ASSERT_EQ(::chmod(mount().backing().c_str(), 0700), 0);
    EXPECT_EQ(read_as_bob(), EACCES);
    ASSERT_EQ(::chmod(mount().backing().c_str(), 0755), 0);
  }
}

TEST_P(BehindTheMountTest, WhatIsAboveTheRootDoesNotCount) {
  ASSERT_EQ(::chmod(real("d/sub/f").c_str(), 0644), 0);
  EXPECT_EQ(read_as_bob(), 0);
  ASSERT_EQ(::chmod(disk_->path().c_str(), 0700), 0);
  EXPECT_EQ(read_as_bob(), 0);
  ASSERT_EQ(::rename(disk_->at("tree").c_str(), disk_->at("elsewhere").c_str()), 0);
  EXPECT_EQ(read_as_bob(), 0) << "the root is held, not looked for";
  ASSERT_EQ(::chmod(disk_->at("elsewhere/d").c_str(), 0700), 0);
  EXPECT_EQ(read_as_bob(), EACCES);
}

TEST_P(BehindTheMountTest, AMovedDirectoryIsJudgedByWhereItIs) {
  ASSERT_EQ(::chmod(real("d/sub/f").c_str(), 0644), 0);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(read_as_bob(), 0);
    ASSERT_EQ(::rename(real("d/sub").c_str(), real("closed/sub").c_str()), 0);
    EXPECT_EQ(read_as_bob(), ENOENT);
    EXPECT_EQ(read_as_bob(at("closed/sub/f")), EACCES);
    ASSERT_EQ(::rename(real("closed/sub").c_str(), real("d/sub").c_str()), 0);
  }
}

TEST_P(BehindTheMountTest, ARenameOfNamesThatWereExchangedRenamesWhatIsThere) {
  for (const std::string dir : {"", "d/"}) {
    SCOPED_TRACE(dir);
    for (const char* name : {"x", "y"}) {
      make_file(real(dir + name), 0644, name);
      EXPECT_EQ(slurp(at(dir + name)), name);
    }
    ASSERT_EQ(::renameat2(AT_FDCWD, real(dir + "x").c_str(), AT_FDCWD, real(dir + "y").c_str(), RENAME_EXCHANGE), 0);
    // The kernel moves the names that it knows, whatever is behind them by now.
    ASSERT_EQ(::rename(at(dir + "x").c_str(), at(dir + "z").c_str()), 0) << errno_name(errno);
    EXPECT_EQ(slurp(real(dir + "z")), "y");
    EXPECT_EQ(slurp(at(dir + "z")), "y");
    EXPECT_EQ(slurp(at(dir + "y")), "x");
  }
}

TEST_P(BehindTheMountTest, AnExchangeOfDirectoriesThatWereExchangedExchangesWhatIsThere) {
  const auto exchange = [](const std::string& one, const std::string& other) {
    return ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
  };
  for (const char* name : {"x", "y"}) {
    make_dir(real(name), 0755);
    make_file(real(name) + "/f", 0644, name);
  }
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(slurp(at("x/f")), "x");
    EXPECT_EQ(slurp(at("y/f")), "y");
    ASSERT_EQ(exchange(real("x"), real("y")), 0);
    ASSERT_EQ(exchange(at("x"), at("y")), 0) << errno_name(errno);
    EXPECT_EQ(slurp(real("x/f")), "x");
  }
  EXPECT_EQ(slurp(at("x/f")), "x");
}

/// What happens to the name in/f of a file that is called backup, too: it becomes another file's, with the content "new".
struct Rebinding {
  const char* what;
  std::function<void(const std::string& tree)> make;
};

const Rebinding kRebindings[] = {
    {"replaced",
     [](const std::string& tree) {
       make_file(tree + "/new", 0644, "new");
       ASSERT_EQ(::rename((tree + "/new").c_str(), (tree + "/in/f").c_str()), 0);
     }},
    {"removed, and made anew",
     [](const std::string& tree) {
       ASSERT_EQ(::unlink((tree + "/in/f").c_str()), 0);
       make_file(tree + "/in/f", 0644, "new");
     }},
    {"moved, and made anew",
     [](const std::string& tree) {
       ASSERT_EQ(::rename((tree + "/in/f").c_str(), (tree + "/moved").c_str()), 0);
       make_file(tree + "/in/f", 0644, "new");
     }},
    {"in a directory that was moved, and another one made in its place",
     [](const std::string& tree) {
       ASSERT_EQ(::rename((tree + "/in").c_str(), (tree + "/was").c_str()), 0);
       make_dir(tree + "/in", 0755);
       make_file(tree + "/in/f", 0644, "new");
     }},
    {"in a directory that was removed, and another one made in its place",
     [](const std::string& tree) {
       erase(tree + "/in");
       make_dir(tree + "/in", 0755);
       make_file(tree + "/in/f", 0644, "new");
     }},
};

TEST_P(BehindTheMountTest, ANameThatAnotherFileGotLeadsThereThoughTheFormerOneHasOthers) {
  for (const auto& [what, make] : kRebindings) {
    for (const std::string held : {"", "in/f", "backup"}) {
      for (const bool backup_first : {false, true}) {
        SCOPED_TRACE(std::string(what) + ", held by " + held + (backup_first ? ", the other name asked for first" : ""));
        const std::string tree = real("t");
        erase(tree);
        make_dir(tree, 0755);
        make_dir(tree + "/in", 0755);
        make_file(tree + "/in/f", 0644, "old");
        ASSERT_EQ(::link((tree + "/in/f").c_str(), (tree + "/backup").c_str()), 0);
        for (const std::string name : {backup_first ? "backup" : "in/f", backup_first ? "in/f" : "backup"})
          EXPECT_EQ(slurp(at("t/" + name)), "old");
        UniqueFd fd;
        if (!held.empty()) fd = UniqueFd(::open(at("t/" + held).c_str(), O_RDONLY | O_CLOEXEC));
        make(tree);
        if (backup_first) {
          EXPECT_EQ(slurp(at("t/backup")), "old");
        }
        EXPECT_EQ(slurp(at("t/in/f")), "new");
        EXPECT_EQ(lstat_of(at("t/in/f")).st_ino, lstat_of(tree + "/in/f").st_ino);
        EXPECT_EQ(slurp(at("t/backup")), "old");
        EXPECT_EQ(lstat_of(at("t/backup")).st_ino, lstat_of(tree + "/backup").st_ino);
        EXPECT_EQ(slurp(at("t/in/f")), "new");
        if (held.empty()) continue;
        char bytes[4] = "";
        struct stat st {};
        EXPECT_EQ(::pread(fd.get(), bytes, 3, 0), 3) << errno_name(errno);
        EXPECT_STREQ(bytes, "old");
        EXPECT_EQ(::fstat(fd.get(), &st), 0) << errno_name(errno);
        EXPECT_EQ(st.st_ino, lstat_of(tree + "/backup").st_ino);
      }
    }
  }
}

TEST_P(BehindTheMountTest, ANameThatIsGoneIsNotFoundThoughItsFileHasOthers) {
  for (const bool backup_first : {false, true}) {
    erase(real("backup"));
    make_file(real("f"), 0644);
    ASSERT_EQ(::link(real("f").c_str(), real("backup").c_str()), 0);
    for (const std::string name : {backup_first ? "backup" : "f", backup_first ? "f" : "backup"}) EXPECT_TRUE(exists(at(name)));
    ASSERT_EQ(::unlink(real("f").c_str()), 0);
    EXPECT_FALSE(exists(at("f")));
    EXPECT_EQ(slurp(at("f")), "!ENOENT");
    EXPECT_EQ(slurp(at("backup")), "content");
  }
}

TEST_P(BehindTheMountTest, AFileThatGotTheKnownNameOfAnotherIsFoundByItAtOnce) {
  for (int round = 0; round < 20; ++round) {
    make_file(real("x"), 0644, "x");
    make_file(real("y"), 0644, "y");
    for (const std::string name : {"x", "y"}) EXPECT_EQ(slurp(at(name)), name);
    ASSERT_EQ(::rename(real("x").c_str(), real("y").c_str()), 0);
    EXPECT_EQ(slurp(at("y")), "x");
    EXPECT_EQ(slurp(at("x")), "!ENOENT");
  }
}

// However many were on their way by the name when it became another file's.
TEST_P(BehindTheMountTest, NobodyWhoComesAfterwardsMeetsTheFormerFileOfAName) {
  constexpr off_t kFiles = 400;
  make_file(real("f"), 0644, "");
  ASSERT_EQ(::link(real("f").c_str(), real("backup").c_str()), 0);
  for (const std::string name : {"backup", "f"}) EXPECT_TRUE(exists(at(name)));
  std::atomic<off_t> latest{0};
  std::atomic<int> wrong{0};
  std::atomic<int> stale{0};
  const auto ask = [&] {
    while (latest < kFiles) {
      struct stat st {};
      ::stat(at("backup").c_str(), &st);  // so that both are known
      const off_t before = latest;
      int error = ESTALE;
      for (int tries = 0; error == ESTALE && tries < 100; ++tries) {
        error = ::stat(at("f").c_str(), &st) == 0 ? 0 : errno;
        if (error == ESTALE) ++stale;
      }
      if (error != 0 || st.st_size < before) ++wrong;
    }
  };
  std::vector<std::thread> asking;
  for (int i = 0; i < 4; ++i) asking.emplace_back(ask);
  UniqueFd held;  // of some of them: it is one file for who has it open and for who comes by its other name
  for (off_t size = 1; size <= kFiles; ++size) {
    if (size % 2 == 0) held = UniqueFd(::open(at("f").c_str(), O_RDONLY | O_CLOEXEC));
    make_file(real("new"), 0644, std::string(static_cast<std::size_t>(size), 'x'));
    // The former file keeps another name, which callers know.
    EXPECT_EQ(::rename(real("new").c_str(), real("f").c_str()), 0);
    latest = size;
    if (size % 4 != 0) continue;
    EXPECT_EQ(::unlink(real("backup").c_str()), 0);
    EXPECT_EQ(::link(real("f").c_str(), real("backup").c_str()), 0);
  }
  for (std::thread& each : asking) each.join();
  EXPECT_EQ(wrong, 0);
  RecordProperty("stale", stale);
}

TEST_P(BehindTheMountTest, ADirectoryThatWasMovedAndListedIsNotFoundByItsFormerName) {
  make_dir(real("here"), 0755);
  make_dir(real("there"), 0755);
  make_dir(real("here/dir"), 0700);
  make_file(real("here/dir/f"), 0644, "old");
  ASSERT_EQ(allow(real("here/dir"), user(kBob), "rx"), 0);
  const auto read_as_bob = [&](const std::string& name) { return errno_as(kBob, kBob, [&] { return try_open(at(name), O_RDONLY); }); };
  EXPECT_EQ(errno_name(read_as_bob("here/dir/f")), "0");
  ASSERT_EQ(::rename(real("here/dir").c_str(), real("there/moved").c_str()), 0);
  make_dir(real("here/dir"), 0755);
  make_file(real("here/dir/f"), 0644, "new");
  // A listing with attributes, for one who is told none of that directory's.
  ASSERT_EQ(deny(real("there/moved"), user(kAlice), "t"), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, [&] { return listing(at("there")) == "moved" ? 0 : -1; }), 0);
  EXPECT_EQ(slurp(at("here/dir/f")), "new");
  EXPECT_EQ(slurp(at("there/moved/f")), "old");
}

TEST_P(BehindTheMountTest, AMovedDirectoryIsClosedToWhoHoldsItToo) {
  ASSERT_EQ(::chmod(real("d/sub/f").c_str(), 0644), 0);
  int dir = -1;
  User bob(kBob, kBob);
  bob.start({[&] { return dir = ::open(at("d/sub").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); },
             [&] {
               const UniqueFd fd(::openat(dir, "f", O_RDONLY | O_CLOEXEC));
               return fd ? 0 : -1;
             }});
  ASSERT_EQ(bob.run(0), 0);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(errno_name(bob.run(1)), "0");
    ASSERT_EQ(::rename(real("d/sub").c_str(), real("closed/sub").c_str()), 0);
    EXPECT_EQ(errno_name(bob.run(1)), "EACCES");
    ASSERT_EQ(::rename(real("closed/sub").c_str(), real("d/sub").c_str()), 0);
  }
}

TEST_P(BehindTheMountTest, WhoIsInADirectoryThatIsMovedGoesOnAndIsStillJudged) {
  const auto to_list = [] { return try_open(".", O_RDONLY | O_DIRECTORY); };
  const auto to_stat = []() -> long {
    struct stat st {};
    return ::stat(".", &st);
  };
  make_dir(real("d/empty"), 0755);  // nobody went further than into it
  const std::string way = at("d/empty");
  const auto in_it = [&] { return ::chdir(way.c_str()); };
  User bob(kBob, kBob);
  User carol(kCarol, kCarol);
  bob.start({in_it, to_stat, to_list});
  carol.start({in_it, to_stat, to_list});
  ASSERT_EQ(bob.run(0), 0);
  ASSERT_EQ(carol.run(0), 0);
  ASSERT_EQ(::rename(real("d/empty").c_str(), real("d/moved").c_str()), 0);
  EXPECT_EQ(errno_name(bob.run(1)), "0");
  EXPECT_EQ(errno_name(bob.run(2)), "0");
  ASSERT_EQ(deny(real("d"), user(kCarol), "r"), 0);
  EXPECT_EQ(errno_name(carol.run(2)), "EACCES");
  EXPECT_EQ(errno_name(bob.run(2)), "0");
}

TEST_P(BehindTheMountTest, AnOpenHandleIsRevoked) {
  for (const std::string where : {"d/sub/f", "d"}) {
    SCOPED_TRACE(where);
    ASSERT_EQ(allow(real("d"), user(kBob), "w"), 0);
    int fd = -1;
    User bob(kBob, kBob);
    bob.start({[&] { return fd = ::open(at("d/sub/f").c_str(), O_WRONLY | O_CLOEXEC); }, [&] { return ::pwrite(fd, "x", 1, 0); }});
    ASSERT_EQ(bob.run(0), 0);
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(bob.run(1), 0);
      ASSERT_EQ(deny(real(where), user(kBob), "w"), 0);
      EXPECT_EQ(bob.run(1), EACCES);
      ASSERT_EQ(remove_deny(real(where), user(kBob)), 0);
    }
  }
}

/// The daemon does not run while it lives.
class Halt {
 public:
  explicit Halt(pid_t pid) : pid_(pid) {
    ::kill(pid_, SIGSTOP);
    int status = 0;
    ::waitpid(pid_, &status, WUNTRACED);
  }
  Halt(const Halt&) = delete;
  Halt& operator=(const Halt&) = delete;
  ~Halt() { ::kill(pid_, SIGCONT); }

 private:
  pid_t pid_;
};

/// How many events the kernel keeps for one group, and some more.
int more_than_the_queue_holds() {
  const std::string limit = slurp("/proc/sys/fs/fanotify/max_queued_events");
  const int events = limit.empty() || limit[0] == '!' ? 16'384 : std::atoi(limit.c_str());
  return std::min(events, 100'000) + 1'000;
}

TEST_P(BehindTheMountTest, NothingIsOverlookedWhenMoreChangesThanTheQueueHolds) {
  const int files = more_than_the_queue_holds();
  // Each its own inode: events of one inode are merged. In the tree, since what is outside might be filtered.
  make_dir(real("noise"), 0755);
  for (int i = 0; i < files; ++i) ASSERT_EQ(::mknod(real("noise/" + std::to_string(i)).c_str(), S_IFREG | 0644, 0), 0);
  const auto flood = [&] {
    for (int i = 0; i < files; ++i) ::chmod(real("noise/" + std::to_string(i)).c_str(), 0600);
  };
  EXPECT_EQ(read_as_bob(), EACCES);
  {
    const Halt halt(mount().pid());
    ASSERT_EQ(allow(real("d"), user(kBob), "r"), 0);
    flood();
  }
  EXPECT_EQ(read_as_bob(), 0) << "granted before the others";
  {
    const Halt halt(mount().pid());
    flood();
    ASSERT_EQ(remove_allow(real("d"), user(kBob)), 0);
  }
  EXPECT_EQ(read_as_bob(), EACCES) << "revoked when the queue was full";
  {
    const Halt halt(mount().pid());
    flood();
    ASSERT_EQ(allow(real("d/sub"), user(kBob), "r"), 0);
    flood();
  }
  EXPECT_EQ(read_as_bob(), 0);
  flood();
  ASSERT_EQ(remove_allow(real("d/sub"), user(kBob)), 0);
  EXPECT_EQ(read_as_bob(), EACCES) << "with nobody asking meanwhile, the daemon running";
  on_and_off(mount().backing(), mount().point());
}

TEST_P(BehindTheMountTest, ADetachedBackingIsStillLookedAt) {
  ASSERT_EQ(allow(real("d"), user(kBob), "r"), 0);
  EXPECT_EQ(read_as_bob(), 0);
  const UniqueFd d(::open(real("d").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_TRUE(d);
  ASSERT_EQ(disk_->detach(), 0) << errno_name(errno);
  ASSERT_EQ(::fremovexattr(d.get(), allow_name(user(kBob)).c_str()), 0);
  EXPECT_NE(read_as_bob(), 0) << "whether it says EACCES or that the backing is gone";
}

/// Something else mounted at a name of the tree; away again when this goes.
class Mounted {
 public:
  Mounted(const std::string& what, const std::string& where) : where_(where) {
    done_ = ::mount(what.c_str(), where.c_str(), nullptr, MS_BIND, nullptr) == 0;
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  ~Mounted() {
    if (done_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  bool done() const { return done_; }

 private:
  std::string where_;
  bool done_;
};

TEST_P(BehindTheMountTest, AnotherFilesystemBelowTheRootIsLookedAtToo) {
  const LoopFs inner("tmpfs");
  REQUIRE_LOOP_FS(inner);
  make_dir(inner.at("sub"), 0755);
  make_file(inner.at("sub/f"), 0600);
  const Mounted mounted(inner.path(), real("d"));
  ASSERT_TRUE(mounted.done());
  Mount other(options());
  REQUIRE_MOUNT(other);
  EXPECT_EQ(read_as_bob(other.at("d/sub/f")), EACCES);
  on_and_off(mount().backing(), other.point());
  EXPECT_EQ(other.stop(), 0);
}

TEST_P(BehindTheMountTest, WhatIsMountedOverADirectoryTakesItsPlace) {
  const LoopFs inner("tmpfs");
  REQUIRE_LOOP_FS(inner);
  make_dir(inner.at("sub"), 0755);
  make_file(inner.at("sub/f"), 0644);
  EXPECT_EQ(read_as_bob(), EACCES);
  // No event of the filesystem tells; with fanotify the list of mounts is watched beside the operations, so it takes a moment.
  const auto soon = [this](int verdict) {
    const time_t end = ::time(nullptr) + 10;
    while (read_as_bob() != verdict) {
      if (::time(nullptr) > end) return false;
    }
    return true;
  };
  {
    const Mounted mounted(inner.path(), real("d"));
    ASSERT_TRUE(mounted.done());
    EXPECT_TRUE(soon(0));
    ASSERT_EQ(::chmod(inner.at("sub/f").c_str(), 0600), 0);
    EXPECT_EQ(read_as_bob(), EACCES);
    ASSERT_EQ(::chmod(inner.at("sub/f").c_str(), 0644), 0);
    EXPECT_EQ(read_as_bob(), 0);
  }
  EXPECT_TRUE(soon(EACCES));
}

INSTANTIATE_TEST_SUITE_P(Source, BehindTheMountTest, ::testing::Values("auto", "fanotify", "statx"), itself);

/// By default, on each filesystem that people keep trees on.
class ByDefaultTest : public CoherenceTest, public ::testing::WithParamInterface<const char*> {
 protected:
  ByDefaultTest() : CoherenceTest("auto", GetParam()) {}
};

TEST_P(ByDefaultTest, RootGetsFanotify) {
  EXPECT_EQ(source_of(mount().point()), "fanotify");
  Mount other({.source = mount().backing()});
  REQUIRE_MOUNT(other);
  EXPECT_EQ(source_of(other.point()), "fanotify") << "without the option as well";
  EXPECT_EQ(other.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Backing, ByDefaultTest, ::testing::Values("ext4", "xfs", "tmpfs"), itself);

/// What only some filesystems have.
class Ext4CoherenceTest : public CoherenceTest {
 protected:
  Ext4CoherenceTest() : CoherenceTest("auto", "ext4") {}
};

TEST_F(Ext4CoherenceTest, AFilesystemThatBrokeDownOpensNothing) {
  // linux/ext4.h has it since 6.8; flag 2: without writing anything back.
  constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);
  std::uint32_t flag = 2;
  ASSERT_EQ(allow(real("d"), user(kBob), "r"), 0);
  EXPECT_EQ(read_as_bob(), 0);
  const auto read_as_carol = [&] { return errno_as(kCarol, kCarol, [&] { return try_open(at("d/sub/f"), O_RDONLY); }); };
  EXPECT_EQ(read_as_carol(), EACCES);
  const UniqueFd root(::open(mount().backing().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::ioctl(root.get(), kShutdown, &flag), 0) << errno_name(errno);
  for (int round = 0; round < 3; ++round) {
    EXPECT_NE(read_as_carol(), 0);
    const int bob = read_as_bob();
    EXPECT_TRUE(bob == 0 || bob == EIO || bob == ESTALE || bob == EUCLEAN) << errno_name(bob);
  }
}

class BtrfsCoherenceTest : public CoherenceTest, public ::testing::WithParamInterface<const char*> {
 protected:
  BtrfsCoherenceTest() : CoherenceTest(GetParam(), "btrfs") {}
};

TEST_P(BtrfsCoherenceTest, ASubvolumeInTheTreeIsLookedAtToo) {
  // It has a device number of its own, and inode numbers that others have too.
  const UniqueFd d(::open(real("d").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  btrfs_ioctl_vol_args args{};
  std::strcpy(args.name, "volume");
  ASSERT_EQ(::ioctl(d.get(), BTRFS_IOC_SUBVOL_CREATE, &args), 0) << errno_name(errno);
  make_dir(real("d/volume/sub"), 0755);
  make_file(real("d/volume/sub/f"), 0600);
  for (const std::string where : {"d/volume/sub/f", "d/volume/sub", "d/volume", "d"}) {
    SCOPED_TRACE(where);
    for (int round = 0; round < 5; ++round) {
      EXPECT_EQ(read_as_bob(at("d/volume/sub/f")), EACCES);
      ASSERT_EQ(allow(real(where), user(kBob), "r"), 0);
      EXPECT_EQ(read_as_bob(at("d/volume/sub/f")), 0);
      ASSERT_EQ(remove_allow(real(where), user(kBob)), 0);
    }
  }
}

TEST_P(BtrfsCoherenceTest, ASubvolumeAsTheRootIsLookedAtToo) {
  const UniqueFd top(::open(disk_->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  btrfs_ioctl_vol_args args{};
  std::strcpy(args.name, "volume");
  ASSERT_EQ(::ioctl(top.get(), BTRFS_IOC_SUBVOL_CREATE, &args), 0) << errno_name(errno);
  const std::string volume = disk_->at("volume");
  make_file(volume + "/f", 0600);
  Mount other({.options = "coherence=" + source_, .source = volume});
  REQUIRE_MOUNT(other);
  for (const std::string where : {"/f", "/."}) {
    for (int round = 0; round < 5; ++round) {
      EXPECT_EQ(read_as_bob(other.at("f")), EACCES);
      ASSERT_EQ(allow(volume + where, user(kBob), "r"), 0);
      EXPECT_EQ(read_as_bob(other.at("f")), 0);
      ASSERT_EQ(remove_allow(volume + where, user(kBob)), 0);
    }
  }
  EXPECT_EQ(other.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Source, BtrfsCoherenceTest, ::testing::Values("auto", "statx"), itself);

class CoherenceOptionTest : public MountedTest {};

TEST_F(CoherenceOptionTest, OfAnotherNameIsAUsageError) {
  const TempDir point;
  std::string log;
  EXPECT_EQ(run_daemon({mount().backing(), point.path(), "-f", "-o", "coherence=hope"}, &log), EX_USAGE);
  EXPECT_NE(log.find("coherence"), std::string::npos) << log;
}

}  // namespace
}  // namespace acefs::test
