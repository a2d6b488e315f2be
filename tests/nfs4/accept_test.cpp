// SPDX-License-Identifier: MIT
#include "nfs4/accept.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "nfs4/universe.hpp"

namespace acefs::nfs4 {
namespace {

using namespace test;
using namespace acl::test;

const std::string kTrivial = "A::OWNER@:rwanNtTcCy,A::GROUP@:rntcy,A::EVERYONE@:rntcy";
const std::string kAll = "rwanNxtTdcCoy";
const std::string kAllOfDir = "rwanNxDtTdcCoy";

class AcceptTest : public ::testing::Test {
 protected:
  Outcome<Change> outcome(Facts facts, std::vector<acl::Grant> stored, const std::string& written, Form form = Form::Acl) {
    return accept(list_of(written), acl::Acl(std::move(stored), facts.is_directory, table_), facts, kNow, names_, form);
  }
  /// "set KEY t= f= p= e=; remove KEY; mode 644", or why not.
  std::string change(Facts facts, std::vector<acl::Grant> stored, const std::string& written, Form form = Form::Acl) {
    const auto change = outcome(facts, std::move(stored), written, form);
    if (!change) return change.error().reason;
    std::string text;
    for (const acl::Grant& grant : change->set) text += "set " + text_of(std::vector{grant});
    for (const acl::GrantKey& key : change->remove) text += "remove " + acl::format_key(key) + "; ";
    char mode[16];
    std::snprintf(mode, sizeof mode, "mode %o", static_cast<unsigned>(change->mode));
    return text + mode;
  }
  std::string on_file(std::vector<acl::Grant> stored, const std::string& written) { return change({.mode = 0644}, std::move(stored), written); }
  std::string on_dir(std::vector<acl::Grant> stored, const std::string& written) {
    return change({.mode = 0, .is_directory = true}, std::move(stored), written);
  }

