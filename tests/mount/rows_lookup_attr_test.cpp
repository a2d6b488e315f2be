// SPDX-License-Identifier: MIT
// Rows of the operation table that look: lookup, attributes, listing, access(2), statfs.
#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "rows.hpp"

namespace acefs::test {
namespace {

class LookTest : public RowTest {
 protected:
  std::function<void()> tree() {
    return [this] {
      erase(real("d"));
      make_dir(real("d"), 0755);
      make_dir(real("d/sub"), 0755);
      make_file(real("d/f"), 0644);
      make_symlink("f", real("d/l"));
    };
  }
  static long stat_of(const std::string& path) {
    struct stat st {};
    return ::lstat(path.c_str(), &st);
  }
  static long statx_of(const std::string& path) {
    struct statx st {};
    return ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st);
  }
  static long list(const std::string& path) {
    const auto names = names_in(path);
    if (names.size() == 1 && names[0][0] == '!') return -1;
    return 0;
  }
};

using LookupTest = LookTest;
TEST_F(LookupTest, NeedsExecuteOnTheParent) {
  both_ways({.node = "d", .letters = "x", .prepare = tree(), .call = [&] { return stat_of(at("d/f")); }});
}

TEST_F(LookupTest, OfAMissingNameNeedsExecuteOnTheParent) {
  const auto missing = [&]() -> long { return stat_of(at("d/nothing")) < 0 && errno == ENOENT ? 0 : -1; };
  both_ways({.node = "d", .letters = "x", .prepare = tree(), .call = missing});
}

TEST_F(LookupTest, NeedsExecuteOnEveryAncestor) {
  both_ways({.node = "d", .letters = "x", .prepare = tree(), .call = [&] { return list(at("d/sub")); }});
  both_ways({.node = ".", .letters = "x", .prepare = tree(), .call = [&] { return stat_of(at("d/f")); }});
}

TEST_F(LookupTest, IsNotNeededForTheDirectoryItself) {
  tree()();
  make_dir(real("d"), 0700);
  EXPECT_EQ(as_bob([&] { return stat_of(at("d")); }), 0);
}

using AttributesTest = LookTest;
TEST_F(AttributesTest, StatNeedsReadAttributes) {
  denied_against_the_mode({.node = "d/f", .letters = "t", .prepare = tree(), .call = [&] { return stat_of(at("d/f")); }});
  denied_against_the_mode({.node = "d/sub", .letters = "t", .prepare = tree(), .call = [&] { return stat_of(at("d/sub")); }});
}

TEST_F(AttributesTest, StatxNeedsReadAttributes) {
  denied_against_the_mode({.node = "d/f", .letters = "t", .prepare = tree(), .call = [&] { return statx_of(at("d/f")); }});
}

TEST_F(AttributesTest, ReadlinkNeedsReadAttributesFromTheAncestors) {
  const auto readlink = [&]() -> long {
    char target[16];
    return ::readlink(at("d/l").c_str(), target, sizeof target);
  };
  denied_against_the_mode({.node = "d", .letters = "t", .prepare = tree(), .call = readlink, .flags = "f"});
}

TEST_F(AttributesTest, FstatOfAnOpenHandleNeedsReadAttributes) {
  tree()();
  int fd = -1;
  User bob(kBob, kBob);
  bob.start({[&] { return fd = ::open(at("d/f").c_str(), O_RDONLY); },
             [&]() -> long {
               struct stat st {};
               return ::fstat(fd, &st);
             }});
  EXPECT_EQ(bob.run(0), 0);
  EXPECT_EQ(bob.run(1), 0);
  ASSERT_EQ(deny(real("d/f"), user(kBob), "t"), 0);
  EXPECT_EQ(bob.run(1), EACCES);
}

/// A mount where the mode gives nobody anything.
class BaselessTest : public LookTest {
 protected:
  MountOptions options() const override { return {.options = "base=none"}; }
};

TEST_F(BaselessTest, StatNeedsReadAttributesByAnAce) {
  const auto grown = [&] {
    tree()();
    for (const auto& dir : {".", "d"}) ASSERT_EQ(allow(real(dir), "o:EVERYONE@", "x", "n"), 0);
  };
  granted_beyond_the_mode(
      {.node = "d/f", .letters = "t", .prepare = grown, .call = [&] { return stat_of(at("d/f")); }, .closed = 0777});
  granted_beyond_the_mode(
      {.node = "d/f", .letters = "r", .prepare = grown, .call = [&] { return try_open(at("d/f"), O_RDONLY); }, .closed = 0777});
}

TEST_F(BaselessTest, TheOwnerKeepsHisPart) {
  tree()();
  for (const auto& dir : {".", "d"}) ASSERT_EQ(allow(real(dir), "o:EVERYONE@", "x", "n"), 0);
  make_file(real("d/f"), 0777, "content", kAlice, kAlice);
  EXPECT_EQ(as_alice([&] { return stat_of(at("d/f")); }), 0);
  EXPECT_EQ(as_alice([&] { return ::chmod(at("d/f").c_str(), 0700); }), 0);
  EXPECT_EQ(as_alice([&] { return try_open(at("d/f"), O_RDONLY); }), EACCES);
}

using ListingTest = LookTest;
TEST_F(ListingTest, NeedsReadOnTheDirectory) {
  both_ways({.node = "d", .letters = "r", .prepare = tree(), .call = [&] { return list(at("d")); }});
}

TEST_F(ListingTest, OfOneUserGivesAnotherNoAttributes) {
  tree()();
  ASSERT_EQ(deny(real("d/f"), user(kBob), "t"), 0);
  const auto walk = [&] {
    std::string seen;
    for (const std::string& name : names_in(at("d"))) seen += name + (stat_of(at("d/" + name)) == 0 ? "+ " : "- ");
    return seen;
  };
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(run_as(kAlice, kAlice, walk), "f+ l+ sub+ ");
    EXPECT_EQ(run_as(kBob, kBob, walk), "f- l+ sub+ ");
  }
}

