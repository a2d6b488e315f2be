// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "acefs/acl/perm.hpp"
#include "acefs/acl/text.hpp"

namespace acefs::acl {
namespace {

TEST(RolesTest, LettersAreThoseOfOpenCloud) {
  std::ifstream file(ACEFS_TEST_DATA "/roles.json");
  const auto roles = nlohmann::json::parse(file)["opencloud"]["roles"];
  int known = 0;
  for (const auto& [name, role] : roles.items()) {
    if (name == "None" || name == "Unknown") continue;  // not roles that anybody assigns
    ++known;
    EXPECT_EQ(builtin_role(name), role["letters"].get<std::string>()) << name;
  }
  EXPECT_EQ(known, 19);
}

TEST(RolesTest, NamesAreInKebabCaseOrAsInOpenCloud) {
  EXPECT_EQ(builtin_role("viewer"), "txruq");
  EXPECT_EQ(builtin_role("secure-viewer"), "tx");
  EXPECT_EQ(builtin_role("SecureViewer"), "tx");
  EXPECT_EQ(builtin_role("space-editor-without-versions"), "txrwadcuUq");
  EXPECT_EQ(builtin_role("editor-lite"), "txrwa");
}

TEST(RolesTest, DeniedIsNoLetterAndAdministratorEveryLetter) {
  EXPECT_EQ(builtin_role("denied"), "");
  EXPECT_EQ(builtin_role("NoAccess"), "");
  EXPECT_EQ(builtin_role("administrator"), stored_letters_of(AccessMask::all()));
}

TEST(RolesTest, UnknownNamesAreNotRoles) {
  for (std::string name : {"", "none", "unknown", "view", "viewer ", "secure_viewer"}) EXPECT_FALSE(builtin_role(name)) << name;
}

TEST(RolesTest, ListedNamesAreRolesWithLettersInStoredOrder) {
  EXPECT_EQ(builtin_roles().size(), 21u);
  for (std::string_view name : builtin_roles()) {
    const auto letters = builtin_role(name);
    ASSERT_TRUE(letters) << name;
    EXPECT_EQ(stored_letters_of(mask_of(*letters)), *letters) << name;
  }
}

}  // namespace
}  // namespace acefs::acl
