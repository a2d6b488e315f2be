// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "oracle.hpp"
#include "rounds.hpp"

namespace acefs::acl {
namespace {

using namespace test;

class DecidePropertyTest : public ::testing::Test {
 protected:
  static constexpr TimePoint kNow = 1000;

  AccessMask effective(std::span<const Segment> chain, const Identity& who) {
    return decide(chain, who, {.need = {}, .now = kNow, .base = {}}, profile_).effective;
  }

  /// The same chain with `grants` on segment `at`.
  AccessMask effective_with(const Path& p, std::size_t at, std::vector<Grant> grants, const Identity& who) {
    const Acl acl(std::move(grants), p.chain()[at].is_directory, table_);
    std::vector<Segment> chain(p.chain().begin(), p.chain().end());
    chain[at].acl = &acl;
    return effective(chain, who);
  }

  PrincipalTable table_;
  Profile profile_;
  Identity alice_ = caller(table_, kAlice, {kAlice, kStaff}, {"u:alice", "g:staff"});
};

TEST_F(DecidePropertyTest, AgreesWithThePlainReadingOfTheRules) {
  RandomGrants random(1);
  for (int i = 0; i < rounds(400); ++i) {
    const Path p = random.path(table_);
    profile_.mode_gives_base = random.coin();
    ASSERT_EQ(letters_of(effective(p.chain(), alice_)),
              letters_of(plain_effective(p.chain(), alice_, kNow, profile_, table_)));
  }
}

TEST_F(DecidePropertyTest, TraverseAgreesWithThePlainReadingOnEachAncestor) {
  RandomGrants random(2);
  for (int i = 0; i < rounds(200); ++i) {
    const Path p = random.path(table_);
    bool open = true;
    for (std::size_t n = 1; n < p.chain().size(); ++n) {
      open = open && plain_effective(p.chain().first(n), alice_, kNow, profile_, table_).has(Perm::Execute);
    }
    ASSERT_EQ(decide(p.chain(), alice_, {.need = {}, .now = kNow, .base = {}}, profile_).granted, open);
  }
}

TEST_F(DecidePropertyTest, AddingADenialNeverWidens) {
  RandomGrants random(3);
  for (int i = 0; i < rounds(200); ++i) {
    const Path p = random.path(table_);
    const std::size_t at = random.below(p.chain().size());
    std::vector<Grant> grants = p.chain()[at].acl->grants();
    grants.push_back(random.denial());
    ASSERT_TRUE(effective(p.chain(), alice_).contains(effective_with(p, at, std::move(grants), alice_)));
  }
}

TEST_F(DecidePropertyTest, RemovingAnAllowAceNeverWidens) {
  RandomGrants random(4);
  int removed = 0;
  for (int i = 0; i < rounds(300); ++i) {
    const Path p = random.path(table_);
    const std::size_t at = random.below(p.chain().size());
    std::vector<Grant> grants = p.chain()[at].acl->grants();
    const auto victim = std::find_if(grants.begin(), grants.end(), [](const Grant& g) {
      return g.ace && g.key.kind == KeyKind::Plain && !is_full_denial(g.key, *g.ace);
    });
    if (victim == grants.end()) continue;
    grants.erase(victim);
    ++removed;
    ASSERT_TRUE(effective(p.chain(), alice_).contains(effective_with(p, at, std::move(grants), alice_)));
  }
  EXPECT_GT(removed, 50);
}

TEST_F(DecidePropertyTest, WhatIsRefusedHasAReasonThatExists) {
  RandomGrants random(5);
  for (int i = 0; i < rounds(200); ++i) {
    const Path p = random.path(table_);
    const Decision d = decide(p.chain(), alice_, {.need = mask_of("rw"), .now = kNow, .base = {}}, profile_);
    if (d.granted) continue;
    ASSERT_LT(d.reason.segment, p.chain().size());
    ASSERT_FALSE(d.reason.letters.empty());
    ASSERT_TRUE(d.reason.grant || d.reason.kind != ReasonKind::DeniedByAce);
    const std::size_t grants = p.chain()[d.reason.grant_segment].acl->grants().size();
    ASSERT_LT(d.reason.grant.value_or(0), std::max<std::size_t>(grants, 1));
  }
}

TEST_F(DecidePropertyTest, NothingDependsOnGroupsOrNamesThatAreSaidNotToMatter) {
  RandomGrants random(6);
  Identity unknown_groups = alice_;
  unknown_groups.groups.assign(1, alice_.gid);
  Identity nameless = alice_;
  nameless.principals.clear();
  int without_groups = 0;
  int without_names = 0;
  for (int i = 0; i < rounds(700); ++i) {
    const Path p = random.path(table_);
    const AccessMask letters = effective(p.chain(), alice_);
    if (!depends_on_groups(p.chain(), unknown_groups, profile_)) {
      ++without_groups;
      ASSERT_EQ(effective(p.chain(), unknown_groups), letters);
    }
    if (!depends_on_names(p.chain(), nameless, profile_)) {
      ++without_names;
      ASSERT_EQ(effective(p.chain(), nameless), letters);
    }
  }
  EXPECT_GT(without_groups, 2);
  EXPECT_GT(without_names, 10);
}

TEST_F(DecidePropertyTest, MoveThatDoesNotWidenGivesNoLetterOnTheNodeOrBelowIt) {
  RandomGrants random(7);
  int narrow = 0;
  for (int i = 0; i < rounds(700); ++i) {
    Path from(table_);
    from.dir(random.posix(), random.some(2));
    Path to(table_);
    to.dir(random.posix(), random.some(2));
    const Posix node = random.posix();
    const std::vector<Grant> own = random.some(2);
    from.dir(node, own);
    if (!widened(from.chain(), to.chain(), alice_, kNow, profile_).empty()) continue;
    ++narrow;
    to.dir(node, own);
    ASSERT_TRUE(effective(from.chain(), alice_).contains(effective(to.chain(), alice_)));
    for (int below = 0; below < 3; ++below) {  // a child, then a grandchild, then deeper
      const Posix posix = random.posix();
      const std::vector<Grant> grants = random.some(2);
      const bool file = random.coin();
      if (file) from.file(posix, grants), to.file(posix, grants);
      if (!file) from.dir(posix, grants), to.dir(posix, grants);
      ASSERT_TRUE(effective(from.chain(), alice_).contains(effective(to.chain(), alice_)));
      if (file) break;
    }
  }
  EXPECT_GT(narrow, 50);
}

}  // namespace
}  // namespace acefs::acl
