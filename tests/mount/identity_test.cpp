// SPDX-License-Identifier: MIT
// Who a caller is: numbers, names, groups of the calling thread, acefs.toml.
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <numeric>
#include <thread>

#include "rows.hpp"

namespace acefs::test {
namespace {

class IdentityTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0755);
    make_file(real("d/f"), 0600);
  }
  std::function<long()> read() {
    return [this] { return try_open(at("d/f"), O_RDONLY); };
  }
};

TEST_F(IdentityTest, UsersAreNamedByNumber) {
  ASSERT_EQ(allow(real("d"), user(kAlice), "r"), 0);
  EXPECT_EQ(errno_as(kBob, kBob, read()), EACCES);
  EXPECT_EQ(errno_as(kAlice, kAlice, read()), 0);
  EXPECT_EQ(errno_as(kAlice * 10, kAlice, read()), EACCES) << "a number is compared whole";
}

TEST_F(IdentityTest, SupplementaryGroupsAreThoseOfTheProcess) {
  ASSERT_EQ(allow(real("d"), group(kStaff), "r"), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, {}, read()), EACCES);
  EXPECT_EQ(errno_as(kAlice, kAlice, {kStaff}, read()), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, {kGuests}, read()), EACCES);
  EXPECT_EQ(errno_as(kAlice, kAlice, {kGuests, kStaff}, read()), 0);
}

TEST_F(IdentityTest, ThePrimaryGroupCounts) {
  ASSERT_EQ(allow(real("d"), group(kStaff), "r"), 0);
  EXPECT_EQ(errno_as(kAlice, kStaff, {}, read()), 0);
  EXPECT_EQ(errno_as(kAlice, kGuests, {}, read()), EACCES);
}

TEST_F(IdentityTest, ADenialOfOneGroupBeatsTheGrantOfAnother) {
  ASSERT_EQ(allow(real("d"), group(kStaff), "r"), 0);
  ASSERT_EQ(deny(real("d/f"), group(kGuests), "r"), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, {kStaff}, read()), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, {kStaff, kGuests}, read()), EACCES);
  EXPECT_EQ(errno_as(kAlice, kAlice, {kStaff}, read()), 0);
}

TEST_F(IdentityTest, AUserAndAGroupOfTheSameNumberAreTwo) {
  ASSERT_EQ(allow(real("d"), group(kAlice), "r"), 0);
  EXPECT_EQ(errno_as(kAlice, kStaff, {}, read()), EACCES);
  EXPECT_EQ(errno_as(kBob, kAlice, {}, read()), 0);
}

TEST_F(IdentityTest, AThousandGroupsAreAllSeen) {
  std::vector<gid_t> groups(1000);
  std::iota(groups.begin(), groups.end(), 40000);
  ASSERT_EQ(allow(real("d"), group(40999), "r"), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, groups, read()), 0);
  ASSERT_EQ(deny(real("d"), group(40500), "r"), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, groups, read()), EACCES);
}

TEST_F(IdentityTest, EveryoneOwnerAndGroupAreOfTheNode) {
  make_file(real("d/f"), 0000, "content", kAlice, kStaff);
  ASSERT_EQ(allow(real("d"), "o:OWNER@", "r"), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, read()), 0);
  EXPECT_EQ(errno_as(kBob, kBob, read()), EACCES);
  ASSERT_EQ(remove_allow(real("d"), "o:OWNER@"), 0);
  ASSERT_EQ(allow(real("d"), "o:GROUP@", "r"), 0);
  EXPECT_EQ(errno_as(kBob, kStaff, read()), 0);
  EXPECT_EQ(errno_as(kBob, kBob, {kStaff}, read()), 0);
  EXPECT_EQ(errno_as(kBob, kBob, {kGuests}, read()), EACCES);
  ASSERT_EQ(remove_allow(real("d"), "o:GROUP@"), 0);
  ASSERT_EQ(allow(real("d"), "o:EVERYONE@", "r"), 0);
  EXPECT_EQ(errno_as(kCarol, kCarol, read()), 0);
}

