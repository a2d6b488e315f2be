// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/nodes.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

using namespace std::string_literals;

class GetaceTest : public ToolTest {};

TEST_F(GetaceTest, PrintsHeaderEntriesAndABlankLine) {
  setace({"-m", "u:alice:rw,D::bob:w", "d"});
  ASSERT_EQ(::chmod("d", 02755), 0);
  EXPECT_EQ(getace({"d"}).out,
            "# file: d\n"
            "# owner: root\n"
            "# group: root\n"
            "# flags: -s-\n"
            "# mode: 2755\n"
            "D::bob:w #creator=root shared=2026-01-01T00:00:00Z\n"
            "u:alice:rw #creator=root shared=2026-01-01T00:00:00Z\n\n");
}

TEST_F(GetaceTest, NumericPrintsNumbersAndOmitHeaderNone) {
  EXPECT_EQ(getace({"-n", "f"}).out, "# file: f\n# owner: 0\n# group: 0\n# mode: 0644\n\n");
  EXPECT_EQ(getace({"-c", "f"}).out, "\n");
}

TEST_F(GetaceTest, StripsALeadingSlashUnlessTold) {
  const Output stripped = getace({root() + "/f"});
  EXPECT_EQ(stripped.out.substr(0, stripped.out.find('\n')), "# file: " + root().substr(1) + "/f");
  EXPECT_EQ(stripped.err, "getace: note: Removing leading '/' from absolute path names\n");
  const Output kept = getace({"-p", root() + "/f"});
  EXPECT_EQ(kept.out.substr(0, kept.out.find('\n')), "# file: " + root() + "/f");
  EXPECT_EQ(kept.err, "");
}

TEST_F(GetaceTest, RecursionIsSortedAndSkipsWhatHasNoAcl) {
  ASSERT_EQ(::symlink("a", "d/link"), 0);
  EXPECT_EQ(getace({"-R", "-n", "d"}).out,
            "# file: d\n# owner: 0\n# group: 0\n# mode: 0755\n\n"
            "# file: d/a\n# owner: 0\n# group: 0\n# mode: 0644\n\n"
            "# file: d/e\n# owner: 0\n# group: 0\n# mode: 0755\n\n");
}

TEST_F(GetaceTest, SkipBaseLeavesOutFilesWithoutEntries) {
  setace({"-m", "u:alice:r", "d/a"});
  EXPECT_EQ(getace({"-R", "-s", "-c", "."}).out, "u:alice:r #creator=root shared=2026-01-01T00:00:00Z\n\n");
}

TEST_F(GetaceTest, AGrantByRoleShowsTheRole) {
  setace({"-m", "u:alice:@editor", "f"});
  EXPECT_EQ(getace({"-c", "f"}).out, "u:alice:@editor #permissions=rwaxdtuUq creator=root shared=2026-01-01T00:00:00Z\n\n");
  EXPECT_EQ(nlohmann::json::parse(getace({"--json", "f"}).out)["grants"][0]["role"], "editor");
}

TEST_F(GetaceTest, LettersThatAreARolesShowItOnRequest) {
  setace({"-m", "u:alice:rwaxdtuUq", "f"});
  EXPECT_EQ(entries("f"), "u:alice:rwaxdtuUq\n");
  EXPECT_EQ(getace({"-c", "--roles", "f"}).out,
            "u:alice:@editor #permissions=rwaxdtuUq creator=root shared=2026-01-01T00:00:00Z role=editor\n\n");
}

