// SPDX-License-Identifier: MIT
#include "nfs4/serve.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "nfs4/universe.hpp"

namespace acefs::nfs4 {
namespace {

using namespace test;
using namespace acl::test;

/// Names as LDAP might have them: two principals of one person, a number each.
class Directory : public PlainNames {
 public:
  std::string shown(const std::string& principal) const override {
    return principal == "u:4c51" || principal == "u:1001" ? "alice" : PlainNames::shown(principal);
  }
  std::optional<std::uint32_t> number(const std::string& principal) const override {
    if (principal == "u:4c51" || principal == "u:1001" || principal == "u:alice") return 1001;
    return PlainNames::number(principal);
  }
};

class ServeTest : public ::testing::Test {
 protected:
  Outcome<AceList> list(Facts facts, std::vector<acl::Grant> grants, Form form = Form::Acl, const Names& names = PlainNames()) {
    return serve(acl::Acl(std::move(grants), facts.is_directory, table_), facts, kNow, names, form);
  }
  std::string shown(Facts facts, std::vector<acl::Grant> grants, Form form = Form::Acl, const Names& names = PlainNames()) {
    const auto served = list(facts, std::move(grants), form, names);
    return served ? text_of(*served) : served.error().reason;
  }
  /// Without the ACEs of the mode, which is 000.
  std::string named(bool is_directory, std::vector<acl::Grant> grants, Form form = Form::Acl, const Names& names = PlainNames()) {
    const std::string all = shown({.mode = 0, .is_directory = is_directory}, std::move(grants), form, names);
    const auto mode = all.find("A::OWNER@:tTcC,A::GROUP@:t,A::EVERYONE@:t");
    return mode == std::string::npos ? all : all.substr(0, mode == 0 ? 0 : mode - 1);
  }