  acl::PrincipalTable table_;
  PlainNames names_{"example.org"};
};

TEST_F(AcceptTest, AceAddedToTheTrivialAclIsOneGrant) {
  EXPECT_EQ(on_file({}, "A::alice:rx," + kTrivial), "set u:alice t=A f= p=xr e=0; mode 644");
  EXPECT_EQ(on_file({}, kTrivial + ",A:g:staff:rx"), "set g:staff t=A f=g p=xr e=0; mode 644");
}

TEST_F(AcceptTest, FlagsOnADirectoryAreStoredAsPlacesInAcefs) {
  EXPECT_EQ(on_dir({}, "A::alice:r"), "set u:alice t=A f=n p=r e=0; mode 0");
  EXPECT_EQ(on_dir({}, "A:fd:alice:r"), "set u:alice t=A f=fd p=r e=0; mode 0");
  EXPECT_EQ(on_dir({}, "A:fdig:staff:r"), "set g:staff t=A f=fdig p=r e=0; mode 0");
  EXPECT_EQ(on_dir({}, "A:n:alice:r"), "set u:alice t=A f=n p=r e=0; mode 0");
}

TEST_F(AcceptTest, SpecialThreeBecomeTheModeAndKeepSetuid) {
  EXPECT_EQ(change({.mode = 06777}, {}, kTrivial), "mode 6644");
  EXPECT_EQ(on_file({}, "A::EVERYONE@:rntcy,A::OWNER@:rwanNxtTcCy,A::GROUP@:rnxtcy"), "mode 754");
  EXPECT_EQ(on_file({}, "D::OWNER@:waN,A::OWNER@:rntTcCy,A::GROUP@:rwanNtcy,A::EVERYONE@:rntcy"), "mode 464");
}

TEST_F(AcceptTest, SynchronizeMakesNoDifferenceToTheMode) {
  EXPECT_EQ(on_file({}, "A::OWNER@:rwanNtTcC,A::GROUP@:rntc,A::EVERYONE@:ty"), "mode 640");
}

TEST_F(AcceptTest, ModesAcesThatAddNothingNeedNotBeWritten) {
  EXPECT_EQ(on_file({}, "A::OWNER@:rwanNtTcCy"), "mode 600");
  EXPECT_EQ(on_file({}, "A::OWNER@:rwanNtTcCy,A::EVERYONE@:rntcy"), "mode 644");
}

TEST_F(AcceptTest, WithoutTheSpecialThreeTheModeIsZero) { EXPECT_EQ(on_file({}, "A::alice:r"), "set u:alice t=A f= p=r e=0; mode 0"); }

TEST_F(AcceptTest, SpecialAceThatNoModeSaysIsAGrantAndTheModeGivesNoMore) {
  EXPECT_EQ(on_file({}, "A::OWNER@:rwanNtTcCy,A::GROUP@:rwanNtTcCy,A::EVERYONE@:rntcy"),
            "set o:GROUP@ t=A f= p=trwaCcTnNy e=0; mode 664");
  EXPECT_EQ(on_file({}, "A::OWNER@:rx,A::GROUP@:tc,A::EVERYONE@:t"),
            "set o:GROUP@ t=A f= p=tc e=0; set o:OWNER@ t=A f= p=xr e=0; mode 100");
  EXPECT_EQ(on_dir({}, "A::GROUP@:rw"), "set o:GROUP@ t=A f=n p=rw e=0; mode 0");
}

TEST_F(AcceptTest, InheritableSpecialAceIsAGrantAndShowsInTheMode) {
  EXPECT_EQ(on_dir({}, "A:fd:OWNER@:rwanNxDtTcCy,A:fd:GROUP@:rnxtcy,A:fd:EVERYONE@:t"),
            "set o:EVERYONE@ t=A f=fd p=t e=0; set o:GROUP@ t=A f=fd p=txrcny e=0; set o:OWNER@ t=A f=fd p=txrwaCcDTnNy e=0; mode 750");
}

TEST_F(AcceptTest, DenialForASpecialWhoBeforeNamedAllowsIsAGrant) {
  EXPECT_EQ(on_file({}, "D::EVERYONE@:w,A::alice:rw," + kTrivial),
            "set D:o:EVERYONE@ t=D f= p=w e=0; set u:alice t=A f= p=rw e=0; mode 644");
}

TEST_F(AcceptTest, EmptyListRemovesEveryGrantAndLeavesTheMode) {
  EXPECT_EQ(on_file({allow("alice", "r"), allow("bob", "r", "", kNow - 1), audit("bob", "r", "S")}, ""),
            "remove u:alice; remove u:bob; remove U:u:bob; mode 644");
  EXPECT_EQ(change({.mode = 0644}, {allow("alice", "r"), audit("bob", "r", "S")}, "", Form::Dacl), "remove u:alice; mode 644");
}

TEST_F(AcceptTest, WhatIsNotWrittenAgainIsRemovedButNotWhatWasNotServed) {
  EXPECT_EQ(on_file({allow("alice", "r"), allow("bob", "r", "", kNow - 1)}, kTrivial), "remove u:alice; mode 644");
  EXPECT_EQ(change({.mode = 0644}, {audit("bob", "r", "S")}, kTrivial, Form::Dacl), "mode 644");
}

TEST_F(AcceptTest, ExpiredGrantGivesItsKeyToANewOneAndNothingElse) {
  EXPECT_EQ(on_file({allow("bob", "r", "", kNow - 1)}, "A::bob:r," + kTrivial), "set u:bob t=A f= p=r e=0; mode 644");
}

TEST_F(AcceptTest, ChangedAceKeepsWhatNfs4CannotSay) {
  acl::Ace ace{.type = "A", .flags = "X", .principal = "u:bob", .permissions = "rzPD", .creator = "eve", .expires = kNow + 5,
               .share_time = 7, .password_hash = "h", .label = "l", .unknown_fields = {"q=1"}};
  const acl::Grant before = acl::Grant::read({acl::KeyKind::Plain, "u:bob"}, acl::encode(ace));
  const auto change = outcome({.mode = 0644}, {before}, "A::bob:rw," + kTrivial);
  ASSERT_TRUE(change);
  ASSERT_EQ(change->set.size(), 1u);
  ace.permissions = "rwPDz";
  EXPECT_EQ(change->set[0].ace, ace) << text_of(change->set);
}

TEST_F(AcceptTest, AceThatLosesItsLastLetterIsRemovedAndDoesNotBecomeAFullDenial) {
  EXPECT_EQ(on_file({allow("bob", "r")}, "A::bob:," + kTrivial), "remove u:bob; mode 644");
  EXPECT_EQ(on_file({allow("bob", "rV")}, "A::bob:," + kTrivial), "set u:bob t=A f= p=V e=0; mode 644");
  EXPECT_EQ(on_file({}, "A::bob:," + kTrivial), "mode 644");
}

TEST_F(AcceptTest, DenialOfAllBitsIsAFullDenial) {
  EXPECT_EQ(on_file({}, "D::bob:" + kAll + "," + kTrivial), "set u:bob t=D f= p= e=0; mode 644");
  EXPECT_EQ(on_dir({}, "D:fd:bob:" + kAllOfDir), "set u:bob t=D f=fd p= e=0; mode 0");
}

TEST_F(AcceptTest, FullDenialBesideAnAllowIsStoredUnderTheDKeyWithEveryLetter) {
  EXPECT_EQ(on_dir({}, "D::bob:" + kAllOfDir + ",A:fdi:bob:r"),
            "set u:bob t=A f=fdi p=r e=0; set D:u:bob t=D f=n p=txrwadCcoOuUPvVqDTnNy e=0; mode 0");
}

TEST_F(AcceptTest, AllowBesideAStoredFullDenialMovesThatToTheDKey) {
  EXPECT_EQ(on_dir({shut_out("bob", "n")}, "D::bob:" + kAllOfDir + ",A:fdi:bob:r"),
            "set u:bob t=A f=fdi p=r e=0; set D:u:bob t=D f=n p=txrwadCcoOuUPvVqDTnNy e=0; mode 0");
}

TEST_F(AcceptTest, MalformedGrantThatComesBackStaysElseItIsReplaced) {
  EXPECT_EQ(on_file({malformed("u:bob")}, "D::bob:" + kAll + "," + kTrivial), "mode 644");
  EXPECT_EQ(on_file({malformed("u:bob")}, "D::bob:w," + kTrivial), "set D:u:bob t=D f= p=w e=0; remove u:bob; mode 644");
  EXPECT_EQ(on_file({malformed("u:bob")}, "A::bob:w," + kTrivial), "set u:bob t=A f= p=w e=0; mode 644");
}

TEST_F(AcceptTest, AcesOfOnePrincipalAndTypeAreOneGrant) {
  EXPECT_EQ(on_file({}, "A::bob:r,A::bob:w"), "set u:bob t=A f= p=rw e=0; mode 0");
  EXPECT_EQ(on_dir({}, "A::bob:r,A:fdi:bob:r"), "set u:bob t=A f=fd p=r e=0; mode 0");
  EXPECT_EQ(on_dir({}, "A:fd:bob:r,A:f:bob:r"), "set u:bob t=A f=fd p=r e=0; mode 0");
}

TEST_F(AcceptTest, AcesOfOnePrincipalAndTypeThatCannotBeOneAreEopnotsupp) {
  const auto refused = outcome({.is_directory = true}, {}, "A::bob:r,A:fdi:bob:rx");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, EOPNOTSUPP);
  EXPECT_EQ(refused.error().reason, "ACE 1 (A for bob): more than one of that type, with flags that cannot be put together");
}

TEST_F(AcceptTest, OnePrincipalMayHaveAnAceOfEachType) {
  EXPECT_EQ(on_file({}, "D::bob:x,A::bob:r,U:SF:bob:w,L:F:bob:w"),
            "set u:bob t=A f= p=r e=0; set D:u:bob t=D f= p=x e=0; set L:u:bob t=L f=F p=w e=0; set U:u:bob t=U f=SF p=w e=0; mode 0");
  EXPECT_EQ(on_file({}, "U::bob:w"), "set U:u:bob t=U f= p=w e=0; mode 0");
}

TEST_F(AcceptTest, AllowBeforeADenialThatCanMeetItIsRefusedWithBothPositions) {
  const auto refused = outcome({.mode = 0644}, {}, "A::alice:r,A:g:staff:rw,D::bob:w," + kTrivial);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, EOPNOTSUPP);
  EXPECT_EQ(refused.error().reason, "ACE 2 (A for staff) stands before ACE 3 (D for bob), but in acefs a denial always wins");
  EXPECT_EQ(on_file({}, kTrivial + ",D::bob:w"), "ACE 1 (A for OWNER@) stands before ACE 4 (D for bob), but in acefs a denial always wins");
  EXPECT_EQ(on_file({}, "A::1001:r,D::bob:r"), "ACE 1 (A for 1001) stands before ACE 2 (D for bob), but in acefs a denial always wins");
}