TEST_F(GetaceTest, WhatIsShownByRoleIsRestoredAsItWas) {
  setace({"-m", "u:alice:@editor,u:bob:txr,g:staff:@denied,D::carol:@uploader", "f"});
  const std::string by_role = stored("f", "u:alice"), by_letters = stored("f", "u:bob"), denied = stored("f", "g:staff");
  std::ofstream("other.toml") << "[role.editor]\npermissions = \"r\"\n";
  for (const bool roles : {false, true}) {
    const std::string listing = roles ? getace({"--roles", "f"}).out : getace({"f"}).out;
    setace({"-b", "f"});
    const Output done = setace({"--config", "other.toml", "--restore", "-"}, listing);
    EXPECT_EQ(done.exit, 0) << done.err << listing;
    EXPECT_EQ(stored("f", "u:alice"), by_role);
    EXPECT_EQ(stored("f", "u:bob"), by_letters);
    EXPECT_EQ(stored("f", "g:staff"), denied);
  }
}

TEST_F(GetaceTest, EffectiveIsWhatTheWholePathLeaves) {
  setace({"-m", "u:4711:wx", "d"});
  setace({"-m", "D::4711:r", "d/a"});
  EXPECT_EQ(getace({"-c", "-e", "4711", "d/a"}).out,
            "D::4711:r #creator=root shared=2026-01-01T00:00:00Z\n# effective: 4711:wtnc\n\n");
}

TEST_F(GetaceTest, EffectiveIsNothingWhereTheUserCannotCome) {
  ASSERT_EQ(::chmod("d", 0700), 0);
  EXPECT_EQ(getace({"-c", "-e", "4711", "d/a"}).out, "# effective: 4711:\n\n");
}

TEST_F(GetaceTest, EffectiveNeedsTheRootOfTheTree) {
  ASSERT_EQ(::rmdir(".oc-nodes"), 0);
  const Output done = getace({"-c", "-e", "4711", "f"});
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.out, "\n");
}

TEST_F(GetaceTest, JsonHasALineForEachFile) {
  store("f", "u:alice", "\0t=A:f=:p=rw:c=bob:e=77:s=5:l=x\n"s);
  store("f", "u:bob", "junk");
  const std::string line = getace({"--json", "f"}).out;
  EXPECT_EQ(line.substr(0, line.find("\"malformed\"")),
            "{\"path\":\"f\",\"path_hex\":\"66\",\"owner\":\"root\",\"group\":\"root\",\"mode\":\"0644\",\"grants\":["
            "{\"key\":\"u:alice\",\"key_hex\":\"753a616c696365\","
            "\"value_hex\":\"00743d413a663d3a703d72773a633d626f623a653d37373a733d353a6c3d780a\",\"entry\":\"u:alice:rw\","
            "\"type\":\"A\",\"flags\":\"\",\"principal\":\"u:alice\",\"permissions\":\"rw\",\"denial\":false,\"expires\":\"77\","
            "\"creator\":\"bob\",\"share_time\":\"5\",\"label\":\"x\"},"
            "{\"key\":\"u:bob\",\"key_hex\":\"753a626f62\",\"value_hex\":\"6a756e6b\",");
}

TEST_F(GetaceTest, JsonIsValidWhateverTheBytes) {
  store("f", "u:\xff\xfe", "\0t=A:f=:p=\xff:c=\xfe:e=0\n"s);
  const Output done = getace({"--json", "f"});
  EXPECT_EQ(done.exit, 0);
  EXPECT_NE(done.out.find("753afffe"), std::string::npos);
}

TEST_F(GetaceTest, GoesOnAfterAnError) {
  const Output done = getace({"-c", "missing", "f"});
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.err, "getace: missing: No such file or directory\n");
  EXPECT_EQ(done.out, "\n");
}

TEST_F(GetaceTest, WrongCommandLinesAreRefused) {
  EXPECT_EQ(getace({}).exit, 2);
  EXPECT_EQ(getace({"--bogus", "f"}).exit, 2);
  EXPECT_EQ(getace({"-e", "no such user", "f"}).exit, 2);
}

TEST_F(GetaceTest, HelpAndVersionAreNoErrors) {
  EXPECT_EQ(getace({"--version"}).out, "getace " ACEFS_VERSION "\n");
  EXPECT_EQ(getace({"--help"}).exit, 0);
}

}  // namespace
}  // namespace acefs::tool::test
