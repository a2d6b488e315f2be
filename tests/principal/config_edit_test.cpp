// SPDX-License-Identifier: MIT
#include "acefs/principal/config_edit.hpp"

#include <gtest/gtest.h>

namespace acefs::principal {
namespace {

using What = SectionEdit::What;

constexpr const char* kFile = R"(# who is who
[user.alice]   # back office
  enabled = true # for now
  ids = [
    "a-1",  # the old one
    "a-2",
  ]

# auditors come and go
[group.auditors]
members = ["alice", 1001]

[role]
reviewer = { permissions = "rxtnc" }
)";

std::string edited(std::string_view text, const SectionEdit& edit) {
  const auto done = edit_config(text, edit);
  return done ? *done : "! " + done.error().message;
}

/// The file with one piece of it replaced.
std::string with(std::string text, const std::string& old, const std::string& now) { return text.replace(text.find(old), old.size(), now); }

SectionEdit change(std::string kind, std::string name, KeyEdit key) {
  return {.what = What::Change, .kind = std::move(kind), .name = std::move(name), .keys = {std::move(key)}};
}
KeyEdit to(std::string key, std::string value) { return {.key = std::move(key), .value = std::move(value), .remove = false, .add = {}, .drop = {}}; }
KeyEdit gone(std::string key) { return {.key = std::move(key), .value = {}, .remove = true, .add = {}, .drop = {}}; }
KeyEdit plus(std::string key, std::string element) { return {.key = std::move(key), .value = {}, .remove = false, .add = {std::move(element)}, .drop = {}}; }
KeyEdit minus(std::string key, std::string element) { return {.key = std::move(key), .value = {}, .remove = false, .add = {}, .drop = {std::move(element)}}; }

TEST(ConfigEditTest, AValueIsReplacedAndNothingElse) {
  EXPECT_EQ(edited(kFile, change("user", "alice", to("enabled", "false"))), with(kFile, "enabled = true #", "enabled = false #"));
}

TEST(ConfigEditTest, ANewKeyStandsBehindTheLastOneOfItsSection) {
  EXPECT_EQ(edited(kFile, change("user", "alice", to("uid", "7"))), with(kFile, "  ]\n\n", "  ]\n  uid = 7\n\n"));
  EXPECT_EQ(edited(kFile, change("group", "auditors", to("gid", "7"))), with(kFile, "1001]\n", "1001]\ngid = 7\n"));
}

TEST(ConfigEditTest, AKeyOfAnInlineSectionStandsInItsBraces) {
  EXPECT_EQ(edited(kFile, change("role", "reviewer", to("comment", "\"x\""))), with(kFile, "\"rxtnc\" }", "\"rxtnc\", comment = \"x\" }"));
  EXPECT_EQ(edited(kFile, change("role", "reviewer", to("permissions", "\"r\""))), with(kFile, "\"rxtnc\"", "\"r\""));
  EXPECT_EQ(edited("[user]\na = {}\n", change("user", "a", to("uid", "1"))), "[user]\na = { uid = 1 }\n");
}

TEST(ConfigEditTest, AKeyIsTakenOutWithItsLine) {
  EXPECT_EQ(edited(kFile, change("user", "alice", gone("enabled"))), with(kFile, "  enabled = true # for now\n", ""));
  EXPECT_EQ(edited("user.a.uid = 1\nuser.a.comment = 'x'\n", change("user", "a", gone("uid"))), "user.a.comment = 'x'\n");
  EXPECT_EQ(edited(kFile, change("user", "alice", gone("uid"))), kFile) << "it is not there";
}

TEST(ConfigEditTest, KeysWithDotsGetKeysWithDots) {
  EXPECT_EQ(edited("user.a.uid = 1 # one\n", change("user", "a", to("enabled", "true"))), "user.a.uid = 1 # one\nuser.a.enabled = true\n");
}

TEST(ConfigEditTest, AListGetsAndLosesElementsInPlace) {
  EXPECT_EQ(edited(kFile, change("user", "alice", plus("ids", "a-3"))), with(kFile, "\"a-2\"", "\"a-2\", \"a-3\""));
  EXPECT_EQ(edited(kFile, change("user", "alice", plus("ids", "a-1"))), kFile) << "it is in it";
  EXPECT_EQ(edited(kFile, change("user", "alice", minus("ids", "a-2"))), with(kFile, "    \"a-2\",\n", ""));
  EXPECT_EQ(edited(kFile, change("group", "auditors", minus("members", "alice"))), with(kFile, "\"alice\", 1001", "1001"));
  EXPECT_EQ(edited(kFile, change("group", "auditors", minus("members", "1001"))), with(kFile, "\"alice\", 1001", "\"alice\""));
  EXPECT_EQ(edited(kFile, change("group", "auditors", minus("members", "bob"))), "! 'bob' is not in members");
  EXPECT_EQ(edited("[group.g]\nids = []\n", change("group", "g", plus("ids", "x"))), "[group.g]\nids = [\"x\"]\n");
}

TEST(ConfigEditTest, WhatLeavesAListLeavesItsCommentsAndNoEmptyLine) {
  const auto without = [](const std::string& list, const std::string& element) {
    const std::string text = edited("[group.g]\nmembers = " + list + "\n", change("group", "g", minus("members", element)));
    return text.starts_with("[group.g]\nmembers = ") ? text.substr(20, text.size() - 21) : text;
  };
  EXPECT_EQ(edited(kFile, change("user", "alice", minus("ids", "a-1"))), with(kFile, "    \"a-1\",  # the", "      # the"));
  EXPECT_EQ(without("[\n  'a', # first, or so\n  'b' # second\n]", "b"), "[\n  'a' # first, or so\n   # second\n]");
  EXPECT_EQ(without("[\n  'a' # only\n]", "a"), "[\n   # only\n]");
  EXPECT_EQ(without("[\n  'a',\n  # of b\n  'b'\n]", "b"), "[\n  'a'\n  # of b\n]");
  EXPECT_EQ(without("['a', 'b', 'c']", "b"), "['a', 'c']");
  EXPECT_EQ(without("['a']", "a"), "[]");
  EXPECT_EQ(without("['a',]", "a"), "[]");
}

TEST(ConfigEditTest, AllThatAreTheSameLeaveAList) {
  EXPECT_EQ(edited("[group.g]\nmembers = ['bob', 'a', 'bob', 'bob']\n", change("group", "g", minus("members", "bob"))),
            "[group.g]\nmembers = ['a']\n");
}

TEST(ConfigEditTest, ASectionOfKeysWithDotsThatLosesTheLastOneIsNotLost) {
  SectionEdit edit = change("user", "a", gone("expires"));
  EXPECT_EQ(edited("user.a.expires = 2027-01-01\n", edit).substr(0, 2), "! ");
  edit.keys.push_back(to("enabled", "true"));
  EXPECT_EQ(edited("user.a.expires = 2027-01-01\n", edit), "user.a.enabled = true\n");
  edit.keys = {gone("expires"), gone("uid")};
  EXPECT_EQ(edited("user.a.expires = 2027-01-01\nuser.a.uid = 7\n", edit).substr(0, 2), "! ");
}

TEST(ConfigEditTest, AListThatIsNotThereIsMade) {
  EXPECT_EQ(edited(kFile, change("group", "auditors", plus("ids", "x"))), with(kFile, "1001]\n", "1001]\nids = [\"x\"]\n"));
}

TEST(ConfigEditTest, ANewSectionStandsAtTheEnd) {
  const SectionEdit add{.what = What::Add, .kind = "token", .name = "alice!ci", .keys = {to("account", "\"ci\"")}};
  EXPECT_EQ(edited(kFile, add), std::string(kFile) + "\n[token.\"alice!ci\"]\naccount = \"ci\"\n");
  EXPECT_EQ(edited("", add), "[token.\"alice!ci\"]\naccount = \"ci\"\n");
  EXPECT_EQ(edited("# no newline", add), "# no newline\n\n[token.\"alice!ci\"]\naccount = \"ci\"\n");
  EXPECT_EQ(edited("# dos\r\n", add), "# dos\r\n\r\n[token.\"alice!ci\"]\r\naccount = \"ci\"\r\n");
}

TEST(ConfigEditTest, ASectionIsRemovedAndTheCommentsAroundItStay) {
  const SectionEdit remove{.what = What::Remove, .kind = "group", .name = "auditors", .keys = {}};
  EXPECT_EQ(edited(kFile, remove), with(kFile, "[group.auditors]\nmembers = [\"alice\", 1001]\n", ""));
  const SectionEdit inline_one{.what = What::Remove, .kind = "role", .name = "reviewer", .keys = {}};
  EXPECT_EQ(edited(kFile, inline_one), with(kFile, "reviewer = { permissions = \"rxtnc\" }\n", ""));
  const SectionEdit dotted{.what = What::Remove, .kind = "user", .name = "a", .keys = {}};
  EXPECT_EQ(edited("user.a.uid = 1\n# b\nuser.b.uid = 2\nuser.a.enabled = true\n", dotted), "# b\nuser.b.uid = 2\n");
}

TEST(ConfigEditTest, WhatIsThereAndWhatIsNotIsSaid) {
  EXPECT_EQ(edited(kFile, {.what = What::Add, .kind = "user", .name = "alice", .keys = {}}), "! user 'alice' is there already");
  EXPECT_EQ(edited(kFile, {.what = What::Remove, .kind = "user", .name = "bob", .keys = {}}), "! there is no user 'bob'");
  EXPECT_EQ(edited(kFile, change("user", "bob", to("uid", "1"))), "! there is no user 'bob'");
}

TEST(ConfigEditTest, WhatCannotBeWrittenThereIsLeftToHands) {
  const SectionEdit add{.what = What::Add, .kind = "user", .name = "bob", .keys = {}};
  EXPECT_EQ(edited("user = { alice = { uid = 1 } }\n", add).substr(0, 2), "! ");
}

TEST(ConfigEditTest, CharactersOfSeveralBytesCountAsTheyAre) {
  const std::string text = "\xef\xbb\xbf[user.\"\xc3\xa4\"] # \xe2\x82\xac\ncomment = \"\xc3\xbc\" # \xc3\xbc\n";
  EXPECT_EQ(edited(text, change("user", "\xc3\xa4", to("comment", "\"u\""))), with(text, "\"\xc3\xbc\"", "\"u\""));
}

TEST(ConfigEditTest, StringsAreQuoted) {
  EXPECT_EQ(toml_string("a\"b\\c\nd"), "\"a\\\"b\\\\c\\u000ad\"");
  EXPECT_EQ(edited("", {.what = What::Add, .kind = "user", .name = "a\"\n", .keys = {}}), "[user.\"a\\\"\\u000a\"]\n");
}

}  // namespace
}  // namespace acefs::principal