TEST_F(AcceptTest, OrderThatMakesNoDifferenceIsAccepted) {
  EXPECT_EQ(on_file({}, "A::alice:r,D::bob:r"), "set u:alice t=A f= p=r e=0; set D:u:bob t=D f= p=r e=0; mode 0");
  EXPECT_EQ(on_file({}, "A:g:staff:r,D::bob:w"), "set g:staff t=A f=g p=r e=0; set D:u:bob t=D f= p=w e=0; mode 0");
  EXPECT_EQ(on_file({}, "D::bob:r,A:g:staff:r,D::bob:r"), "set g:staff t=A f=g p=r e=0; set D:u:bob t=D f= p=r e=0; mode 0");
  EXPECT_EQ(on_dir({}, "A::bob:r,D:fdi:bob:r"), "set u:bob t=A f=n p=r e=0; set D:u:bob t=D f=fdi p=r e=0; mode 0");
  EXPECT_EQ(on_file({}, kTrivial + ",D::bob:x"), "set D:u:bob t=D f= p=x e=0; mode 644");
}

TEST_F(AcceptTest, OwnerCannotBeDeniedWhatHeKeeps) {
  const auto refused = outcome({.mode = 0644}, {}, "D::OWNER@:wC," + kTrivial);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, EOPNOTSUPP);
  EXPECT_EQ(refused.error().reason, "ACE 1 (OWNER@): the owner always has t T c C o");
  EXPECT_EQ(on_file({}, "D::EVERYONE@:C," + kTrivial), "set D:o:EVERYONE@ t=D f= p=C e=0; mode 644");
  EXPECT_EQ(on_file({}, "A::OWNER@:tTcC,D::OWNER@:xC"), "set D:o:OWNER@ t=D f= p=x e=0; mode 0");
}