  acl::PrincipalTable table_;
};

TEST_F(ServeTest, ModeAloneIsTheTrivialAcl) {
  EXPECT_EQ(shown({.mode = 0644}, {}), "A::OWNER@:rwanNtTcCy,A::GROUP@:rntcy,A::EVERYONE@:rntcy");
  EXPECT_EQ(shown({.mode = 0755, .is_directory = true}, {}), "A::OWNER@:rwanNxDtTcCy,A::GROUP@:rnxtcy,A::EVERYONE@:rnxtcy");
  EXPECT_EQ(shown({.mode = 04000}, {}), "A::OWNER@:tTcC,A::GROUP@:t,A::EVERYONE@:t");
}

TEST_F(ServeTest, TrivialAclHasTheBytesOfNfs4Setfacl) {
  std::ifstream file(ACEFS_TEST_DATA "/nfs4_xdr.txt");
  const auto bytes = encode(Form::Acl, *list({.mode = 0644}, {}));
  ASSERT_TRUE(bytes);
  std::string hex;
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>((*bytes)[i]);
    hex += i % 4 == 0 ? " " : "";
    hex += {kDigits[byte >> 4], kDigits[byte & 15u]};
  }
  std::string line;
  while (std::getline(file, line) && !line.starts_with("trivial 0644")) continue;
  EXPECT_NE(line.find(hex), std::string::npos) << hex;
}

TEST_F(ServeTest, ModeThatGivesAClassLessThanTheNextHasDenials) {
  EXPECT_EQ(shown({.mode = 0464}, {}), "D::OWNER@:waN,A::OWNER@:rntTcCy,A::GROUP@:rwanNtcy,A::EVERYONE@:rntcy");
  EXPECT_EQ(shown({.mode = 0007}, {}),
            "D::OWNER@:rwanNx,A::OWNER@:tTcC,D::GROUP@:rwanNxc,A::GROUP@:t,A::EVERYONE@:rwanNxtcy");
}

TEST_F(ServeTest, WithoutTheModesBaseOnlyTheOwnersPartIsLeft) {
  acl::Profile base_none;
  base_none.mode_gives_base = false;
  EXPECT_EQ(shown({.mode = 0777, .profile = base_none}, {allow("bob", "r")}), "A::bob:rt,A::OWNER@:tTcC");
}

TEST_F(ServeTest, DenialsComeFirstAndUsersBeforeGroupsBeforeTheSpecialThree) {
  EXPECT_EQ(named(false, {allow_who("o:EVERYONE@", "x"), allow_group("staff", "r"), deny_group("b", "w"), deny("z", "r"), allow("bob", "r"),
                          audit("bob", "w", "F"), deny("a", "r"), deny_who("o:OWNER@", "w"), deny_who("o:GROUP@", "w")}),
            "D::a:r,D::z:r,D:g:b:w,D::OWNER@:w,D::GROUP@:w,A::bob:r,A:g:staff:r,A::EVERYONE@:x,U:F:bob:w");
}

TEST_F(ServeTest, FlagsSayTheSamePlacesTheOtherWay) {
  const std::map<std::string, std::string> expected = {{"", "fd"}, {"fd", "fd"}, {"n", ""},   {"nf", "fn"},    {"ndf", "fdn"},
                                                       {"i", "fdi"}, {"d", "d"},  {"f", "f"}, {"fni", "fni"}, {"ni", "ni"}};
  for (const auto& [stored, served] : expected) {
    EXPECT_EQ(named(true, {allow("bob", "x", stored)}), "A:" + served + ":bob:x") << stored;
    EXPECT_EQ(named(false, {allow("bob", "x", stored)}), "A::bob:x") << stored;
  }
}

TEST_F(ServeTest, LettersWithoutABitAreLeftOut) {
  EXPECT_EQ(named(false, {allow("bob", "rxDOuUPvVq")}), "A::bob:rx");
  EXPECT_EQ(named(false, {allow("bob", "uU")}), "A::bob:");
}

TEST_F(ServeTest, FullDenialIsADenialOfAllBits) {
  const acl::Grant empty_allow = make_grant(acl::KeyKind::Plain, "u:carol", "A", "", "", 0);
  EXPECT_EQ(named(true, {shut_out("bob", "n"), empty_allow}), "D::bob:rwanNxDtTdcCoy,D:fd:carol:rwanNxDtTdcCoy");
  EXPECT_EQ(named(false, {shut_out_group("staff")}), "D:g:staff:rwanNxtTdcCoy");
}

TEST_F(ServeTest, MalformedAceOfAnyKindIsADenialOfAllBitsEverywhere) {
  EXPECT_EQ(named(true, {malformed("u:bob"), malformed("U:g:staff")}), "D:fd:bob:rwanNxDtTdcCoy,D:fdg:staff:rwanNxDtTdcCoy");
}

TEST_F(ServeTest, OwnerIsNotSaidToBeDeniedWhatHeKeeps) {
  EXPECT_EQ(named(false, {shut_out_who("o:OWNER@")}), "D::OWNER@:rwanNxdy");
}

TEST_F(ServeTest, ExpiredAndNobodysAcesAreNotServed) {
  EXPECT_EQ(named(false, {allow("bob", "r", "", kNow - 1), allow("carol", "r", "", kNow), allow("", "r"), allow_who("o:X@", "r")}),
            "A::carol:r");
}

TEST_F(ServeTest, ModesAceIsNotRepeatedWhereAGrantGivesAsMuch) {
  EXPECT_EQ(shown({.mode = 0640}, {allow_who("o:GROUP@", "rwanNtTcC")}),
            "A::GROUP@:rwanNtTcC,A::OWNER@:rwanNtTcCy,A::EVERYONE@:t");
}

TEST_F(ServeTest, PrincipalsOfOneNameAreShownByTheirIds) {
  EXPECT_EQ(named(false, {allow("4c51", "r")}, Form::Acl, Directory()), "A::alice:r");
  EXPECT_EQ(named(false, {allow("4c51", "r"), allow("1001", "w")}, Form::Acl, Directory()), "A::1001:w,A::4c51:r");
}

TEST_F(ServeTest, DaclHasNoAudits) {
  EXPECT_EQ(named(false, {allow("bob", "r"), audit("bob", "r", "S")}, Form::Dacl), "A::bob:r");
}

TEST_F(ServeTest, NumbersFormShowsNumbers) {
  EXPECT_EQ(named(false, {allow("alice", "r"), allow_group("20", "w")}, Form::Numbers, Directory()), "A::1001:r,A:g:20:w");
}

TEST_F(ServeTest, AceThatCannotBeShownIsEopnotsupp) {
  const auto refused = [&](acl::Grant grant, Form form) { return list({}, {std::move(grant)}, form, Directory()).error().error; };
  EXPECT_EQ(refused(allow("bob", "r"), Form::Numbers), EOPNOTSUPP);
  EXPECT_EQ(refused(allow("OWNER@", "r"), Form::Acl), EOPNOTSUPP);
  EXPECT_EQ(refused(allow(std::string("a\0b", 3), "r"), Form::Acl), EOPNOTSUPP);
  EXPECT_EQ(shown({}, {allow("alice", "r"), allow("4c51", "r")}, Form::Numbers, Directory()),
            "the ACE of u:alice cannot be shown: its number is that of u:4c51");
}

}  // namespace
}  // namespace acefs::nfs4
