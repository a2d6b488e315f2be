// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <random>

#include "acefs/acl/perm.hpp"
#include "acefs/acl/text.hpp"
#include "rounds.hpp"

namespace acefs::acl {
namespace {

std::string text_of(KeyKind kind, std::string principal, std::string type, std::string flags, std::string letters) {
  Ace ace{.type = std::move(type), .flags = std::move(flags), .principal = principal, .permissions = std::move(letters)};
  return format_entry({kind, std::move(principal)}, ace);
}

TEST(FormatEntryTest, AllowWithoutFlagsIsShort) {
  EXPECT_EQ(text_of(KeyKind::Plain, "u:alice", "A", "", "wr"), "u:alice:rw");
  EXPECT_EQ(text_of(KeyKind::Plain, "g:staff", "A", "g", "xr"), "g:staff:rx");
  EXPECT_EQ(text_of(KeyKind::Plain, "o:EVERYONE@", "A", "", "r"), "o:EVERYONE@:r");
  EXPECT_EQ(text_of(KeyKind::Plain, "o:GROUP@", "A", "g", "r"), "o:GROUP@:r");
}

TEST(FormatEntryTest, OthersHaveFourFields) {
  EXPECT_EQ(text_of(KeyKind::Plain, "u:alice", "A", "fd", "rw"), "A:fd:alice:rw");
  EXPECT_EQ(text_of(KeyKind::Plain, "g:staff", "A", "fdg", "rx"), "A:fdg:staff:rx");
  EXPECT_EQ(text_of(KeyKind::Plain, "o:OWNER@", "A", "f", "rw"), "A:f:OWNER@:rw");
  EXPECT_EQ(text_of(KeyKind::Deny, "g:staff", "D", "g", "w"), "D:g:staff:w");
  EXPECT_EQ(text_of(KeyKind::Deny, "u:bob", "D", "", "w"), "D::bob:w");
  EXPECT_EQ(text_of(KeyKind::Audit, "u:alice", "U", "SF", "w"), "U:SF:alice:w");
  EXPECT_EQ(text_of(KeyKind::Alarm, "o:EVERYONE@", "L", "F", "w"), "L:F:EVERYONE@:w");
}

TEST(FormatEntryTest, FullDenialHasNoLettersWhateverIsStored) {
  EXPECT_EQ(text_of(KeyKind::Plain, "u:alice", "D", "", ""), "D::alice:");
  EXPECT_EQ(text_of(KeyKind::Plain, "g:staff", "D", "g", ""), "D:g:staff:");
  EXPECT_EQ(text_of(KeyKind::Plain, "u:alice", "A", "", "zZ"), "D::alice:");
  EXPECT_EQ(text_of(KeyKind::Plain, "u:alice", "U", "fd", "rw"), "D:fd:alice:");
}

TEST(FormatEntryTest, UnknownLettersAndFlagsAreLeftOut) {
  EXPECT_EQ(text_of(KeyKind::Plain, "u:alice", "A", "Z", "rz"), "u:alice:r");
}

TEST(FormatEntryTest, NamesAreEscaped) {
  EXPECT_EQ(text_of(KeyKind::Plain, "u:a:b\\c,d#e\n", "A", "", "r"), "u:a\\:b\\\\c\\,d\\#e\\012:r");
  EXPECT_EQ(text_of(KeyKind::Plain, "u:OWNER@", "A", "f", "r"), "A:f:OWNER\\@:r");
}

TEST(FormatEntryTest, EmptyWhenTheGrantHasNoText) {
  EXPECT_EQ(text_of(KeyKind::Deny, "u:alice", "D", "", "z"), "");
  EXPECT_EQ(text_of(KeyKind::Audit, "u:alice", "U", "S", ""), "");
  EXPECT_EQ(text_of(KeyKind::Plain, "u:", "A", "", "r"), "");
  EXPECT_EQ(text_of(KeyKind::Plain, "o:odd", "A", "", "r"), "");
}

class RandomEntry {
 public:
  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
  std::string subset(std::string_view letters) {
    std::string chosen;
    for (char letter : letters) {
      if (below(3) == 0) chosen += letter;
    }
    return chosen;
  }
  std::string name() {
    constexpr std::string_view kNames[] = {"OWNER@", "everyone@", "u:x", "D", " a b "};
    if (below(5) == 0) return std::string(kNames[below(std::size(kNames))]);
    std::string bytes;
    for (std::size_t n = 1 + below(8); n > 0; --n) bytes += static_cast<char>(1 + below(255));
    return bytes;
  }
  std::string principal() {
    constexpr std::string_view kSpecial[] = {kOwnerWho, kGroupWho, kEveryoneWho};
    switch (below(3)) {
      case 0: return "u:" + name();
      case 1: return "g:" + name();
      default: return std::string(kSpecial[below(3)]);
    }
  }

 private:
  std::mt19937 engine_{1};
};

TEST(FormatEntryTest, WhatIsPrintedReadsBackToTheSameKeyTypeFlagsAndLetters) {
  RandomEntry random;
  constexpr KeyKind kKinds[] = {KeyKind::Plain, KeyKind::Deny, KeyKind::Audit, KeyKind::Alarm};
  for (int i = 0; i < test::rounds(1000); ++i) {
    const GrantKey key{kKinds[random.below(4)], random.principal()};
    Ace ace;
    ace.type = std::string(1, static_cast<char>(key.kind));
    ace.flags = random.subset("fdniSF") + (key.principal.starts_with("g:") ? "g" : "");
    ace.permissions = stored_letters_of(mask_of(random.subset(kLetters)));
    if (ace.permissions.empty() && key.kind != KeyKind::Plain) continue;
    if (ace.permissions.empty()) ace.type = "D";
    const std::string text = format_entry(key, ace);
    const auto entries = parse_entries(text + "\n" + text, builtin_role);
    ASSERT_TRUE(entries) << text << ": " << entries.error().message;
    ASSERT_EQ(entries->size(), 2u) << text;
    for (const TextEntry& entry : *entries) {
      EXPECT_EQ(entry.key, key) << text;
      EXPECT_EQ(entry.type, ace.type) << text;
      EXPECT_EQ(entry.flags, ace.flags) << text;
      EXPECT_EQ(entry.permissions, ace.permissions) << text;
    }
    const auto who = parse_who(text);
    ASSERT_TRUE(who) << text;
    EXPECT_EQ(*who, key) << text;
  }
}

}  // namespace
}  // namespace acefs::acl
