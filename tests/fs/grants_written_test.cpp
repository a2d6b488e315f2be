// SPDX-License-Identifier: MIT
// Who may write which grant through the mount.
#include <sys/xattr.h>

#include "fs/xattr_name.hpp"
#include "nfs4/xdr.hpp"
#include "ops_fixture.hpp"

namespace acefs::test {
namespace {

std::string grant(const std::string& letters, const std::string& type = "A", const std::string& flags = "") {
  acl::Ace ace;
  ace.type = type;
  ace.flags = flags;
  ace.permissions = letters;
  return acl::encode(ace);
}

class GrantsWrittenTest : public OpsTest {
 protected:
  int set(uid_t uid, const std::string& node, const std::string& principal, const std::string& value) {
    return ops().setxattr(as(uid), id(node), allow_name(principal), value, 0).errno_value();
  }
};

TEST_F(GrantsWrittenTest, MalformedValueIsInvalidAndChangesNothing) {
  make_file("f", 0644, kAlice);
  EXPECT_EQ(set(kAlice, "f", user(kBob), "garbage"), EINVAL);
  EXPECT_EQ(::getxattr(path("f").c_str(), allow_name(user(kBob)).c_str(), nullptr, 0), -1);
}

TEST_F(GrantsWrittenTest, AValueThatCouldNotBeReadAgainIsInvalid) {
  make_file("f", 0644, kAlice);
  for (const std::string type : {"A:B", "A\"\"B"}) {
    const std::string value = std::string(1, '\0') + "\"t=" + type + "\":f=:p=r:c=:e=0\n";
    EXPECT_EQ(set(kAlice, "f", user(kBob), value), EINVAL) << type;
    EXPECT_EQ(::getxattr(path("f").c_str(), allow_name(user(kBob)).c_str(), nullptr, 0), -1);
  }
}

TEST_F(GrantsWrittenTest, GrantIsStampedWithCreatorAndShareTime) {
  make_file("f", 0644, kAlice);
  ASSERT_EQ(set(kAlice, "f", user(kBob), grant("r")), 0);
  const std::string stored = get_attribute(path("f"), allow_name(user(kBob)));
  EXPECT_NE(stored.find("c=20001"), std::string::npos) << stored;
  EXPECT_NE(stored.find(":s="), std::string::npos) << stored;
}

TEST_F(GrantsWrittenTest, NobodyHandsOutLettersThatHeDoesNotHold) {
  make_file("f", 0644);
  ASSERT_EQ(allow(path("f"), user(kAlice), "C"), 0);
  EXPECT_EQ(set(kAlice, "f", user(kBob), grant("w")), EPERM);
  EXPECT_EQ(set(kAlice, "f", user(kBob), grant("r")), 0);
}

TEST_F(GrantsWrittenTest, WhoHasNoTDoesNotHandItOutByR) {
  make_file("f", 0600);
  ASSERT_EQ(allow(path("f"), user(kAlice), "rC"), 0);
  ASSERT_EQ(deny(path("f"), user(kAlice), "t"), 0);
  EXPECT_EQ(set(kAlice, "f", user(kBob), grant("r")), EPERM);
  EXPECT_EQ(set(kAlice, "f", user(kBob), grant("C")), 0);
  ASSERT_EQ(remove_deny(path("f"), user(kAlice)), 0);
  EXPECT_EQ(set(kAlice, "f", user(kCarol), grant("r")), 0);
}

TEST_F(GrantsWrittenTest, WhatAModeGivesOnADirectoryIsNotHandedOutForWhatIsBelow) {
  make_dir("d", 0777);
  make_file("d/private", 0600, kCarol);
  ASSERT_EQ(allow(path("d"), user(kAlice), "C", "n"), 0);
  EXPECT_EQ(set(kAlice, "d", user(kBob), grant("r")), EPERM);
  EXPECT_EQ(set(kAlice, "d", user(kBob), grant("r", "A", "n")), 0) << "on the directory alone he holds it";
  ASSERT_EQ(allow(path("d"), user(kAlice), "rC"), 0);
  EXPECT_EQ(set(kAlice, "d", user(kCarol), grant("r")), 0) << "now he holds it below too";
}

TEST_F(GrantsWrittenTest, OwnerSharesHisDirectoryByARole) {
  make_dir("d", 0700, kAlice);
  make_file("d/f", 0600, kAlice);
  ASSERT_EQ(set(kAlice, "d", user(kBob), grant("txrwaduUq")), 0);
  EXPECT_TRUE(ops().open(as(kBob), id("d/f"), O_RDWR));
}

TEST_F(GrantsWrittenTest, OwnerLiftsADenialThatShutsHimOut) {
  make_file("f", 0644, kAlice);
  ASSERT_EQ(deny_all(path("f"), user(kAlice)), 0);
  EXPECT_FALSE(ops().open(as(kAlice), id("f"), O_RDONLY));
  EXPECT_EQ(ops().removexattr(as(kAlice), id("f"), allow_name(user(kAlice))).errno_value(), 0);
  EXPECT_TRUE(ops().open(as(kAlice), id("f"), O_RDONLY));
}

TEST_F(GrantsWrittenTest, WhoMayOnlyAddPutsNothingInPlaceOfWhatAnotherAddedMeanwhile) {
  make_file("f", 0664);
  ASSERT_EQ(allow(path("f"), user(kAlice), "rtcC"), 0);
  const auto write = [&](const std::string& who) {
    auto list = *nfs4::decode(nfs4::Form::Acl, *ops().getxattr(as(kAlice), id("f"), "system.nfs4_acl"));
    for (nfs4::Ace& ace : list) {
      if (ace.who == nfs4::kGroupAt) ace.mask &= ~0x16u;  // waN: the mode is changed first, which gives time
    }
    list.push_back({nfs4::Type::Allow, 0, 1, who});
    return ops().setxattr(as(kAlice), id("f"), "system.nfs4_acl", *nfs4::encode(nfs4::Form::Acl, list), 0).errno_value();
  };
  backing_.before_chmod = [&] { ASSERT_EQ(allow(path("f"), user(kBob), "rw"), 0); };
  EXPECT_EQ(write("20002"), EAGAIN);
  EXPECT_NE(get_attribute(path("f"), allow_name(user(kBob))).find("p=rw:"), std::string::npos) << "to change it needs o";
  struct stat st {};
  ASSERT_EQ(::stat(path("f").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777U, 0664u);
  EXPECT_EQ(write("20003"), 0) << "what nobody else added";
}

TEST(XattrNameTest, WhatTheStoreBelievesOfANodeIsReservedUnderAnyPrefix) {
  using fs::xattr_kind;
  using fs::XattrKind;
  for (const std::string base : {"user.oc.", "user.ocis.", "user.my."}) {
    const std::string prefix = base + "grant.";
    EXPECT_EQ(xattr_kind(prefix + "u:alice", prefix), XattrKind::Grant);
    EXPECT_EQ(xattr_kind(prefix + "x", prefix), XattrKind::Reserved);
    EXPECT_EQ(xattr_kind(base + "id", prefix), XattrKind::Reserved);
    EXPECT_EQ(xattr_kind(base + "md.note", prefix), XattrKind::Reserved);
    EXPECT_EQ(xattr_kind(base + "metadata_offloaded", prefix), XattrKind::Marker);
    EXPECT_EQ(xattr_kind("user.note", prefix), XattrKind::User);
  }
}

}  // namespace
}  // namespace acefs::test