TEST_F(IdentityTest, ThreadsOfOneProcessAreWhoTheyAre) {
  // What file servers do: each thread takes on its client's identity. The raw calls change the calling thread only.
  ASSERT_EQ(allow(real("d"), group(kStaff), "r"), 0);
  const auto as_thread = [&](uid_t uid, const std::vector<gid_t>& groups) {
    int error = -1;
    std::thread([&] {
      if (::syscall(SYS_setgroups, groups.size(), groups.data()) != 0) return;
      if (::syscall(SYS_setresgid, uid, uid, uid) != 0 || ::syscall(SYS_setresuid, uid, uid, uid) != 0) return;
      error = read()() < 0 ? errno : 0;
    }).join();
    return error;
  };
  EXPECT_EQ(as_thread(kAlice, {kStaff}), 0);
  EXPECT_EQ(as_thread(kBob, {kGuests}), EACCES);
  EXPECT_EQ(as_thread(kAlice, {}), EACCES);
  EXPECT_EQ(as_thread(kBob, {kStaff}), 0);
}

TEST_F(IdentityTest, NewProcessesNeverInheritAnAnswer) {
  ASSERT_EQ(allow(real("d"), group(kStaff), "r"), 0);
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(errno_as(kAlice, kAlice, {kStaff}, read()), 0);
    EXPECT_EQ(errno_as(kAlice, kAlice, {kGuests}, read()), EACCES);
  }
}

TEST_F(IdentityTest, AccountsAreMatchedByNameToo) {
  const passwd* account = ::getpwnam("www-data");
  if (account == nullptr) GTEST_SKIP() << "no account www-data";
  const uid_t uid = account->pw_uid;
  ASSERT_EQ(allow(real("d"), "u:www-data", "r"), 0);
  EXPECT_EQ(errno_as(uid, kGuests, read()), 0);
  EXPECT_EQ(errno_as(kBob, kBob, read()), EACCES);
  ASSERT_EQ(remove_allow(real("d"), "u:www-data"), 0);
  ASSERT_EQ(allow(real("d"), "g:www-data", "r"), 0);
  EXPECT_EQ(errno_as(kBob, account->pw_gid, read()), 0);
  EXPECT_EQ(errno_as(uid, kGuests, read()), EACCES) << "the process is not in the group";
}

class NssGroupsTest : public IdentityTest {
 protected:
  MountOptions options() const override { return {.options = "groups=nss"}; }
};

TEST_F(NssGroupsTest, AsksNssInsteadOfTheProcess) {
  const passwd* account = ::getpwnam("www-data");
  if (account == nullptr) GTEST_SKIP() << "no account www-data";
  const uid_t uid = account->pw_uid;
  const gid_t gid = account->pw_gid;
  ASSERT_EQ(allow(real("d"), group(gid), "r"), 0);
  EXPECT_EQ(errno_as(uid, kGuests, {}, read()), 0);
  ASSERT_EQ(remove_allow(real("d"), group(gid)), 0);
  ASSERT_EQ(allow(real("d"), group(kStaff), "r"), 0);
  EXPECT_EQ(errno_as(uid, gid, {kStaff}, read()), EACCES);
}

/// A mount with an acefs.toml.
class ConfigTest : public IdentityTest {
 protected:
  MountOptions options() const override {
    configure(text_);
    return {.arguments = {"--config", config()}};
  }
  std::string config() const { return dir_.at("acefs.toml"); }
  void configure(const std::string& text) const {
    if (spill(config(), text, O_WRONLY | O_CREAT | O_TRUNC, 0644) != 0) throw std::runtime_error(config());
  }
  /// Lets the daemon reread, and waits until the operation answers as expected; not for ever.
  bool comes_to(int expected, uid_t uid, const std::function<long()>& call) {
    ::kill(mount().pid(), SIGHUP);
    for (const acl::TimePoint end = now() + 10'000'000'000; now() < end;) {
      if (errno_as(uid, uid, call) == expected) return true;
    }
    return false;
  }

