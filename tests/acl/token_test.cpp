// SPDX-License-Identifier: MIT
// Tokens: two identities, one decision.
#include <gtest/gtest.h>

#include "acefs/acl/audit.hpp"
#include "oracle.hpp"
#include "rounds.hpp"

namespace acefs::acl {
namespace {

using namespace test;

constexpr uid_t kCi = 1003;
constexpr gid_t kCiGroup = 2003;
constexpr TimePoint kNow = 1000;

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() {
    token_.user = std::make_shared<const Identity>(alice_);
  }

  Decision ask(std::span<const Segment> chain, const Identity& who, std::string_view need = "") {
    return decide(chain, who, {.need = mask_of(need), .now = kNow, .base = {}, .user_base = {}}, profile_);
  }
  std::string letters(const Path& path, const Identity& who) { return letters_of(ask(path.chain(), who).effective); }
  Path path() { return Path(table_); }

  PrincipalTable table_;
  Profile profile_;
  Identity alice_ = caller(table_, kAlice, {kAlice, kStaff}, {"u:alice", "g:staff"});
  Identity token_ = caller(table_, kCi, {kCiGroup}, {"u:ci", "u:alice!ci"});
};

TEST_F(TokenTest, HasWhatBothAreGiven) {
  Path p = path();
  p.dir({0711}).file({0600}, {allow("alice", "rw"), allow("alice!ci", "ra")});
  EXPECT_EQ(letters(p, token_), "rt");
  EXPECT_EQ(letters(p, alice_), "rwt");
}

TEST_F(TokenTest, HasNothingByItsUsersGrantsAlone) {
  Path p = path();
  p.dir({0711}).file({0600}, {allow("alice", "rw")});
  EXPECT_EQ(letters(p, token_), "t");
}

TEST_F(TokenTest, HasNothingByItsOwnGrantsAlone) {
  Path p = path();
  p.dir({0711}).file({0600}, {allow("alice!ci", "rw")});
  const Decision decision = ask(p.chain(), token_, "r");
  EXPECT_FALSE(decision.granted);
  EXPECT_TRUE(decision.reason.of_user);
  EXPECT_EQ(decision.reason.kind, ReasonKind::NotGranted);
}

TEST_F(TokenTest, LosesWhatIsDeniedToItsUserAndWhatIsDeniedToIt) {
  Path p = path();
  p.dir({0711}).file({0666}, {deny("alice", "r"), deny("alice!ci", "w")});
  EXPECT_FALSE(ask(p.chain(), token_, "r").granted);
  EXPECT_FALSE(ask(p.chain(), token_, "w").granted);
  EXPECT_TRUE(ask(p.chain(), alice_, "w").granted);
}

TEST_F(TokenTest, OwnsWhatItsUserOwns) {
  Path p = path();
  p.dir({0711}).file({0600, kAlice}, {deny("alice!ci", "w")});
  const Decision decision = ask(p.chain(), token_);
  EXPECT_TRUE(decision.effective.contains(mask_of("rtTcCoO")));
  EXPECT_FALSE(decision.effective.has(Perm::WriteData));
  EXPECT_TRUE(token_.owns(kAlice));
}

TEST_F(TokenTest, DoesNotOwnWhatOnlyItsAccountOwns) {
  Path p = path();
  p.dir({0711}).file({0600, kCi}, {allow("alice", "r")});
  EXPECT_EQ(letters(p, token_), "t");
  EXPECT_FALSE(token_.owns(kCi));
}

TEST_F(TokenTest, NeedsItsUsersWayThroughTheDirectories) {
  Path p = path();
  p.dir({0711}).dir({0700}, {allow("alice!ci", "rx")}).file({0644});
  const Decision decision = ask(p.chain(), token_, "r");
  EXPECT_FALSE(decision.granted);
  EXPECT_EQ(decision.reason.kind, ReasonKind::NoTraverse);
  EXPECT_EQ(decision.reason.segment, 1u);
}

TEST_F(TokenTest, IsRefusedWithItsUser) {
  Identity gone = alice_;
  gone.refused = true;
  token_.user = std::make_shared<const Identity>(gone);
  Path p = path();
  p.dir({0777}).file({0666});
  EXPECT_FALSE(ask(p.chain(), token_, "r").granted);
  EXPECT_EQ(ask(p.chain(), token_).effective, AccessMask());
}

TEST_F(TokenTest, OfRootHasNoMoreThanItsOwn) {
  Identity root = caller(table_, 0, {0}, {"u:root"});
  token_.user = std::make_shared<const Identity>(root);
  Path p = path();
  p.dir({0711}).file({0600}, {allow("alice!ci", "r")});
  EXPECT_EQ(letters(p, token_), "rt");
  EXPECT_NE(ask(p.chain(), token_, "r").reason.kind, ReasonKind::GrantedToRoot);
}

TEST_F(TokenTest, BoundToRootIsNotAlmighty) {
  token_.uid = 0;
  Path p = path();
  p.dir({0711}).file({0600}, {allow("alice", "r")});
  EXPECT_EQ(letters(p, token_), "t");
}

TEST_F(TokenTest, ChangesItsMindWhenEitherOfTheTwoDoes) {
  Path p = path();
  p.dir({0711}).file({0600}, {allow("alice", "r", "", 3000), allow("alice!ci", "r", "", 2000)});
  EXPECT_EQ(ask(p.chain(), token_).next_expiry, 2000);
  Path q = path();
  q.dir({0711}).file({0600}, {allow("alice", "r", "", 3000), allow("alice!ci", "r")});
  EXPECT_EQ(ask(q.chain(), token_).next_expiry, 3000);
}

TEST_F(TokenTest, IsRefusedByTheShortWayWhichKnowsOneIdentityOnly) {
  Path p = path();
  p.file({0666});
  EXPECT_FALSE(decide_below({}, p.chain().back(), token_, {.need = {}, .now = kNow, .base = {}, .user_base = {}}, profile_).granted);
}

TEST_F(TokenTest, KeepsAHandleAsLongAsBothMay) {
  Path p = path();
  p.dir({0711}).file({0000}, {});
  Question question{.need = Perm::ReadData, .now = kNow, .base = AccessMask(Perm::ReadData), .user_base = Perm::ReadData};
  EXPECT_TRUE(decide(p.chain(), token_, question, profile_).granted);
  question.user_base = {};
  EXPECT_FALSE(decide(p.chain(), token_, question, profile_).granted) << "he had it by an ACE that is gone";
}

TEST_F(TokenTest, IsWatchedByItsUsersAuditAces) {
  Path p = path();
  p.dir({0711}).file({0644}, {audit("alice", "r", "S"), audit("bob", "r", "S")});
  EXPECT_EQ(watchers_of(p.chain(), token_, {Perm::ReadData, true, kNow}).size(), 1u);
}

/// Random paths whose grants also name the token.
class TokenPropertyTest : public TokenTest {
 protected:
  Grant of_token() {
    std::string letters = random_.subset("rwaxdDtC");
    return random_.coin() ? allow("alice!ci", letters.empty() ? "rx" : letters) : allow("ci", letters.empty() ? "wx" : letters);
  }
  Path random_path() {
    Path p = path();
    for (std::size_t n = 1 + random_.below(4); n > 0; --n) p.dir(random_posix(), grants());
    if (random_.coin()) p.file(random_posix(), grants());
    return p;
  }
  std::vector<Grant> grants() {
    std::vector<Grant> some = random_.some(4);
    if (random_.coin()) some.push_back(of_token());
    return some;
  }
  Posix random_posix() {
    Posix posix = random_.posix();
    if (random_.below(4) == 0) posix.uid = kCi;
    if (random_.below(4) == 0) posix.gid = kCiGroup;
    return posix;
  }

