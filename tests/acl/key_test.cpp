// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "acefs/acl/ace.hpp"

namespace acefs::acl {
namespace {

TEST(KeyTest, ClassAndIdAreThePrincipalOfAPlainKey) {
  for (std::string name : {"u:alice", "g:staff", "o:OWNER@", "u:sub@iss", "u:a:b:c", "g:D:u:x", "u:\xc3\xa9\xff", "u:"}) {
    const auto key = parse_key(name);
    ASSERT_TRUE(key) << name;
    EXPECT_EQ(key->kind, KeyKind::Plain) << name;
    EXPECT_EQ(key->principal, name);
    EXPECT_EQ(format_key(*key), name);
  }
}

TEST(KeyTest, QualifierIsTheKind) {
  const std::pair<std::string, KeyKind> cases[] = {
      {"D:u:alice", KeyKind::Deny}, {"U:g:staff", KeyKind::Audit}, {"L:o:EVERYONE@", KeyKind::Alarm}};
  for (const auto& [name, kind] : cases) {
    const auto key = parse_key(name);
    ASSERT_TRUE(key) << name;
    EXPECT_EQ(key->kind, kind);
    EXPECT_EQ(key->principal, name.substr(2));
    EXPECT_EQ(format_key(*key), name);
  }
}

TEST(KeyTest, OtherNamesAreNotGrants) {
  for (std::string name : {"", "u", "g", "x:foo", "ufoo", "U:foo", "A:u:alice", "D:alice", "D:", "D", "DD:u:x", "D:D:u:x", "m"}) {
    EXPECT_FALSE(parse_key(name)) << name;
  }
}

}  // namespace
}  // namespace acefs::acl
