// SPDX-License-Identifier: MIT
#include "acefs/acl/granted_role.hpp"

#include <gtest/gtest.h>

#include "acefs/acl/text.hpp"

namespace acefs::acl {
namespace {

Ace ace_with(std::vector<std::string> fields) {
  Ace ace;
  ace.type = "A";
  ace.principal = "u:alice";
  ace.permissions = "txr";
  ace.unknown_fields = std::move(fields);
  return ace;
}

TEST(GrantedRoleTest, IsAFieldOfTheStoredGrantThatReadsBack) {
  Ace ace = ace_with({"z=9"});
  remember_role(ace, "viewer");
  const std::string value = encode(ace);
  EXPECT_NE(value.find(":z=9:x-role=viewer\n"), std::string::npos) << value;
  const auto read = decode({KeyKind::Plain, "u:alice"}, value);
  ASSERT_TRUE(read);
  EXPECT_EQ(granted_role(*read), "viewer");
  EXPECT_EQ(*read, ace);
}

TEST(GrantedRoleTest, AnotherRoleTakesItsPlace) {
  Ace ace = ace_with({"x-role=viewer", "z=9"});
  remember_role(ace, "editor");
  EXPECT_EQ(ace.unknown_fields, (std::vector<std::string>{"x-role=editor", "z=9"}));
}

TEST(GrantedRoleTest, IsForgottenAndNothingElseIs) {
  Ace ace = ace_with({"x-role=viewer", "z=9"});
  remember_role(ace, "");
  EXPECT_EQ(granted_role(ace), std::nullopt);
  EXPECT_EQ(ace.unknown_fields, std::vector<std::string>{"z=9"});
}

TEST(GrantedRoleTest, OfSeveralNoneCountsAndAllAreForgotten) {
  Ace ace = ace_with({"x-role=viewer", "z=9", "x-role=editor"});
  EXPECT_EQ(role_fields(ace), 2u);
  EXPECT_EQ(granted_role(ace), std::nullopt);
  Ace renamed = ace;
  remember_role(renamed, "uploader");
  EXPECT_EQ(renamed.unknown_fields, (std::vector<std::string>{"x-role=uploader", "z=9"}));
  remember_role(ace, "");
  EXPECT_EQ(ace.unknown_fields, std::vector<std::string>{"z=9"});
}

TEST(GrantedRoleTest, NoNameIsNoRole) { EXPECT_EQ(granted_role(ace_with({"x-role="})), std::nullopt); }

TEST(GrantedRoleTest, NamesMeanNothingElseInAnEntry) {
  EXPECT_TRUE(is_role_name("space-editor.2_b"));
  for (const char* name : {"", "a:b", "a,b", "a b", "a#b", "@a", "\xc3\xa4"}) EXPECT_FALSE(is_role_name(name)) << name;
}

TEST(GrantedRoleTest, AnEntryThatNamesARoleSaysSo) {
  EXPECT_EQ(parse_entry("g:staff:@editor", builtin_role)->role, "editor");
  EXPECT_EQ(parse_entry("A:fd:bob:@denied", builtin_role)->role, "denied");
  EXPECT_EQ(parse_entry("everyone@:@viewer", builtin_role)->role, "viewer");
  EXPECT_EQ(parse_entry("g:staff:rx", builtin_role)->role, "");
}

}  // namespace
}  // namespace acefs::acl
