// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "support/acl_builders.hpp"

namespace acefs::acl {
namespace {

using namespace test;

class DecideReasonTest : public ::testing::Test {
 protected:
  Reason why(const Path& p, std::string_view need, const Profile& profile = {}) {
    return decide(p.chain(), alice_, {.need = mask_of(need), .now = 1000, .base = {}}, profile).reason;
  }
  /// Key of the grant that a reason names, "" for none.
  static std::string blamed(const Path& p, const Reason& reason) {
    if (!reason.grant) return "";
    return format_key(p.chain()[reason.grant_segment].acl->grants()[*reason.grant].key);
  }

  PrincipalTable table_;
  Identity alice_ = caller(table_, kAlice, {kAlice, kStaff}, {"u:alice", "g:staff"});
};

TEST_F(DecideReasonTest, GrantedNamesNobody) {
  Path p(table_);
  p.dir({0755}).file({0644});
  const Reason reason = why(p, "r");
  EXPECT_EQ(reason.kind, ReasonKind::Granted);
  EXPECT_EQ(reason.segment, 1u);
  EXPECT_FALSE(reason.grant);
  EXPECT_TRUE(reason.letters.empty());
}

TEST_F(DecideReasonTest, NotGrantedSaysWhichLettersAreMissing) {
  Path p(table_);
  p.dir({0755}).file({0644});
  const Reason reason = why(p, "rwd");
  EXPECT_EQ(reason.kind, ReasonKind::NotGranted);
  EXPECT_EQ(letters_of(reason.letters), "wd");
  EXPECT_FALSE(reason.grant);
}

TEST_F(DecideReasonTest, DenialNamesSegmentAndGrant) {
  Path p(table_);
  p.dir({0755}, {allow("alice", "r")})
      .dir({0755}, {allow("bob", "r"), allow_group("staff", "w"), deny("alice", "a"), deny_group("staff", "w"), shut_out("zoe")})
      .file({0666}, {deny("alice", "w")});
  const Reason reason = why(p, "rw");
  EXPECT_EQ(reason.kind, ReasonKind::DeniedByAce);
  EXPECT_EQ(reason.segment, 1u) << "the first from the root";
  EXPECT_EQ(reason.grant_segment, 1u);
  EXPECT_EQ(blamed(p, reason), "D:g:staff");
  EXPECT_EQ(letters_of(reason.letters), "w");
}

TEST_F(DecideReasonTest, DenialNamesTheMalformedGrant) {
  Path p(table_);
  p.dir({0755}).file({0666}, {allow("bob", "r"), malformed("g:staff")});
  const Reason reason = why(p, "r");
  EXPECT_EQ(reason.kind, ReasonKind::DeniedByAce);
  EXPECT_EQ(blamed(p, reason), "g:staff");
}

TEST_F(DecideReasonTest, DenialThatDoesNotCountOnTheNodeIsNotBlamed) {
  Path p(table_);
  p.dir({0755}, {deny("alice", "w", "n"), deny_group("staff", "w", "d"), deny_who("o:OWNER@", "w"), deny("bob", "w")})
      .file({0644});
  const Reason reason = why(p, "w");
  EXPECT_EQ(reason.kind, ReasonKind::NotGranted);
  EXPECT_FALSE(reason.grant);
}

TEST_F(DecideReasonTest, ExpiredDenialIsNotBlamed) {
  Path p(table_);
  p.dir({0755}).file({0666}, {deny("alice", "w", "", 10), deny_group("staff", "w")});
  EXPECT_EQ(blamed(p, why(p, "w")), "D:g:staff");
}

TEST_F(DecideReasonTest, NoTraverseNamesTheOutermostAncestorThatRefuses) {
  Path p(table_);
  p.dir({0755}).dir({0700}).dir({0700}).file({0600});
  const Reason reason = why(p, "r");
  EXPECT_EQ(reason.kind, ReasonKind::NoTraverse);
  EXPECT_EQ(reason.segment, 1u);
  EXPECT_EQ(letters_of(reason.letters), "x");
  EXPECT_FALSE(reason.grant);
}

TEST_F(DecideReasonTest, NoTraverseNamesTheAceThatTookIt) {
  Path p(table_);
  p.dir({0755}).dir({0755}, {deny("alice", "x")}).file({0666});
  const Reason reason = why(p, "r");
  EXPECT_EQ(reason.kind, ReasonKind::NoTraverse);
  EXPECT_EQ(reason.segment, 1u);
  EXPECT_EQ(reason.grant_segment, 1u);
  EXPECT_EQ(blamed(p, reason), "D:u:alice");
}

TEST_F(DecideReasonTest, NoTraverseNamesAnAceThatIsStoredAboveTheAncestor) {
  Path p(table_);
  p.dir({0755}, {deny("alice", "x", "di")}).dir({0755}).file({0666});
  const Reason reason = why(p, "r");
  EXPECT_EQ(reason.kind, ReasonKind::NoTraverse);
  EXPECT_EQ(reason.segment, 1u);
  EXPECT_EQ(reason.grant_segment, 0u);
  EXPECT_EQ(blamed(p, reason), "D:u:alice");
}

TEST_F(DecideReasonTest, OwnerIsTheEvaluatedNodes) {
  Path p(table_);
  p.dir({0755, kSomebody}, {deny_who("o:OWNER@", "w")}).file({0666, kAlice});
  const Reason reason = why(p, "w");
  EXPECT_EQ(reason.kind, ReasonKind::DeniedByAce);
  EXPECT_EQ(reason.segment, 0u);
  EXPECT_EQ(blamed(p, reason), "D:o:OWNER@");
}

}  // namespace
}  // namespace acefs::acl