TEST_F(AcceptTest, FlagsThatMeanNothingAreEinval) {
  const auto error = [&](bool directory, const std::string& written) {
    return outcome({.is_directory = directory}, {}, written).error().error;
  };
  for (const char* flag : {"f", "d", "n", "i"}) EXPECT_EQ(error(false, std::string("A:") + flag + ":bob:r"), EINVAL) << flag;
  EXPECT_EQ(error(true, "A:i:bob:r"), EINVAL);
  EXPECT_EQ(error(true, "A:ni:bob:r"), EINVAL);
  EXPECT_EQ(error(false, "D:S:bob:r"), EINVAL);
  EXPECT_EQ(error(true, "A::NETWORK@:r"), EOPNOTSUPP);
}

TEST_F(AcceptTest, AceThatCountsNowhereStaysWhenItComesBack) {
  EXPECT_EQ(on_dir({allow("bob", "r", "ni")}, "A:ni:bob:r"), "mode 0");
}

TEST_F(AcceptTest, DeleteChildOnAFileIsIgnored) { EXPECT_EQ(on_file({allow("bob", "rD")}, "A::bob:rD," + kTrivial), "mode 644"); }

TEST_F(AcceptTest, NameWithTheConfiguredDomainIsTheName) {
  EXPECT_EQ(on_file({allow("bob", "r")}, "A::bob@example.org:r,A::eve@other.org:r," + kTrivial),
            "set u:eve@other.org t=A f= p=r e=0; mode 644");
}

TEST_F(AcceptTest, StoredPrincipalIsFoundByTheNameItWasServedUnder) {
  EXPECT_EQ(on_file({allow("bob@example.org", "r")}, "A::bob@example.org:r," + kTrivial), "mode 644");
}

TEST_F(AcceptTest, UnknownNameIsEinval) {
  class Nobody : public PlainNames {
    std::optional<std::string> stored(bool, std::string_view) const override { return std::nullopt; }
  };
  const auto refused = accept(list_of("A:g:x:r"), acl::Acl(), {}, kNow, Nobody());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, EINVAL);
  EXPECT_EQ(refused.error().reason, "ACE 1 (x): no such group");
}

/// Knows alice's number.
class Numbered : public PlainNames {
 public:
  std::optional<std::uint32_t> number(const std::string& principal) const override {
    return principal == "u:alice" ? std::optional<std::uint32_t>(1000) : PlainNames::number(principal);
  }
};

TEST(AcceptNumbersTest, WhatWasServedByNameAndComesBackByNumberIsTheSameGrant) {
  acl::PrincipalTable table;
  const std::vector<acl::Grant> stored{allow("alice", "txr", "", kNow + 1'000)};
  const acl::Acl acl(stored, false, table);
  const Facts facts{.mode = 0644, .is_directory = false, .profile = {}};
  AceList list = *serve(acl, facts, kNow, Numbered());
  for (Ace& ace : list) {
    if (ace.who == "alice") ace.who = "1000";
  }
  const auto same = accept(list, acl, facts, kNow, Numbered());
  ASSERT_TRUE(same) << same.error().reason;
  EXPECT_TRUE(same->set.empty());
  EXPECT_TRUE(same->remove.empty());
}

TEST(AcceptOrderTest, AListThatWouldTakeLongToJudgeIsRefusedSoon) {
  AceList list;
  for (int i = 0; i < 1'600; ++i) list.push_back({Type::Allow, kGroup | kFileInherit | kDirectoryInherit, 0x1, "g" + std::to_string(i)});
  list.insert(list.begin(), {Type::Deny, kFileInherit | kDirectoryInherit, 0x1, "EVERYONE@"});
  for (int i = 0; i < 1'600; ++i) list.push_back({Type::Deny, kGroup | kFileInherit | kDirectoryInherit, 0x1, "h" + std::to_string(i)});
  acl::PrincipalTable table;
  const auto change = accept(list, acl::Acl({}, true, table), {.mode = 0755, .is_directory = true, .profile = {}}, kNow, PlainNames());
  ASSERT_FALSE(change);
  EXPECT_EQ(change.error().error, EOPNOTSUPP);
}

}  // namespace
}  // namespace acefs::nfs4
