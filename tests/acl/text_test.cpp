// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "acefs/acl/text.hpp"

namespace acefs::acl {
namespace {

/// Key, type, flags and letters of an entry in one line; the error and its offset when there is none.
std::string read(std::string_view text) {
  const auto entry = parse_entry(text, builtin_role);
  if (!entry) return entry.error().message + " at " + std::to_string(entry.error().offset);
  return format_key(entry->key) + " t=" + entry->type + " f=" + entry->flags + " p=" + entry->permissions;
}

TEST(ParseEntryTest, ShortFormsAllow) {
  EXPECT_EQ(read("u:alice:rw"), "u:alice t=A f= p=rw");
  EXPECT_EQ(read("g:staff:rx"), "g:staff t=A f=g p=xr");
  EXPECT_EQ(read("o:EVERYONE@:r"), "o:EVERYONE@ t=A f= p=r");
  EXPECT_EQ(read("everyone@:r"), "o:EVERYONE@ t=A f= p=r");
  EXPECT_EQ(read("owner@:rw"), "o:OWNER@ t=A f= p=rw");
  EXPECT_EQ(read("group@:r"), "o:GROUP@ t=A f= p=r");
}

TEST(ParseEntryTest, FourFieldsAreTypeFlagsWhoPermissions) {
  EXPECT_EQ(read("A:g:staff:rxtnc"), "g:staff t=A f=g p=txrcn");
  EXPECT_EQ(read("A:fdg:staff:rx"), "g:staff t=A f=fdg p=xr");
  EXPECT_EQ(read("A::alice:r"), "u:alice t=A f= p=r");
  EXPECT_EQ(read("D:fd:bob:w"), "D:u:bob t=D f=fd p=w");
  EXPECT_EQ(read("D:g:staff:w"), "D:g:staff t=D f=g p=w");
  EXPECT_EQ(read("U:SF:alice:w"), "U:u:alice t=U f=SF p=w");
  EXPECT_EQ(read("L:Fg:staff:w"), "L:g:staff t=L f=Fg p=w");
  EXPECT_EQ(read("A::OWNER@:rw"), "o:OWNER@ t=A f= p=rw");
  EXPECT_EQ(read("A:fdg:GROUP@:rw"), "o:GROUP@ t=A f=fd p=rw");
  EXPECT_EQ(read("D::EVERYONE@:w"), "D:o:EVERYONE@ t=D f= p=w");
}

TEST(ParseEntryTest, NoLettersIsTheFullDenial) {
  EXPECT_EQ(read("D::bob:"), "u:bob t=D f= p=");
  EXPECT_EQ(read("D:fdg:staff:"), "g:staff t=D f=fdg p=");
  EXPECT_EQ(read("u:alice:"), "u:alice t=D f= p=");
  EXPECT_EQ(read("g:staff:"), "g:staff t=D f=g p=");
  EXPECT_EQ(read("A::alice:"), "u:alice t=D f= p=");
  EXPECT_EQ(read("everyone@:"), "o:EVERYONE@ t=D f= p=");
  EXPECT_EQ(read("u:alice:@denied"), "u:alice t=D f= p=");
}

TEST(ParseEntryTest, RolesAreLetters) {
  EXPECT_EQ(read("g:staff:@editor"), "g:staff t=A f=g p=txrwaduUq");
  EXPECT_EQ(read("D:d:bob:@uploader"), "D:u:bob t=D f=d p=twa");
  EXPECT_EQ(read("u:alice:@king"), "unknown role 'king' at 8");
  const auto odd = parse_entry("u:alice:@odd", [](std::string_view) { return "zZ"; });
  ASSERT_FALSE(odd) << "letters that are all unknown must not become the full denial";
  EXPECT_FALSE(parse_entry("u:alice:@editor", nullptr));
}

TEST(ParseEntryTest, BackslashTakesTheMeaningOfACharacter) {
  EXPECT_EQ(read("u:a\\:b\\\\c:r"), "u:a:b\\c t=A f= p=r");
  EXPECT_EQ(read("A:fd:a\\:b:r"), "u:a:b t=A f=fd p=r");
  EXPECT_EQ(read("A::OWNER\\@:r"), "u:OWNER@ t=A f= p=r");
  EXPECT_EQ(read("u:OWNER@:r"), "u:OWNER@ t=A f= p=r");
  EXPECT_EQ(read("u:a\\012b\\377:r"), "u:a\nb\xff t=A f= p=r");
  EXPECT_EQ(read("g:domain users:r"), "g:domain users t=A f=g p=r");
  EXPECT_EQ(read("u:sub@iss:r"), "u:sub@iss t=A f= p=r");
}

TEST(ParseEntryTest, BlanksAroundAnEntryAreIgnored) { EXPECT_EQ(read(" \tu:alice:rw \r"), "u:alice t=A f= p=rw"); }

TEST(ParseEntryTest, ErrorsNameTheByte) {
  EXPECT_EQ(read("u:alice:rz"), "unknown permission 'z' at 9");
  EXPECT_EQ(read("  A:fd:alice:rwz"), "unknown permission 'z' at 15");
  EXPECT_EQ(read("A:fq:alice:r"), "unknown flag 'q' at 3");
  EXPECT_EQ(read("u:alice:r\x01"), "unknown permission '\\001' at 9");
  EXPECT_EQ(read(""), "empty entry at 0");
  EXPECT_EQ(read("alice:r"), "expected A, D, U, L, u, g, o, owner@, group@ or everyone@ and ':' at 0");
  EXPECT_EQ(read("u"), "expected ':' and a name at 1");
  EXPECT_EQ(read("u:alice"), "expected ':' and permissions at 7");
  EXPECT_EQ(read("A"), "expected ':' and flags at 1");
  EXPECT_EQ(read("A:fd"), "expected ':' and a name at 4");
  EXPECT_EQ(read("A:fd:alice"), "expected ':' and permissions at 10");
  EXPECT_EQ(read("u:alice:r:w"), "unexpected ':', in a name write '\\:' at 9");
  EXPECT_EQ(read("u::rw"), "empty name at 2");
  EXPECT_EQ(read("A:g::rw"), "empty name at 4");
  EXPECT_EQ(read("o:alice:rw"), "expected OWNER@, GROUP@ or EVERYONE@ at 2");
  EXPECT_EQ(read("u:a\\qb:rw"), "unknown escape '\\q' at 3");
  EXPECT_EQ(read("U:S:alice:"), "an audit or alarm entry needs permissions at 10");
}

TEST(ParseEntriesTest, CommaAndNewlineSeparateAndHashComments) {
  const auto entries = parse_entries("# file: x\nu:alice:rw,g:staff:r # both, really\n\n , D::bob:\r\n", builtin_role);
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].key.principal, "u:alice");
  EXPECT_EQ((*entries)[1].key.principal, "g:staff");
  EXPECT_EQ((*entries)[2].key.principal, "u:bob");
}

