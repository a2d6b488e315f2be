// SPDX-License-Identifier: MIT
#include "audit/json_line.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace acefs::audit {
namespace {

Record record() {
  return {.time = 1'700'000'000'123'456'789, .operation = "open", .path = "/d/f", .principal = "u:alice", .uid = 1001, .gid = 1002, .pid = 42,
          .command = "cat", .needed = acl::Perm::ReadData | acl::Perm::WriteData, .missing = acl::Perm::WriteData, .granted = false,
          .reason = "denied_by_ace", .decided_at = "/d", .decided_by = "D::alice:w",
          .watchers = {{acl::EntryKind::Audit, "/", "U:F:alice:w"}, {acl::EntryKind::Alarm, "/d/f", "L:F:EVERYONE@:rw"}}};
}

TEST(JsonLineTest, SaysEverythingOnOneLine) {
  EXPECT_EQ(json_line(record()),
            R"({"time":"2023-11-14T22:13:20.123456Z","operation":"open","path":"/d/f","principal":"u:alice","uid":1001,"gid":1002,"pid":42,)"
            R"("command":"cat","needed":"rw","missing":"w","outcome":"denied","reason":"denied_by_ace",)"
            R"("decided":{"segment":"/d","ace":"D::alice:w"},"watched_by":[{"type":"audit","segment":"/","ace":"U:F:alice:w"},)"
            R"({"type":"alarm","segment":"/d/f","ace":"L:F:EVERYONE@:rw"}]})");
}

TEST(JsonLineTest, NoAceDecidedWhereNoneIsNamed) {
  Record granted = record();
  granted.granted = true;
  granted.decided_by.clear();
  const auto json = nlohmann::json::parse(json_line(granted));
  EXPECT_EQ(json["outcome"], "granted");
  EXPECT_FALSE(json["decided"].contains("ace"));
}

TEST(JsonLineTest, OddNamesStayOneLineAndCanBeReadBack) {
  Record odd = record();
  odd.path = "/new\nline \"quoted\" \\ \x01 ä";
  const std::string line = json_line(odd);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["path"], odd.path);
  EXPECT_FALSE(json.contains("path_hex"));
}

TEST(JsonLineTest, BytesThatAreNotUtf8AreShownInHexadecimalToo) {
  Record odd = record();
  odd.path = "/a\xff";
  odd.command = "\xfe";
  odd.principal = "u:\xc3";
  odd.watchers[0].text = "U:S:\xff:w";
  const auto json = nlohmann::json::parse(json_line(odd));
  EXPECT_EQ(json["path"], "/a\xef\xbf\xbd");
  EXPECT_EQ(json["path_hex"], "2f61ff");
}

TEST(JsonLineTest, ALongPathIsCutAndWhoDidItIsNot) {
  Record deep = record();
  for (int i = 0; i < 1000; ++i) deep.path += "/" + std::string(255, 'd');
  deep.path += "/end";
  deep.decided_at = deep.path;
  deep.watchers[0].path = deep.path;
  const std::string line = json_line(deep);
  EXPECT_LT(line.size(), 16'384u) << "fits into a datagram";
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["uid"], deep.uid);
  EXPECT_EQ(json["path_length"], deep.path.size());
  EXPECT_TRUE(json["path"].get<std::string>().ends_with("/end"));
  EXPECT_TRUE(json["path"].get<std::string>().starts_with(deep.path.substr(0, 1000)));
}

TEST(JsonLineTest, NothingInALineCommandsATerminal) {
  Record odd = record();
  odd.path = "/\xc2\x9b" "2J\x1b[2J";  // CSI as one character of two bytes, and as ESC [
  const std::string line = json_line(odd);
  EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; })) << line;
  EXPECT_EQ(nlohmann::json::parse(line)["path"], odd.path);
}

TEST(JsonLineTest, LossesAreALineToo) {
  EXPECT_EQ(lost_line(0, 7), R"({"time":"1970-01-01T00:00:00.000000Z","operation":"lost","records":7})");
}

}  // namespace
}  // namespace acefs::audit
