// SPDX-License-Identifier: MIT
// What Form::Dacl shows of the ACEs of directories above, and what of a list that comes back is the node's own.
#include "nfs4/inherited.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "nfs4/accept.hpp"
#include "nfs4/universe.hpp"

namespace acefs::nfs4 {
namespace {

using namespace test;
using namespace acl::test;

class InheritedTest : public ::testing::Test {
 protected:
  InheritedTest() : above_(table_) {}

  AceList served(bool is_directory, std::vector<acl::Grant> own = {}) {
    const Facts facts{.mode = 0, .is_directory = is_directory, .profile = {}};
    const auto list = serve_with_inherited(acl::Acl(std::move(own), is_directory, table_), above_.chain(), facts, kNow, PlainNames());
    EXPECT_TRUE(list) << list.error().reason;
    return list ? *list : AceList();
  }
  /// Such as "A:fd!:bob:r " for each ACE but those of the mode; "!" marks an inherited one.
  std::string shown(bool is_directory, std::vector<acl::Grant> own = {}) {
    std::string text;
    for (const Ace& ace : served(is_directory, std::move(own))) {
      if (is_special(ace.who)) continue;
      Ace plain = ace;
      plain.flags &= ~kInherited;
      std::string one = text_of({plain});
      if ((ace.flags & kInherited) != 0) one.insert(one.find(':', 2), "!");
      text += one + " ";
    }
    return text;
  }

  acl::PrincipalTable table_;
  Path above_;
};

TEST_F(InheritedTest, AnAceCountsOnEverythingBelowAndSaysSo) {
  above_.dir({0755}, {allow("bob", "r")}).dir({0755});
  EXPECT_EQ(shown(false), "A:!:bob:r ");
  EXPECT_EQ(shown(true), "A:fd!:bob:r ");
}

TEST_F(InheritedTest, OnlyWhatReachesTheNodeIsShown) {
  above_.dir({0755}, {allow("far", "r", "nfd"), allow("here", "r", "n")}).dir({0755}, {allow("child", "r", "nfd"), allow("dirs", "r", "d")});
  EXPECT_EQ(shown(false), "A:!:child:r ");
  EXPECT_EQ(shown(true), "A:!:child:r A:d!:dirs:r ");
}

TEST_F(InheritedTest, DenialsOfDirectoriesAboveStandBeforeAllAllows) {
  above_.dir({0755}, {deny("bob", "w"), allow("carol", "r"), shut_out("dave")});
  EXPECT_EQ(shown(false, {allow("bob", "rw"), deny("carol", "x")}),
            "D::carol:x D:!:bob:w D:!:dave:" + text_of({{Type::Deny, 0, kAllOfFile, "dave"}}).substr(8) + " A::bob:rw A:!:carol:r ");
}

TEST_F(InheritedTest, TheRootHasNothingAbove) { EXPECT_EQ(shown(true, {allow("bob", "r")}), "A:fd:bob:r "); }

TEST_F(InheritedTest, AListThatComesBackChangesNothing) {
  above_.dir({0755}, {deny("bob", "w"), allow("carol", "rx")});
  for (const bool is_directory : {false, true}) {
    const std::vector<acl::Grant> own{allow("bob", "rw"), deny("carol", "x")};
    const AceList list = served(is_directory, own);
    const Facts facts{.mode = 0, .is_directory = is_directory, .profile = {}};
    const auto change = accept(own_part(list, list, [](const Ace&) { return false; }), acl::Acl(own, is_directory, table_), facts, kNow, PlainNames(), Form::Dacl);
    ASSERT_TRUE(change) << change.error().reason;
    EXPECT_TRUE(change->set.empty());
    EXPECT_TRUE(change->remove.empty());
    EXPECT_EQ(change->mode, facts.mode);
  }
}

TEST_F(InheritedTest, OfAWrittenListMarkedAcesAreNotTheNodesOwn) {
  above_.dir({0755}, {deny("bob", "rw")});
  const AceList list = served(false);
  const auto is_bob = [](const Ace& ace) { return ace.who == "bob"; };
  EXPECT_EQ(own_part({{Type::Deny, kInherited, 0x1, "bob"}, {Type::Deny, kInherited, 0x2, "OWNER@"}, {Type::Allow, kInherited, 0x1, "OWNER@"},
                      {Type::Allow, 0, 0x1, "carol"}}, list, is_bob),
            (AceList{{Type::Allow, 0, 0x1, "carol"}}));
}

TEST_F(InheritedTest, AMarkedDenialThatIsNotAboveStaysOne) {
  above_.dir({0755}, {deny("bob", "w")});
  const auto nobody = [](const Ace&) { return false; };
  const AceList own = own_part({{Type::Deny, kInherited, 0x3, "bob"}, {Type::Deny, kInherited, 0x1, "carol"}}, served(false), nobody);
  EXPECT_EQ(own, (AceList{{Type::Deny, 0, 0x3, "bob"}, {Type::Deny, 0, 0x1, "carol"}}));
}

TEST_F(InheritedTest, AListOfMarkedAcesAloneGivesNothingOfItsOwn) {
  const std::vector<acl::Grant> own{deny("bob", "w")};
  const Facts facts{.mode = 04666, .is_directory = false, .profile = {}};
  const auto change = accept({}, acl::Acl(own, false, table_), facts, kNow, PlainNames(), Form::Dacl, Empty::GivesNothing);
  ASSERT_TRUE(change) << change.error().reason;
  EXPECT_EQ(change->remove.size(), 1U);
  EXPECT_EQ(change->mode, mode_t{04000});
}

TEST_F(InheritedTest, AListThatForbidsInheritingIsRefused) {
  std::string bytes = *encode(Form::Dacl, {{Type::Allow, 0, 0x1, "bob"}});
  bytes[3] = 2;
  EXPECT_EQ(decode(Form::Dacl, bytes).error().error, EOPNOTSUPP);
}

TEST_F(InheritedTest, TheMarkIsOnTheWire) {
  const AceList list{{Type::Allow, kInherited, 0x1, "bob"}};
  const auto bytes = encode(Form::Dacl, list);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*decode(Form::Dacl, *bytes), list);
  EXPECT_EQ(decode(Form::Acl, bytes->substr(4))->front().flags, 0U) << "system.nfs4_acl has no inherited ACEs";
}

}  // namespace
}  // namespace acefs::nfs4