TEST(ParseEntriesTest, EscapedSeparatorsBelongToTheName) {
  const auto entries = parse_entries("u:a\\,b\\#c:r", builtin_role);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].key.principal, "u:a,b#c");
}

TEST(ParseEntriesTest, NothingIsNoEntries) {
  for (std::string_view text : {"", "\n", " , ,", "# nothing", "#"}) {
    const auto entries = parse_entries(text, builtin_role);
    ASSERT_TRUE(entries) << text;
    EXPECT_TRUE(entries->empty()) << text;
  }
}

TEST(ParseEntriesTest, OffsetCountsFromTheStartOfTheText) {
  const auto entries = parse_entries("u:alice:rw,\n g:staff:rz", builtin_role);
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().message, "unknown permission 'z'");
  EXPECT_EQ(entries.error().offset, 22u);
}

std::string who(std::string_view text) {
  const auto key = parse_who(text);
  return key ? format_key(*key) : key.error().message + " at " + std::to_string(key.error().offset);
}

TEST(ParseWhoTest, TakesAnEntryWithoutItsPermissions) {
  EXPECT_EQ(who("u:alice"), "u:alice");
  EXPECT_EQ(who("g:staff"), "g:staff");
  EXPECT_EQ(who("o:EVERYONE@"), "o:EVERYONE@");
  EXPECT_EQ(who("o:owner@"), "o:OWNER@");
  EXPECT_EQ(who("everyone@"), "o:EVERYONE@");
  EXPECT_EQ(who("D:bob"), "D:u:bob");
  EXPECT_EQ(who("D:u:bob"), "D:u:bob");
  EXPECT_EQ(who("D:g:staff"), "D:g:staff");
  EXPECT_EQ(who("D:o:OWNER@"), "D:o:OWNER@");
  EXPECT_EQ(who("D:EVERYONE@"), "D:o:EVERYONE@");
  EXPECT_EQ(who("A:fdg:staff"), "g:staff");
  EXPECT_EQ(who("U:bob"), "U:u:bob");
  EXPECT_EQ(who("u:a\\:b"), "u:a:b");
}

TEST(ParseWhoTest, TakesAWholeEntry) {
  EXPECT_EQ(who("u:alice:rw"), "u:alice");
  EXPECT_EQ(who("u:alice:"), "u:alice");
  EXPECT_EQ(who("A:fd:alice:rw"), "u:alice");
  EXPECT_EQ(who("D:g:staff:w"), "D:g:staff");
  EXPECT_EQ(who("D:g:staff:"), "g:staff") << "the full denial is under the plain key";
  EXPECT_EQ(who("owner@:rw"), "o:OWNER@");
}

TEST(ParseWhoTest, TakesKeysThatNoEntryCanWriteSoThatTheyCanBeRemoved) {
  EXPECT_EQ(who("u:"), "u:");
  EXPECT_EQ(who("o:odd"), "o:odd");
}

TEST(ParseWhoTest, RefusesTheRest) {
  EXPECT_EQ(who("alice"), "expected A, D, U, L, u, g, o, owner@, group@ or everyone@ and ':' at 0");
  EXPECT_EQ(who("u"), "expected ':' and a name at 1");
  EXPECT_EQ(who("A:q:bob"), "unknown flag 'q' at 2");
  EXPECT_EQ(who("u:a:b:c"), "unexpected ':', in a name write '\\:' at 5");
}

}  // namespace
}  // namespace acefs::acl