  RandomGrants random_{11};
};

TEST_F(TokenPropertyTest, ATokenNeverHasMoreThanItsUser) {
  int something = 0;
  for (int i = 0; i < rounds(800); ++i) {
    const Path p = random_path();
    profile_.mode_gives_base = random_.coin();
    profile_.traverse_is_strict = random_.coin();
    const Decision token = ask(p.chain(), token_), user = ask(p.chain(), alice_);
    ASSERT_TRUE(user.effective.contains(token.effective)) << letters_of(token.effective) << " beside " << letters_of(user.effective);
    ASSERT_TRUE(user.granted || !token.granted) << "a way that is closed to the user";
    if (!token.effective.empty()) ++something;
  }
  EXPECT_GT(something, 50);
}

TEST_F(TokenPropertyTest, ATokenHasJustWhatBothHaveWhenTheUserOwnsNothing) {
  for (int i = 0; i < rounds(400); ++i) {
    const Path p = random_path();
    const bool owned = std::any_of(p.chain().begin(), p.chain().end(), [](const Segment& s) { return s.uid == kAlice || s.uid == kCi; });
    if (owned) continue;
    Identity account = token_;
    account.user = nullptr;
    ASSERT_EQ(ask(p.chain(), token_).effective, ask(p.chain(), account).effective & ask(p.chain(), alice_).effective);
  }
}

TEST_F(TokenPropertyTest, WhatATokenMovesGivesItNothingNew) {
  int narrow = 0;
  for (int i = 0; i < rounds(500); ++i) {
    Path from = path(), to = path();
    from.dir(random_posix(), grants());
    to.dir(random_posix(), grants());
    const Posix node = random_posix();
    const std::vector<Grant> own = grants();
    from.dir(node, own);
    if (!widened(from.chain(), to.chain(), token_, kNow, profile_).empty()) continue;
    ++narrow;
    to.dir(node, own);
    ASSERT_TRUE(ask(from.chain(), token_).effective.contains(ask(to.chain(), token_).effective));
  }
  EXPECT_GT(narrow, 10);
}

TEST_F(TokenPropertyTest, ATokenHandsOutNoMoreThanItsUserCould) {
  for (int i = 0; i < rounds(300); ++i) {
    const Path p = random_path();
    if (!p.chain().back().is_directory) continue;
    ASSERT_TRUE(held_below(p.chain(), alice_, kNow, profile_).contains(held_below(p.chain(), token_, kNow, profile_)));
  }
}

}  // namespace
}  // namespace acefs::acl
