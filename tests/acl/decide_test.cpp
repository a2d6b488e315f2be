// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "support/acl_builders.hpp"

namespace acefs::acl {
namespace {

using namespace test;

class DecideTest : public ::testing::Test {
 protected:
  Path path() { return Path(table_); }
  /// /  and a file of mode 0 that belongs to nobody who asks, with these grants on it.
  Path file_with(std::vector<Grant> grants) {
    Path p(table_);
    p.dir({0755}).file({0}, std::move(grants));
    return p;
  }
  Decision ask(const Path& p, const Identity& who, std::string_view need = "") {
    return decide(p.chain(), who, {.need = mask_of(need), .now = now_, .base = {}}, profile_);
  }
  std::string effective(const Path& p, const Identity& who) { return letters_of(ask(p, who).effective); }
  bool granted(const Path& p, const Identity& who, std::string_view need) { return ask(p, who, need).granted; }

  PrincipalTable table_;
  Profile profile_;
  TimePoint now_ = 1000;
  Identity alice_ = caller(table_, kAlice, {kAlice, kStaff}, {"u:alice", "g:staff"});
  Identity bob_ = caller(table_, kBob, {kBob, kGuests}, {"u:bob", "g:guests"});
  Identity root_ = caller(table_, 0, {0}, {"u:root", "g:root"});
};

// --- rule 1: root

TEST_F(DecideTest, RootHasEveryLetterWhateverIsDenied) {
  Path p = path();
  p.dir({0}, {shut_out("root"), shut_out_who("o:EVERYONE@")}).dir({0});
  EXPECT_EQ(effective(p, root_), kLetters);
  EXPECT_TRUE(granted(p, root_, kLetters));
  EXPECT_EQ(ask(p, root_).reason.kind, ReasonKind::GrantedToRoot);
}

TEST_F(DecideTest, RootCannotExecuteAFileWithoutAnyExecuteBit) {
  Path plain = path();
  plain.dir({0755}).file({0644});
  EXPECT_FALSE(granted(plain, root_, "x"));
  EXPECT_EQ(ask(plain, root_, "x").reason.kind, ReasonKind::NotExecutable);
  Path program = path();
  program.dir({0755}).file({0010});
  EXPECT_TRUE(granted(program, root_, "x"));
}

TEST_F(DecideTest, SquashedRootIsAnyone) {
  profile_.root_has_all = false;
  Path p = path();
  p.dir({0755}).file({0640});
  EXPECT_EQ(effective(p, root_), "t");
  Path own = path();
  own.dir({0755}).file({0600, 0});
  EXPECT_TRUE(granted(own, root_, "rw"));
}

// --- rule 2: ACEs

TEST_F(DecideTest, AllowAcesAddUpAlongTheChain) {
  Path p = path();
  p.dir({0755}, {allow("alice", "r")}).dir({0755}, {allow_group("staff", "w")}).file({0}, {allow_who("o:EVERYONE@", "a")});
  EXPECT_EQ(effective(p, alice_), "rwat");
  EXPECT_EQ(effective(p, bob_), "at");
}

TEST_F(DecideTest, DenialAnywhereOnThePathWinsInEitherOrder) {
  Path above = path();
  above.dir({0755}, {deny("alice", "w")}).file({0}, {allow("alice", "rw")});
  EXPECT_EQ(effective(above, alice_), "rt");
  Path below = path();
  below.dir({0755}, {allow("alice", "rw")}).file({0}, {deny("alice", "w")});
  EXPECT_EQ(effective(below, alice_), "rt");
  EXPECT_EQ(effective(file_with({allow("alice", "rw"), deny("alice", "w")}), alice_), "rt");
}

TEST_F(DecideTest, DenialOfAGroupBeatsTheGrantToItsMember) {
  Path p = file_with({allow("alice", "rw"), shut_out_group("staff"), allow("bob", "rw")});
  EXPECT_EQ(effective(p, alice_), "");
  EXPECT_EQ(effective(p, bob_), "rwt");
}

TEST_F(DecideTest, FullDenialTakesWhatTheModeGives) {
  Path p = path();
  p.dir({0777}, {shut_out("alice", "fdi")}).file({0777});
  EXPECT_EQ(effective(p, alice_), "");
  EXPECT_TRUE(granted(p, bob_, "rwx"));
}

TEST_F(DecideTest, DeniedAttributesDoNotTakeReadingNorReadingAttributes) {
  EXPECT_EQ(effective(file_with({allow("alice", "r"), deny("alice", "t")}), alice_), "r");
  EXPECT_EQ(effective(file_with({allow("alice", "r"), deny("alice", "r")}), alice_), "t");
}

TEST_F(DecideTest, MalformedGrantShutsOutItsPrincipalAndNobodyElse) {
  for (std::string_view key : {"u:alice", "D:u:alice", "U:u:alice", "L:u:alice", "g:staff", "D:g:staff"}) {
    Path p = path();
    p.dir({0777}, {malformed(key)}).dir({0777}).file({0777});
    EXPECT_EQ(effective(p, alice_), "") << key;
    EXPECT_TRUE(granted(p, bob_, "rwx")) << key;
  }
}

TEST_F(DecideTest, PlainKeyOfAnotherTypeShutsOutWhateverItsLetters) {
  for (std::string type : {"D", "U", "L", "", "AA"}) {
    Path p = file_with({make_grant(KeyKind::Plain, "u:alice", type, "rw", "", 0), allow_group("staff", "rw")});
    EXPECT_EQ(effective(p, alice_), "") << type;
  }
}

TEST_F(DecideTest, UnknownLettersGiveNothing) {
  EXPECT_EQ(effective(file_with({allow("alice", "zrZ")}), alice_), "rt");
  EXPECT_EQ(effective(file_with({allow("alice", "zZ"), allow_group("staff", "r")}), alice_), "");
}

TEST_F(DecideTest, AuditAndAlarmAcesChangeNothing) {
  EXPECT_EQ(effective(file_with({audit("alice", "rw", "SF"), allow("alice", "r")}), alice_), "rt");
}

TEST_F(DecideTest, AceCountsUpToItsExpiryAndNotAfter) {
  Path p = file_with({allow("alice", "r", "", 1000), allow_group("staff", "w", "", 2000), allow_who("o:EVERYONE@", "n", "", 999),
                      deny("alice", "a", "", 500)});
  EXPECT_EQ(effective(p, alice_), "rwt");
  EXPECT_EQ(ask(p, alice_).next_expiry, 1000);
  now_ = 1001;
  EXPECT_EQ(effective(p, alice_), "wt");
  EXPECT_EQ(ask(p, alice_).next_expiry, 2000);
  now_ = 2001;
  EXPECT_EQ(effective(p, alice_), "t");
  EXPECT_EQ(ask(p, alice_).next_expiry, 0);
}

TEST_F(DecideTest, NextExpiryIsTheEarliestOnTheWholeChainDenialsIncluded) {
  Path p = path();
  p.dir({0755}, {deny("alice", "a", "", 1500)}).dir({0755}, {allow("bob", "r", "", 1200)}).file({0}, {allow("alice", "r", "", 1800)});
  EXPECT_EQ(ask(p, alice_).next_expiry, 1500);
}

TEST_F(DecideTest, ExpiredFullDenialNoLongerDeniesAndAMalformedOneNeverExpires) {
  EXPECT_EQ(effective(file_with({shut_out("alice", "", 999), allow_group("staff", "r")}), alice_), "rt");
  EXPECT_EQ(effective(file_with({malformed("u:alice"), allow_group("staff", "r")}), alice_), "");
}

TEST_F(DecideTest, OwnerAndGroupAreThoseOfTheNodeAndNotOfTheSegmentThatCarriesTheAce) {
  Path p = path();
  p.dir({0755, kBob, kGuests}, {allow_who("o:OWNER@", "w"), allow_who("o:GROUP@", "a")}).file({0, kAlice, kStaff});
  EXPECT_TRUE(granted(p, alice_, "wa"));
  EXPECT_FALSE(granted(p, bob_, "w"));
  EXPECT_FALSE(granted(p, bob_, "a"));
}

TEST_F(DecideTest, OwnerWhoIsInTheGroupMatchesTheGroupToo) {
  Path p = path();
  p.dir({0755}).file({0, kAlice, kStaff}, {deny_who("o:GROUP@", "t"), allow_who("o:GROUP@", "a")});
  EXPECT_TRUE(granted(p, alice_, "a"));
  profile_.owner_always = {};
  EXPECT_FALSE(granted(p, alice_, "t"));
}

TEST_F(DecideTest, DirectoryWithManyGrantsGivesEachItsOwn) {
  std::vector<Grant> grants;
  for (int i = 0; i < 5000; ++i) grants.push_back(allow("user" + std::to_string(i), i % 2 == 0 ? "r" : "w"));
  grants.push_back(allow_group("staff", "a"));
  Path p = path();
  p.dir({0755}, std::move(grants)).file({0});
  EXPECT_EQ(effective(p, caller(table_, 1, {1}, {"u:user42", "g:staff"})), "rat");
  EXPECT_EQ(effective(p, caller(table_, 1, {1}, {"u:user4999"})), "wt");
  EXPECT_EQ(effective(p, caller(table_, 1, {1}, {"u:user5000"})), "t");
}

TEST_F(DecideTest, CallerOfManyGroupsGetsWhatAnyOfThemHas) {
  Identity who = alice_;
  for (int i = 0; i < 1000; ++i) who.principals.push_back(table_.intern("g:group" + std::to_string(i)));
  std::sort(who.principals.begin(), who.principals.end());
  EXPECT_EQ(effective(file_with({allow_group("group7", "r"), allow_group("group999", "w"), allow_group("other", "a")}), who), "rwt");
}

// --- rule 3: mode and owner

struct ModeRow {
  mode_t mode;
  bool directory;
  std::string other, group, owner;
};

TEST_F(DecideTest, ModeGivesLettersByOwnerElseGroupElseOther) {
  const ModeRow rows[] = {
      {0000, false, "t", "t", "tTcCoO"},
      {0777, false, "rwaxtnNc", "rwaxtnNc", "rwaxtTnNcCoO"},
      {0777, true, "rwaxDtnNc", "rwaxDtnNc", "rwaxDtTnNcCoO"},
      {0004, false, "rtnc", "t", "tTcCoO"},
      {0020, false, "t", "watN", "tTcCoO"},
      {0020, true, "t", "waDtN", "tTcCoO"},
      {0100, false, "t", "t", "xtTcCoO"},
      {0640, false, "t", "rtnc", "rwatTnNcCoO"},
      {0751, true, "xt", "rxtnc", "rwaxDtTnNcCoO"},
  };
  const Identity owner = caller(table_, kAlice, {kGuests}, {});
  const Identity member = caller(table_, kBob, {kBob, kStaff}, {});
  const Identity other = caller(table_, kBob, {kBob}, {});
  for (const ModeRow& row : rows) {
    SCOPED_TRACE(testing::Message() << std::oct << row.mode << (row.directory ? " directory" : " file"));
    Path p = path();
    p.dir({0755});
    if (row.directory) p.dir({row.mode, kAlice, kStaff});
    if (!row.directory) p.file({row.mode, kAlice, kStaff});
    EXPECT_EQ(effective(p, other), row.other);
    EXPECT_EQ(effective(p, member), row.group);
    EXPECT_EQ(effective(p, owner), row.owner);
  }
}

TEST_F(DecideTest, OwnerInTheGroupHasTheOwnersBitsOnly) {
  Path p = path();
  p.dir({0755}).file({0077, kAlice, kStaff});
  EXPECT_FALSE(granted(p, alice_, "r"));
}

TEST_F(DecideTest, OwnersPartIsNeverDenied) {
  Path p = path();
  p.dir({0755}).file({0777, kAlice, kStaff}, {shut_out("alice"), shut_out_who("o:EVERYONE@"), malformed("o:OWNER@")});
  EXPECT_EQ(effective(p, alice_), "tTcCoO");
  EXPECT_EQ(ask(p, alice_).denied, AccessMask::all());
}

TEST_F(DecideTest, WithoutModeBaseOnlyTheOwnersPartAndAcesRemain) {
  profile_.mode_gives_base = false;
  profile_.traverse_is_strict = false;
  Path p = path();
  p.dir({0777}).file({0777, kAlice, kStaff}, {allow("bob", "w")});
  EXPECT_EQ(effective(p, alice_), "tTcCoO");
  EXPECT_EQ(effective(p, bob_), "w");
}

TEST_F(DecideTest, BaseIsWhatModeAndOwnerGiveBeforeAces) {
  Path p = path();
  p.dir({0755}).file({0640, kAlice, kStaff}, {allow("alice", "d"), deny("alice", "w")});
  EXPECT_EQ(letters_of(ask(p, alice_).base), "rwatTnNcCoO");
}

TEST_F(DecideTest, BaseOfTheQuestionReplacesWhatTheModeGives) {
  Path p = path();
  p.dir({0755}).file({0}, {deny("alice", "w"), allow("alice", "a")});
  const Question opened{.need = Perm::ReadData, .now = now_, .base = Perm::ReadData | Perm::WriteData};
  const Decision decision = decide(p.chain(), alice_, opened, profile_);
  EXPECT_TRUE(decision.granted);
  EXPECT_EQ(letters_of(decision.effective), "rat");
}

TEST_F(DecideTest, HandleOpenedForExecutionSurvivesAChmodOfTheFile) {
  Path p = path();
  p.dir({0755}).file({0644});
  const Question opened{.need = Perm::Execute, .now = now_, .base = Perm::Execute};
  EXPECT_TRUE(decide(p.chain(), alice_, opened, profile_).granted);
}

// --- rule 4: execution

TEST_F(DecideTest, ExecuteOfAFileNeedsSomeExecuteBit) {
  Path plain = path();
  plain.dir({0755}).file({0644}, {allow("alice", "x")});
  EXPECT_FALSE(granted(plain, alice_, "x"));
  EXPECT_EQ(ask(plain, alice_, "x").reason.kind, ReasonKind::NotExecutable);
  Path program = path();
  program.dir({0755}).file({0700}, {allow("alice", "x")});
  EXPECT_TRUE(granted(program, alice_, "x"));
  Path directory = path();
  directory.dir({0755}).dir({0}, {allow("alice", "x")});
  EXPECT_TRUE(granted(directory, alice_, "x"));
}

// --- rule 5: traverse

TEST_F(DecideTest, EveryAncestorMustGiveExecute) {
  Path p = path();
  p.dir({0755}).dir({0700}).dir({0755}).file({0666});
  EXPECT_FALSE(granted(p, alice_, "r"));
  EXPECT_FALSE(granted(p, alice_, ""));
  EXPECT_TRUE(ask(p, alice_).effective.has(Perm::ReadData)) << "effective permissions do not speak of the way there";
  profile_.traverse_is_strict = false;
  EXPECT_TRUE(granted(p, alice_, "r"));
}

TEST_F(DecideTest, TraversingIsGivenAndTakenByAcesLikeAnythingElse) {
  Path given = path();
  given.dir({0}, {allow("alice", "x")}).dir({0}).file({0666});
  EXPECT_TRUE(granted(given, alice_, "r"));
  EXPECT_FALSE(granted(given, bob_, "r"));
  Path taken = path();
  taken.dir({0755}).dir({0755}, {deny("alice", "x", "n")}).file({0666});
  EXPECT_FALSE(granted(taken, alice_, "r"));
  EXPECT_TRUE(granted(taken, bob_, "r"));
}

TEST_F(DecideTest, OwnerAtAnAncestorIsTheOwnerOfThatAncestor) {
  Path p = path();
  p.dir({0, kAlice}, {allow_who("o:OWNER@", "x")}).dir({0, kAlice}).file({0666, kBob});
  EXPECT_TRUE(granted(p, alice_, "r"));
  EXPECT_FALSE(granted(p, bob_, "r"));
}

TEST_F(DecideTest, AceForFilesBelowGivesNoTraversal) {
  Path p = path();
  p.dir({0755}, {allow("alice", "rx", "f")}).dir({0}).file({0});
  EXPECT_FALSE(granted(p, alice_, "r"));
}

TEST_F(DecideTest, RootOfTheMountNeedsNoAncestor) {
  Path p = path();
  p.dir({0755});
  EXPECT_TRUE(granted(p, alice_, "rx"));
  EXPECT_FALSE(granted(p, alice_, "w"));
}

// --- the refused

TEST_F(DecideTest, RefusedIdentityGetsNothingAtAll) {
  Path p = path();
  p.dir({0777}).file({0777, kAlice, kStaff}, {allow("alice", "rw")});
  alice_.refused = true;
  EXPECT_FALSE(granted(p, alice_, ""));
  EXPECT_EQ(effective(p, alice_), "");
  EXPECT_EQ(ask(p, alice_, "r").reason.kind, ReasonKind::Refused);
}

TEST_F(DecideTest, RootIsNotRefusedUnlessSquashed) {
  Path p = path();
  p.dir({0777});
  root_.refused = true;
  EXPECT_TRUE(granted(p, root_, "rwx"));
  profile_.root_has_all = false;
  EXPECT_FALSE(granted(p, root_, "r"));
}

// --- what was kept

TEST_F(DecideTest, KnownContributionsGiveTheSameAnswer) {
  Path p = path();
  p.dir({0755}, {allow("alice", "r", "", 1500), deny_group("staff", "a")}).file({0, kAlice}, {allow_who("o:OWNER@", "wa")});
  const Decision computed = ask(p, alice_, "rw");
  std::vector<Contribution> kept;
  for (const Segment& s : p.chain()) kept.push_back(contribution_of(*s.acl, alice_, now_));
  for (std::size_t i = 0; i < kept.size(); ++i) p.segments()[i].known = &kept[i];
  const Decision known = ask(p, alice_, "rw");
  EXPECT_TRUE(known.granted);
  EXPECT_EQ(known.effective, computed.effective);
  EXPECT_EQ(known.denied, computed.denied);
  EXPECT_EQ(known.next_expiry, 1500);
}

TEST_F(DecideTest, EmptyChainGrantsNothing) {
  EXPECT_FALSE(decide({}, root_, {}, profile_).granted);
}

}  // namespace
}  // namespace acefs::acl
