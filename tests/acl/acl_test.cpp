// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "support/acl_builders.hpp"

namespace acefs::acl {
namespace {

using namespace test;

TEST(PrincipalTableTest, GivesTheSameNumberForTheSameName) {
  PrincipalTable table;
  EXPECT_EQ(table.intern("o:OWNER@"), kOwner);
  EXPECT_EQ(table.intern("o:GROUP@"), kGroup);
  EXPECT_EQ(table.intern("o:EVERYONE@"), kEveryone);
  const PrincipalId alice = table.intern("u:alice");
  EXPECT_NE(table.intern("g:alice"), alice);
  EXPECT_EQ(table.intern("u:alice"), alice);
  EXPECT_EQ(table.name(alice), "u:alice");
  EXPECT_EQ(table.name(12345), "");
}

class AclTest : public ::testing::Test {
 protected:
  Acl acl(std::vector<Grant> grants, bool on_directory = true) { return Acl(std::move(grants), on_directory, table_); }
  PrincipalTable table_;
};

TEST_F(AclTest, WhomNoAclNamesAnyMoreIsForgotten) {
  const PrincipalId alice = table_.intern("u:alice");
  const std::size_t before = table_.size();
  for (int i = 0; i < 10'000; ++i) acl({allow("nobody-" + std::to_string(i), "r"), allow("alice", "r"), deny("alice", "w")});
  EXPECT_EQ(table_.size(), before);
  EXPECT_EQ(table_.find("u:alice"), alice) << "who goes by that name stays";
  EXPECT_FALSE(table_.find("u:nobody-1"));
}

TEST_F(AclTest, WhoIsNamedKeepsHisNumber) {
  const Acl first = acl({allow("bob", "r")});
  const PrincipalId bob = first.entries()[0].who;
  {
    const Acl second = acl({deny("bob", "w"), allow("carol", "r")});
    EXPECT_EQ(second.entries_of(bob).size(), 1u);
  }
  EXPECT_EQ(table_.find("u:bob"), bob);
  EXPECT_EQ(table_.name(bob), "u:bob");
  Acl third = acl({allow("dave", "r")});  // gets the number that was carol's
  EXPECT_EQ(table_.intern("u:bob"), bob) << "an identity by that name is the one that the ACL names";
  third = acl({});
  EXPECT_EQ(first.entries_of(bob).size(), 1u);
}

TEST_F(AclTest, KeepsGrantsByKeyAndEntriesByWho) {
  const Acl a = acl({allow("zoe", "r"), deny("bob", "w"), allow_who("o:EVERYONE@", "t"), allow("bob", "rw")});
  ASSERT_EQ(a.grants().size(), 4u);
  EXPECT_TRUE(std::is_sorted(a.grants().begin(), a.grants().end(), [](auto& x, auto& y) { return x.key < y.key; }));
  EXPECT_TRUE(std::is_sorted(a.entries().begin(), a.entries().end(), [](auto& x, auto& y) { return x.who < y.who; }));
  const auto bob = a.entries_of(table_.intern("u:bob"));
  ASSERT_EQ(bob.size(), 2u);
  for (const Entry& entry : bob) EXPECT_EQ(a.grants()[entry.source].key.principal, "u:bob");
  EXPECT_TRUE(a.entries_of(table_.intern("u:carol")).empty());
}

TEST_F(AclTest, AllowedReadImpliesReadingAttributesAndDeniedReadDoesNot) {
  EXPECT_EQ(acl({allow("bob", "r")}).entries()[0].letters, Perm::ReadData | Perm::ReadAttributes);
  EXPECT_EQ(acl({deny("bob", "r")}).entries()[0].letters, AccessMask(Perm::ReadData));
}

TEST_F(AclTest, FullDenialTakesEveryLetter) {
  for (const Grant& grant : {shut_out("bob"), allow("bob", ""), allow("bob", "z"), malformed("u:bob"), malformed("D:u:bob"),
                             malformed("U:u:bob")}) {
    const Acl a = acl({grant});
    ASSERT_EQ(a.entries().size(), 1u);
    EXPECT_EQ(a.entries()[0].kind, EntryKind::Deny);
    EXPECT_EQ(a.entries()[0].letters, AccessMask::all());
  }
}

TEST_F(AclTest, PartialDenialWithoutAKnownLetterDeniesNothing) {
  EXPECT_TRUE(acl({deny("bob", "")}).empty());
  EXPECT_TRUE(acl({deny("bob", "zZ")}).empty());
}

TEST_F(AclTest, SaysWhetherNamesOrGroupsMatter) {
  EXPECT_FALSE(acl({}).names_groups());
  EXPECT_FALSE(acl({allow_who("o:EVERYONE@", "r"), allow_who("o:OWNER@", "r")}).names_groups());
  EXPECT_FALSE(acl({allow_who("o:EVERYONE@", "r"), allow_who("o:GROUP@", "r")}).names_principals());
  EXPECT_TRUE(acl({allow_who("o:GROUP@", "r")}).names_groups());
  EXPECT_FALSE(acl({allow("bob", "r")}).names_groups());
  EXPECT_TRUE(acl({allow("bob", "r")}).names_principals());
  EXPECT_TRUE(acl({allow_group("staff", "r")}).names_groups());
  EXPECT_TRUE(acl({allow_group("staff", "r")}).names_principals());
}

TEST_F(AclTest, AuditsWhenAnEntryAsksForSuccessOrFailure) {
  EXPECT_TRUE(acl({audit("bob", "w", "S")}).audits());
  EXPECT_TRUE(acl({audit("bob", "w", "F")}).audits());
  EXPECT_FALSE(acl({audit("bob", "w", "")}).audits());
  EXPECT_FALSE(acl({allow("bob", "w", "SF")}).audits());
}

}  // namespace
}  // namespace acefs::acl
