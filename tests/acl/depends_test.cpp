// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "support/acl_builders.hpp"

namespace acefs::acl {
namespace {

using namespace test;

class DependsTest : public ::testing::Test {
 protected:
  bool on_groups(const Path& p) { return depends_on_groups(p.chain(), alice_, profile_); }
  bool on_names(const Path& p) { return depends_on_names(p.chain(), alice_, profile_); }
  /// A directory and a file of this mode in it.
  Path plain(Posix posix) {
    Path p(table_);
    p.dir({0755}).file(posix);
    return p;
  }
  Path with(const Grant& grant) {
    Path p(table_);
    p.dir({0755}, {grant}).file({0644});
    return p;
  }

  PrincipalTable table_;
  Profile profile_;
  Identity alice_ = caller(table_, kAlice, {kAlice}, {});
};

TEST_F(DependsTest, NothingMattersOnAnAceFreeTreeOfEqualClasses) {
  EXPECT_FALSE(on_groups(plain({0644})));
  EXPECT_FALSE(on_names(plain({0644})));
}

TEST_F(DependsTest, GroupsMatterWhereTheModeTreatsGroupAndOtherDifferently) {
  EXPECT_TRUE(on_groups(plain({0640})));
  EXPECT_FALSE(on_groups(plain({0640, kAlice}))) << "the owner";
  EXPECT_FALSE(on_groups(plain({0640, kSomebody, kAlice}))) << "the caller's own gid";
  profile_.mode_gives_base = false;
  EXPECT_FALSE(on_groups(plain({0640})));
}

TEST_F(DependsTest, GroupsMatterForAcesOfGroups) {
  EXPECT_TRUE(on_groups(with(allow_group("staff", "r"))));
  EXPECT_TRUE(on_groups(with(shut_out_group("staff"))));
  EXPECT_TRUE(on_groups(with(malformed("g:staff"))));
  EXPECT_TRUE(on_groups(with(allow_who("o:GROUP@", "r"))));
  EXPECT_FALSE(on_groups(with(allow("bob", "r"))));
  EXPECT_FALSE(on_groups(with(allow_who("o:EVERYONE@", "r"))));
}

TEST_F(DependsTest, NamesMatterForAcesOfUsersAndGroups) {
  EXPECT_TRUE(on_names(with(allow("bob", "r"))));
  EXPECT_TRUE(on_names(with(allow_group("staff", "r"))));
  EXPECT_FALSE(on_names(with(allow_who("o:GROUP@", "r"))));
  EXPECT_FALSE(on_names(with(allow_who("o:OWNER@", "r"))));
}

TEST_F(DependsTest, NothingMattersForRootAndTheRefused) {
  const Path p = with(allow_group("staff", "r"));
  Identity refused = alice_;
  refused.refused = true;
  EXPECT_FALSE(depends_on_groups(p.chain(), refused, profile_));
  EXPECT_FALSE(depends_on_names(p.chain(), refused, profile_));
  const Identity root = caller(table_, 0, {0}, {});
  EXPECT_FALSE(depends_on_groups(p.chain(), root, profile_));
  profile_.root_has_all = false;
  EXPECT_TRUE(depends_on_groups(p.chain(), root, profile_));
  EXPECT_TRUE(depends_on_names(p.chain(), root, profile_));
}

}  // namespace
}  // namespace acefs::acl