  TempDir dir_;
  std::string text_ =
      "[user.20001]\n"
      "ids = [\"4c510ada-c86b-4815-8820-42cdf82c3d51\"]\n"
      "[user.20002]\n"
      "enabled = true\n"
      "[user.20003]\n"
      "expires = 2001-01-01T00:00:00Z\n"
      "[group.auditors]\n"
      "members = [\"20001\", 20002]\n"
      "[group.30001]\n"
      "ids = [\"509a9dcd-bb37-4f4f-a01a-19dca27d9cfa\"]\n";
};

TEST_F(ConfigTest, IdsNameUsersAndGroups) {
  ASSERT_EQ(allow(real("d"), "u:4c510ada-c86b-4815-8820-42cdf82c3d51", "r"), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, read()), 0);
  EXPECT_EQ(errno_as(kBob, kBob, read()), EACCES);
  ASSERT_EQ(allow(real("d"), "g:509a9dcd-bb37-4f4f-a01a-19dca27d9cfa", "r"), 0);
  EXPECT_EQ(errno_as(kBob, kBob, {kStaff}, read()), 0);
  EXPECT_EQ(errno_as(kBob, kBob, {kGuests}, read()), EACCES);
}

TEST_F(ConfigTest, GroupsMayExistOnlyThere) {
  ASSERT_EQ(allow(real("d"), "g:auditors", "r"), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, read()), 0);
  EXPECT_EQ(errno_as(kBob, kBob, read()), 0);
  EXPECT_EQ(errno_as(kAlice + 100, kAlice + 100, read()), EACCES);
}

TEST_F(ConfigTest, ExpiredUsersAreRefusedEverything) {
  make_file(real("d/f"), 0666);
  EXPECT_EQ(errno_as(kBob, kBob, read()), 0);
  EXPECT_EQ(errno_as(kCarol, kCarol, read()), EACCES);
  EXPECT_EQ(errno_as(kCarol, kCarol,
                     [&]() -> long {
                       struct stat st {};
                       return ::stat(at("d/f").c_str(), &st);
                     }),
            EACCES);
}

TEST_F(ConfigTest, AUserWhoIsDisabledIsRefusedAfterSighup) {
  make_file(real("d/f"), 0666);
  int fd = -1;
  User bob(kBob, kBob);
  bob.start({[&] { return fd = ::open(at("d/f").c_str(), O_RDWR); },
             [&] {
               char byte = 0;
               return ::pread(fd, &byte, 1, 0);
             },
             [&] { return ::pwrite(fd, "x", 1, 0); }});
  EXPECT_EQ(bob.run(0), 0);
  EXPECT_EQ(bob.run(1), 0);
  configure("[user.20002]\nenabled = false\n");
  EXPECT_TRUE(comes_to(EACCES, kBob, read()));
  EXPECT_EQ(bob.run(1), EACCES) << "the open handle too";
  EXPECT_EQ(bob.run(2), EACCES);
  EXPECT_EQ(errno_as(kAlice, kAlice, read()), 0);
  configure("[user.20002]\nenabled = true\n");
  EXPECT_TRUE(comes_to(0, kBob, read()));
}

TEST_F(ConfigTest, AFileThatIsNotTomlKeepsTheOldConfiguration) {
  make_file(real("d/f"), 0666);
  configure("[user.20002\n");
  ::kill(mount().pid(), SIGHUP);
  EXPECT_EQ(errno_as(kBob, kBob, read()), 0);
  EXPECT_EQ(errno_as(kCarol, kCarol, read()), EACCES);
  configure("[user.20002]\nenabled = false\n");
  EXPECT_TRUE(comes_to(EACCES, kBob, read()));
}

TEST_F(ConfigTest, CreatorIsTheFirstIdOfTheUser) {
  make_file(real("d/f"), 0644, "content", kAlice, kAlice);
  acl::Ace ace;
  ace.type = "A";
  ace.permissions = "r";
  ASSERT_EQ(errno_as(kAlice, kAlice, [&] { return set_attribute(at("d/f"), allow_name(user(kBob)), acl::encode(ace)); }), 0);
  const auto stored = acl::decode({acl::KeyKind::Plain, user(kBob)}, get_attribute(real("d/f"), allow_name(user(kBob))));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->creator, "4c510ada-c86b-4815-8820-42cdf82c3d51");
}

}  // namespace
}  // namespace acefs::test
