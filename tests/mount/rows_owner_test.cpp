// SPDX-License-Identifier: MIT
// Rows of the operation table that change attributes: chmod, chown, utimens.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

class OwnerTest : public RowTest {
 protected:
  std::function<void()> file(uid_t uid = 0, gid_t gid = 0, mode_t mode = 0644) {
    return [this, uid, gid, mode] {
      make_dir(real("d"), 0755);
      erase(real("d/f"));
      make_file(real("d/f"), mode, "content", uid, gid);
    };
  }
  Row row(std::string letters, std::function<long()> call, int refused) {
    return {.node = "d/f", .letters = std::move(letters), .prepare = file(), .call = std::move(call), .refused = refused};
  }
  long set_times(const timespec& access, const timespec& modify) {
    const timespec times[2] = {access, modify};
    return ::utimensat(AT_FDCWD, at("d/f").c_str(), times, AT_SYMLINK_NOFOLLOW);
  }
  long set_times_to_a_value() { return set_times({1000, 5}, {2000, 6}); }
  long set_times_to_now() { return ::utimensat(AT_FDCWD, at("d/f").c_str(), nullptr, 0); }
  mode_t mode() { return lstat_of(real("d/f")).st_mode & 07777; }
};

using ChmodTest = OwnerTest;
TEST_F(ChmodTest, NeedsAddAce) {
  both_ways(row("C", [&] { return ::chmod(at("d/f").c_str(), 0640); }, EPERM));
}

TEST_F(ChmodTest, IsTheOwnersWhateverIsDenied) {
  const auto owned = [&] {
    file(kAlice, kAlice)();
    ASSERT_EQ(deny(real("d/f"), user(kAlice), "C"), 0);
  };
  only(kAlice, kBob, owned, [&] { return ::chmod(at("d/f").c_str(), 0640); }, EPERM);
}

TEST_F(ChmodTest, ChangesTheModeOnlyAndNoGrant) {
  file(kAlice, kAlice)();
  ASSERT_EQ(allow(real("d/f"), user(kBob), "rw"), 0);
  const std::string before = get_attribute(real("d/f"), allow_name(user(kBob)));
  ASSERT_EQ(as_alice([&] { return ::chmod(at("d/f").c_str(), 0600); }), 0);
  EXPECT_EQ(mode(), 0600u);
  EXPECT_EQ(get_attribute(real("d/f"), allow_name(user(kBob))), before);
  EXPECT_EQ(as_bob([&] { return try_open(at("d/f"), O_RDWR); }), 0);
}

TEST_F(ChmodTest, ThroughAHandleFollowsTheSameRule) {
  file(kAlice, kAlice, 0644)();
  const auto fchmod_of = [&]() -> long {
    const UniqueFd fd(::open(at("d/f").c_str(), O_RDONLY));
    return fd ? ::fchmod(fd.get(), 0664) : -1;
  };
  only(kAlice, kBob, file(kAlice, kAlice, 0644), fchmod_of, EPERM);
}

TEST_F(ChmodTest, DropsSetgidForAGroupThatIsNotTheCallers) {
  file(kAlice, kStaff, 0644)();
  ASSERT_EQ(as_alice([&] { return ::chmod(at("d/f").c_str(), 02755); }), 0);
  EXPECT_EQ(mode(), 0755u);
  ASSERT_EQ(errno_as(kAlice, kAlice, {kStaff}, [&] { return ::chmod(at("d/f").c_str(), 02755); }), 0);
  EXPECT_EQ(mode(), 02755u);
}

TEST_F(ChmodTest, ByAnAceNeverSetsSetuid) {
  // C is the right to share, not to make a program run as its owner.
  file(0, 0, 0755)();
  ASSERT_EQ(allow(real("d/f"), user(kBob), "rwxC"), 0);
  as_bob([&] { return ::chmod(at("d/f").c_str(), 06755); });
  EXPECT_EQ(mode() & 06000, 0u);
}

TEST_F(ChmodTest, ByAnAceTakesNoSetgidFromADirectory) {
  // From a file that he writes to he may: the kernel does it in his name.
  make_dir(real("shared"), 0775);
  ASSERT_EQ(::chown(real("shared").c_str(), 0, kStaff), 0);
  ASSERT_EQ(::chmod(real("shared").c_str(), 02775), 0);
  ASSERT_EQ(allow(real("shared"), user(kBob), "rwxat"), 0);
  EXPECT_EQ(errno_name(as_bob([&] { return ::chmod(at("shared").c_str(), 0775); })), "EPERM");
  EXPECT_EQ(lstat_of(real("shared")).st_mode & 07777, 02775u);
}

using ChownTest = OwnerTest;
TEST_F(ChownTest, OfTheOwnerIsRootsAlone) {
  file(kAlice, kAlice)();
  ASSERT_EQ(allow(real("d/f"), user(kBob), all_but("")), 0);
  EXPECT_EQ(errno_name(as_alice([&] { return ::chown(at("d/f").c_str(), kBob, static_cast<gid_t>(-1)); })), "EPERM");
  EXPECT_EQ(errno_name(as_bob([&] { return ::chown(at("d/f").c_str(), kBob, static_cast<gid_t>(-1)); })), "EPERM");
  EXPECT_EQ(lstat_of(real("d/f")).st_uid, kAlice);
  EXPECT_EQ(::chown(at("d/f").c_str(), kBob, kStaff), 0);
  EXPECT_EQ(lstat_of(real("d/f")).st_uid, kBob);
}

