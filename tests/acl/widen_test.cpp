// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "support/acl_builders.hpp"

namespace acefs::acl {
namespace {

using namespace test;

class WidenedTest : public ::testing::Test {
 protected:
  /// A directory with these grants, to be a parent.
  Path parent(std::vector<Grant> grants) {
    Path p(table_);
    p.dir({0755}).dir({0777}, std::move(grants));
    return p;
  }
  std::string gained(const Path& from, const Path& to) { return gained_by(alice_, from, to); }
  std::string gained_by(const Identity& who, const Path& from, const Path& to) {
    return letters_of(widened(from.chain(), to.chain(), who, 1000, profile_));
  }

  PrincipalTable table_;
  Profile profile_;
  Identity alice_ = caller(table_, kAlice, {kAlice, kStaff}, {"u:alice", "g:staff"});
};

TEST_F(WidenedTest, MoveWithoutAcesGivesNothing) {
  EXPECT_EQ(gained(parent({}).file({0600}), parent({})), "");
  EXPECT_EQ(gained(parent({}).dir({0700}), parent({})), "");
}

TEST_F(WidenedTest, MoveIntoADirectoryThatAllowsMoreGivesIt) {
  EXPECT_EQ(gained(parent({}).file({0600}), parent({allow("alice", "rw")})), "rw");
  EXPECT_EQ(gained(parent({}).file({0604}), parent({allow("alice", "r")})), "");
  EXPECT_EQ(gained(parent({allow("alice", "rw")}).file({0}), parent({allow_group("staff", "r")})), "");
}

TEST_F(WidenedTest, MoveAwayFromADenialLiftsIt) {
  EXPECT_EQ(gained(parent({deny("alice", "w")}).file({0666}), parent({})), "w");
  EXPECT_EQ(gained(parent({deny("alice", "w")}).file({0644}), parent({})), "");
  EXPECT_EQ(gained(parent({deny("alice", "w")}).file({0666}), parent({deny_group("staff", "w")})), "");
}

TEST_F(WidenedTest, AceForTheOtherKindDoesNotMatterToAFile) {
  EXPECT_EQ(gained(parent({}).file({0}), parent({allow("alice", "rw", "d")})), "");
  EXPECT_EQ(gained(parent({}).file({0}), parent({allow("alice", "rw", "n")})), "");
}

TEST_F(WidenedTest, DirectoryCountsWhatMayBeBelowIt) {
  EXPECT_EQ(gained(parent({}).dir({0777}), parent({allow("alice", "r", "f")})), "r");
  EXPECT_EQ(gained(parent({deny("alice", "w", "f")}).dir({0777}), parent({})), "w");
  EXPECT_EQ(gained(parent({}).dir({0777}), parent({allow("alice", "r", "nf")})), "") << "only for files directly in the parent";
}

TEST_F(WidenedTest, DirectoryWhoseOwnAcesGiveTheSameGainsNothing) {
  EXPECT_EQ(gained(parent({}).dir({0777}, {allow("alice", "rx")}), parent({allow_group("staff", "r")})), "");
  EXPECT_EQ(gained(parent({}).dir({0777}, {allow("alice", "rx", "n")}), parent({allow_group("staff", "r")})), "r");
}

TEST_F(WidenedTest, OwnerAndGroupAcesCountForWhateverTheCallerMayOwnBelow) {
  EXPECT_EQ(gained(parent({}).dir({0777}), parent({allow_who("o:OWNER@", "q")})), "q");
  EXPECT_EQ(gained(parent({}).dir({0777}), parent({allow_who("o:GROUP@", "q")})), "q");
  EXPECT_EQ(gained(parent({}).dir({0777}), parent({allow_who("o:OWNER@", "C")})), "") << "the owner always has C";
}

TEST_F(WidenedTest, IntoADirectoryOfHisOwnGivesAllThatHeCouldGiveHimselfThere) {
  const auto hers = [](Path above) {
    above.dir({0755, kAlice});
    return above;
  };
  const std::string all = letters_of(AccessMask::all());
  EXPECT_EQ(gained(parent({allow("alice", all)}).file({0700}), hers(parent({}))), "") << "she has everything";
  EXPECT_NE(gained(parent({allow("alice", "rw")}).file({0600}), hers(parent({allow("alice", "rw")}))), "");
  EXPECT_NE(gained(parent({}).dir({0777}, {allow("alice", all, "n")}), hers(parent({}))), "") << "not what is below";
  EXPECT_EQ(gained(parent({}).file({0600, kAlice}), hers(parent({}))), "") << "it is hers";
  EXPECT_EQ(gained(hers(parent({})).file({0600}), hers(parent({}))), "") << "it was in one of hers already";
  EXPECT_EQ(gained(hers(parent({})).dir({0755}).file({0600}), hers(parent({}))), "") << "at any depth";
}

TEST_F(WidenedTest, RootGainsNothingUnlessSquashed) {
  const Identity root = caller(table_, 0, {0}, {});
  const Path to = parent({allow_who("o:EVERYONE@", "rw")});
  EXPECT_EQ(gained_by(root, parent({}).file({0}), to), "");
  profile_.root_has_all = false;
  EXPECT_EQ(gained_by(root, parent({}).file({0}), to), "rw");
}

}  // namespace
}  // namespace acefs::acl
