// SPDX-License-Identifier: MIT
// What a token may not do although its user may, and what nobody may put into a grant.
#include <sys/xattr.h>

#include "ops_fixture.hpp"

namespace acefs::test {
namespace {

constexpr uid_t kToken = 20009;
const std::string kTokenName = "u:20001!ci";
constexpr const char* kBound = "[token.\"20001!ci\"]\naccount = 20009\n";

class TokensTest : public OpsTest {
 protected:
  void configure(const std::string& toml) {
    auto parsed = principal::Config::parse(toml);
    ASSERT_TRUE(parsed);
    ASSERT_TRUE(parsed->problems.empty()) << parsed->problems.front().message;
    resolver_->configure(std::make_shared<const principal::Config>(std::move(*parsed)));
  }
  int set(uid_t uid, const std::string& node, const std::string& name, acl::Ace ace) {
    return ops().setxattr(as(uid), id(node), name, acl::encode(ace), 0).errno_value();
  }
  int remove(uid_t uid, const std::string& node, const std::string& name) {
    return ops().removexattr(as(uid), id(node), name).errno_value();
  }
  static acl::Ace ace(const std::string& letters, const std::string& type = "A", const std::string& flags = "") {
    acl::Ace made;
    made.type = type;
    made.flags = flags;
    made.permissions = letters;
    return made;
  }
  static acl::Ace by_role(const std::string& letters, std::vector<std::string> fields, const std::string& flags = "") {
    acl::Ace made = ace(letters, "A", flags);
    made.unknown_fields = std::move(fields);
    return made;
  }
  mode_t mode_of(const std::string& name) const {
    struct stat st {};
    return ::lstat(path(name).c_str(), &st) == 0 ? st.st_mode & 07777 : 0;
  }
  int chmod(uid_t uid, const std::string& name, mode_t mode) {
    const fs::SetAttr to{.mode = mode, .uid = {}, .gid = {}, .size = {}, .atime = {}, .mtime = {}};
    return ops().setattr(as(uid), id(name), to, nullptr).status().errno_value();
  }
};

TEST_F(TokensTest, ARoleIsNamedByWhoGivesItsLettersOnly) {
  configure("[role.reviewer]\npermissions = \"r\"\n");
  make_file("f", 0666, kAlice);
  const std::string bob = allow_name(user(kBob));
  EXPECT_EQ(set(kAlice, "f", bob, by_role("r", {"x-role=administrator"})), EINVAL);
  EXPECT_EQ(set(kAlice, "f", bob, by_role("r", {"x-role=nobody-made-it"})), EINVAL);
  EXPECT_EQ(set(kAlice, "f", bob, by_role("r", {"x-role=reviewer", "x-role=administrator"})), EINVAL);
  EXPECT_EQ(set(kAlice, "f", bob, by_role("r", {"x-role=reviewer"})), 0);
  EXPECT_EQ(set(kAlice, "f", bob, by_role("rw", {"x-role=reviewer"})), EINVAL) << "other letters";
  EXPECT_EQ(set(kAlice, "f", bob, by_role("r", {"x-role=administrator"})), EINVAL) << "another role";
  EXPECT_EQ(set(0, "f", bob, by_role("r", {"x-role=administrator"})), 0) << "root does as he likes";
}

TEST_F(TokensTest, AGrantThatIsNotLikeItsRoleAnyMoreIsNotByItWhereItDidNotCount) {
  configure("[role.reviewer]\npermissions = \"r\"\n");
  make_dir("d", 0777, kAlice);
  const std::string bob = allow_name(user(kBob));
  ASSERT_EQ(set(kAlice, "d", bob, by_role("r", {"x-role=reviewer"}, "n")), 0);
  configure("[role.reviewer]\npermissions = \"rw\"\n");
  EXPECT_EQ(set(kAlice, "d", bob, by_role("r", {"x-role=reviewer"}, "n")), 0);
  EXPECT_NE(get_attribute(path("d"), bob).find("x-role"), std::string::npos);
  EXPECT_EQ(set(kAlice, "d", bob, by_role("r", {"x-role=reviewer"})), 0);
  EXPECT_EQ(get_attribute(path("d"), bob).find("x-role"), std::string::npos);
}

TEST_F(TokensTest, ATokenDoesNotLiftTheDenialThatConfinesIt) {
  configure(kBound);
  make_file("f", 0666, kAlice);
  make_dir("d", 0777, kAlice);
  ASSERT_EQ(deny(path("f"), kTokenName, "w"), 0);
  ASSERT_EQ(deny(path("d"), kTokenName, "w", "fi"), 0);
  EXPECT_EQ(remove(kToken, "f", deny_name(kTokenName)), EPERM);
  EXPECT_EQ(remove(kToken, "d", deny_name(kTokenName)), EPERM) << "it counts below only";
  EXPECT_EQ(remove(kAlice, "f", deny_name(kTokenName)), 0);
}

TEST_F(TokensTest, ADenialIsNotReplacedByOneThatCountsLess) {
  make_dir("d", 0777);
  ASSERT_EQ(allow(path("d"), user(kBob), "oO", "n"), 0);
  ASSERT_EQ(deny(path("d"), user(kBob), "wa"), 0);
  const std::string name = deny_name(user(kBob));
  EXPECT_EQ(set(kBob, "d", name, ace("wa", "D", "n")), EPERM) << "nothing below";
  acl::Ace shorter = ace("wa", "D");
  shorter.expires = now() + 1'000'000'000;
  EXPECT_EQ(set(kBob, "d", name, shorter), EPERM) << "a second only";
  EXPECT_EQ(set(kBob, "d", name, ace("wad", "D")), 0) << "more is denied";
}

TEST_F(TokensTest, ATokenMakesNoProgramThatRunsAsItsUser) {
  configure(kBound);
  make_file("f", 0755, kAlice);
  make_dir("d", 0755, kAlice);
  EXPECT_EQ(chmod(kToken, "f", 04755), EPERM);
  EXPECT_EQ(chmod(kToken, "f", 02755), EPERM);
  EXPECT_EQ(chmod(kToken, "d", 04755), EPERM);
  EXPECT_EQ(chmod(kToken, "f", 0750), 0);
  EXPECT_EQ(chmod(kToken, "d", 02755), 0) << "whose group new files get";
  EXPECT_EQ(chmod(kAlice, "f", 04755), 0);
}

TEST_F(TokensTest, WhatATokenCreatesForItsUserHasNoSetuidAndSetgid) {
  configure(std::string(kBound) + "creates_for = \"user\"\n");
  make_dir("d", 0777);
  const node::NodeId d = id("d");
  auto file = ops().create(as(kToken), d, "f", 06755, O_RDWR);
  ASSERT_TRUE(file);
  EXPECT_EQ(mode_of("d/f"), 0755u);
  ops().release(std::move(file->file));
  ASSERT_TRUE(ops().mknod(as(kToken), d, "n", S_IFREG | 06755, 0));
  EXPECT_EQ(mode_of("d/n"), 0755u);
  ASSERT_TRUE(ops().mkdir(as(kToken), d, "s", 06755));
  EXPECT_EQ(mode_of("d/s") & S_ISUID, 0u);
  auto unnamed = ops().tmpfile(as(kToken), d, 06755, O_RDWR);
  if (!unnamed) return;  // the filesystem has none
  EXPECT_EQ(unnamed->entry.attr.st.st_mode & 07777, 0755u);
  ops().release(std::move(unnamed->file));
}

TEST_F(TokensTest, AHandleKeepsNothingOfAnOwnershipThatTheAccountHasNoMore) {
  make_file("f", 0600, kAlice);
  ASSERT_EQ(allow(path("f"), kTokenName, "rw"), 0);
  for (const char* later : {"", "[token.\"20002!ci\"]\naccount = 20009\n"}) {
    configure(kBound);
    auto file = ops().open(as(kToken), id("f"), O_RDWR);
    ASSERT_TRUE(file);
    EXPECT_TRUE(ops().for_read(as(kToken), **file));
    configure(later);
    EXPECT_EQ(ops().for_read(as(kToken), **file).status().errno_value(), EACCES) << later;
    EXPECT_EQ(ops().for_write(as(kToken), **file).status().errno_value(), EACCES) << later;
    configure(kBound);
    EXPECT_TRUE(ops().for_read(as(kToken), **file)) << "it is again";
    ops().release(std::move(*file));
  }
}

}  // namespace
}  // namespace acefs::test