TEST_F(ChownTest, OfTheGroupIsTheOwnersToHisOwnGroups) {
  const auto chgrp = [&] { return ::chown(at("d/f").c_str(), static_cast<uid_t>(-1), kStaff); };
  file(kAlice, kAlice)();
  EXPECT_EQ(errno_name(as_alice(chgrp)), "EPERM") << "not a group of hers";
  EXPECT_EQ(errno_name(errno_as(kBob, kBob, {kStaff}, chgrp)), "EPERM") << "not his file";
  EXPECT_EQ(errno_name(errno_as(kAlice, kAlice, {kStaff}, chgrp)), "0");
  EXPECT_EQ(lstat_of(real("d/f")).st_gid, kStaff);
}

TEST_F(ChownTest, ClearsSetuidAndSetgid) {
  file(kAlice, kAlice, 06755)();
  ASSERT_EQ(errno_as(kAlice, kAlice, {kStaff}, [&] { return ::chown(at("d/f").c_str(), static_cast<uid_t>(-1), kStaff); }), 0);
  EXPECT_EQ(mode(), 0755u);
}

using UtimensTest = OwnerTest;
TEST_F(UtimensTest, ToAValueNeedsWriteAttributes) {
  both_ways(row("T", [&] { return set_times_to_a_value(); }, EPERM));
}

TEST_F(UtimensTest, ToAValueIsTheOwnersWhateverIsDenied) {
  only(kAlice, kBob,
       [&] {
         file(kAlice, kAlice, 0666)();
         ASSERT_EQ(deny(real("d/f"), user(kAlice), "T"), 0);
       },
       [&] { return set_times_to_a_value(); }, EPERM);
  EXPECT_EQ(as_alice([&] { return set_times_to_a_value(); }), 0);
  const struct stat st = lstat_of(real("d/f"));
  EXPECT_EQ(st.st_atim.tv_sec, 1000);
  EXPECT_EQ(st.st_mtim.tv_sec, 2000);
  EXPECT_EQ(st.st_mtim.tv_nsec, 6);
}

TEST_F(UtimensTest, ToNowNeedsWriteDataOrWriteAttributes) {
  Row by_w = row("w", [&] { return set_times_to_now(); }, EACCES);
  by_w.or_letters = "T";
  both_ways(by_w);
  Row by_attributes = row("T", [&] { return set_times_to_now(); }, EACCES);
  by_attributes.or_letters = "w";
  both_ways(by_attributes);
}

TEST_F(UtimensTest, OmittedTimesAreLeft) {
  file(kAlice, kAlice)();
  ASSERT_EQ(as_alice([&] { return set_times_to_a_value(); }), 0);
  ASSERT_EQ(as_alice([&] { return set_times({0, UTIME_OMIT}, {3000, 0}); }), 0);
  const struct stat st = lstat_of(real("d/f"));
  EXPECT_EQ(st.st_atim.tv_sec, 1000);
  EXPECT_EQ(st.st_mtim.tv_sec, 3000);
}

using SetuidClearingTest = OwnerTest;
TEST_F(SetuidClearingTest, WriteByAnotherUserClearsSetuidAndSetgid) {
  for (const std::string by : {"write", "truncate", "fallocate"}) {
    SCOPED_TRACE(by);
    file(kAlice, kAlice, 06777)();
    const auto change = [&]() -> long {
      const UniqueFd fd(::open(at("d/f").c_str(), O_WRONLY));
      if (!fd) return -1;
      if (by == "write") return ::write(fd.get(), "x", 1);
      if (by == "truncate") return ::ftruncate(fd.get(), 1);
      return ::fallocate(fd.get(), 0, 0, 4096);
    };
    EXPECT_EQ(errno_name(as_bob(change)), "0");
    EXPECT_EQ(mode(), 0777u);
  }
}

TEST_F(SetuidClearingTest, OpenWithTruncationClearsToo) {
  file(kAlice, kAlice, 06777)();
  EXPECT_EQ(errno_name(as_bob([&] { return try_open(at("d/f"), O_WRONLY | O_TRUNC); })), "0");
  EXPECT_EQ(mode(), 0777u);
}

TEST_F(SetuidClearingTest, ChangeByAnotherUserTakesFileCapabilitiesOff) {
  // cap_net_raw+ep, revision 2.
  const std::string capability("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  const auto prepare = [&](mode_t mode) {
    file(kAlice, kAlice, mode)();
    ASSERT_EQ(::setxattr(real("d/f").c_str(), "security.capability", capability.data(), capability.size(), 0), 0);
  };
  const auto is_there = [&] { return ::getxattr(real("d/f").c_str(), "security.capability", nullptr, 0) > 0; };
  for (const std::string by : {"write", "append", "truncate", "fallocate", "open"}) {
    SCOPED_TRACE(by);
    const auto change = [&]() -> long {
      const int how = by == "append" ? O_APPEND : by == "open" ? O_TRUNC : 0;
      const UniqueFd fd(::open(at("d/f").c_str(), O_WRONLY | how));
      if (!fd || by == "open") return fd ? 0 : -1;
      if (by == "truncate") return ::ftruncate(fd.get(), 1);
      return by == "fallocate" ? ::fallocate(fd.get(), 0, 0, 4096) : ::write(fd.get(), "x", 1);
    };
    prepare(0666);
    EXPECT_EQ(errno_name(as_bob(change)), "0");
    EXPECT_FALSE(is_there());
    prepare(0644);
    EXPECT_EQ(errno_name(as_bob(change)), "EACCES");
    EXPECT_TRUE(is_there());
  }
  prepare(0666);
  EXPECT_EQ(errno_name(as_bob([&] { return ::removexattr(at("d/f").c_str(), "security.capability"); })), "EPERM");
  EXPECT_TRUE(is_there());
}

}  // namespace
}  // namespace acefs::test