TEST_F(ListingTest, OfTheNamesAloneNeedsNoExecute) {
  tree()();
  make_dir(real("d"), 0744);
  EXPECT_EQ(run_as(kBob, kBob, [&] { return listing(at("d")); }), "f l sub");
  EXPECT_EQ(as_bob([&] { return stat_of(at("d/f")); }), EACCES);
}

using AccessTest = LookTest;
TEST_F(AccessTest, ReadNeedsR) {
  both_ways({.node = "d/f", .letters = "r", .prepare = tree(), .call = [&] { return ::access(at("d/f").c_str(), R_OK); }});
  both_ways({.node = "d", .letters = "r", .prepare = tree(), .call = [&] { return ::access(at("d").c_str(), R_OK); }});
}

TEST_F(AccessTest, WriteNeedsWOnAFile) {
  both_ways({.node = "d/f", .letters = "w", .prepare = tree(), .call = [&] { return ::access(at("d/f").c_str(), W_OK); }});
}

TEST_F(AccessTest, WriteNeedsAnyOfThreeOnADirectory) {
  const auto call = [&] { return ::access(at("d/sub").c_str(), W_OK); };
  both_ways({.node = "d/sub", .letters = "w", .prepare = tree(), .call = call, .or_letters = "aD"});
  both_ways({.node = "d/sub", .letters = "a", .prepare = tree(), .call = call, .or_letters = "wD"});
  both_ways({.node = "d/sub", .letters = "D", .prepare = tree(), .call = call, .or_letters = "wa"});
}

TEST_F(AccessTest, ExecuteNeedsX) {
  both_ways({.node = "d/f", .letters = "x", .prepare = tree(), .call = [&] { return ::access(at("d/f").c_str(), X_OK); }});
  both_ways({.node = "d/sub", .letters = "x", .prepare = tree(), .call = [&] { return ::access(at("d/sub").c_str(), X_OK); }});
}

TEST_F(AccessTest, ExecuteOfAFileWithoutAnyXBitIsRefusedToAll) {
  tree()();
  make_file(real("d/f"), 0644);
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "x"), 0);
  EXPECT_EQ(as_alice([&] { return ::access(at("d/f").c_str(), X_OK); }), EACCES);
  EXPECT_EQ(::access(at("d/f").c_str(), X_OK), -1);
}

TEST_F(AccessTest, ExistenceNeedsT) {
  denied_against_the_mode({.node = "d/f", .letters = "t", .prepare = tree(), .call = [&] { return ::access(at("d/f").c_str(), F_OK); }});
}

TEST_F(AccessTest, ChdirNeedsX) {
  both_ways({.node = "d/sub", .letters = "x", .prepare = tree(), .call = [&] { return ::chdir(at("d/sub").c_str()); }});
}

using StatfsTest = LookTest;
TEST_F(StatfsTest, NeedsNothingMoreThanTheWay) {
  tree()();
  make_file(real("d/f"), 0600);
  const auto statfs_of = [&]() -> long {
    struct statvfs st {};
    return ::statvfs(at("d/f").c_str(), &st);
  };
  EXPECT_EQ(as_bob(statfs_of), 0);
}

using RootOfTheMountTest = LookTest;
TEST_F(RootOfTheMountTest, HasAnAclOfItsOwn) {
  both_ways({.node = ".", .letters = "r", .prepare = tree(), .call = [&] { return list(mount().point()); }});
  both_ways({.node = ".", .letters = "w", .prepare = [&] { tree()(); erase(real("new")); },
             .call = [&] { return try_open(at("new"), O_CREAT | O_EXCL | O_WRONLY); }});
}

/// No ancestor needs to give x.
class BypassTraverseTest : public LookTest {
 protected:
  MountOptions options() const override { return {.options = "traverse=bypass"}; }
};

TEST_F(BypassTraverseTest, LetsThroughDirectoriesWithoutX) {
  tree()();
  make_dir(real("d"), 0700);
  EXPECT_EQ(as_bob([&] { return stat_of(at("d/f")); }), 0);
  EXPECT_EQ(run_as(kBob, kBob, [&] { return slurp(at("d/f")); }), "content");
  EXPECT_EQ(as_bob([&] { return list(at("d")); }), EACCES);
  make_file(real("d/f"), 0600);
  EXPECT_EQ(as_bob([&] { return try_open(at("d/f"), O_RDONLY); }), EACCES);
}

/// Root is a user like others.
class RootSquashTest : public LookTest {
 protected:
  MountOptions options() const override { return {.options = "root_squash"}; }
};

TEST_F(RootSquashTest, RefusesRootWhatTheAcesRefuse) {
  tree()();
  make_file(real("d/f"), 0600, "content", kAlice, kAlice);
  EXPECT_EQ(as_alice([&] { return try_open(at("d/f"), O_RDONLY); }), 0);
  EXPECT_EQ(try_open(at("d/f"), O_RDONLY), -1);
  EXPECT_EQ(errno, EACCES);
  ASSERT_EQ(allow(real("d/f"), user(0), "r"), 0);
  EXPECT_EQ(try_open(at("d/f"), O_RDONLY), 0);
}

}  // namespace
}  // namespace acefs::test
