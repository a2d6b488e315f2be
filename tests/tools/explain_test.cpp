// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "support/nodes.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

/// Everything belongs to 5000:5000 here; 4711 and 4712 are others. The machine has no such accounts.
class ExplainTest : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    for (const char* path : {"f", "d", "d/a", "d/e"}) ASSERT_EQ(::chown(path, 5000, 5000), 0);
  }

  Output explain(const std::string& user, const std::string& operation, const std::string& path,
                 const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {"explain", "--as", user, "--op", operation, path};
    args.insert(args.end(), more.begin(), more.end());
    return acectl(args);
  }
  int exit_of(const std::string& user, const std::string& operation, const std::string& path,
              const std::vector<std::string>& more = {}) {
    return explain(user, operation, path, more).exit;
  }
  std::string verdict(const Output& done) {
    const auto start = done.out.rfind('\n', done.out.size() - 2);
    return done.out.substr(start + 1);
  }
};

TEST_F(ExplainTest, ShowsSegmentsAcesAndTheVerdict) {
  setace({"-m", "u:4711:wx", "d"});
  setace({"-m", "D::4711:w,u:4712:r", "d/a"});
  const Output done = explain("4711", "write", "d/a");
  EXPECT_EQ(done.exit, 1);
  const auto tree = done.out.find("tree: ");
  ASSERT_NE(tree, std::string::npos);
  EXPECT_EQ(done.out.substr(tree), "tree: " + root() +
                                       " (backing)\n"
                                       "/  drwxr-xr-x root:root  traverse: yes\n"
                                       "/d  drwxr-xr-x 5000:5000  traverse: yes\n"
                                       "    u:4711:wx  gives wx\n"
                                       "/d/a  -rw-r--r-- 5000:5000\n"
                                       "    D::4711:w  takes w\n"
                                       "effective: rtnc\n"
                                       "needs w: no, D::4711:w on /d/a takes w\n"
                                       "refused: write: EACCES: D::4711:w on /d/a takes w\n");
}

TEST_F(ExplainTest, AcesThatDoNotCountAreShownAsSuch) {
  setace({"-m", "A:d:4711:w", "d"});
  setace({"--expires", "2025-01-01", "-m", "u:4711:w", "d/a"});
  const Output done = explain("4711", "write", "d/a");
  EXPECT_NE(done.out.find("    A:d:4711:w  does not count here\n"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("    u:4711:w  expired\n"), std::string::npos) << done.out;
  EXPECT_EQ(verdict(done), "refused: write: EACCES: nothing gives w on /d/a\n");
}

TEST_F(ExplainTest, MalformedGrantsAreBlamed) {
  store("d", "u:4711", "junk");
  EXPECT_EQ(verdict(explain("4711", "read", "d/a")),
            "refused: read: EACCES: malformed grant of u:4711 on /d takes x on /d, which is above\n");
}

TEST_F(ExplainTest, ADirectoryAboveThatCannotBeTraversedIsNamed) {
  ASSERT_EQ(::chmod("d", 0700), 0);
  EXPECT_EQ(verdict(explain("4711", "read", "d/a")), "refused: read: EACCES: nothing gives x on /d, which is above\n");
  EXPECT_EQ(exit_of("4711", "read", "d/a", {"--traverse", "bypass"}), 0);
}

TEST_F(ExplainTest, BaseNoneTakesWhatTheModeGives) {
  EXPECT_EQ(exit_of("4711", "read", "f"), 0);
  EXPECT_EQ(exit_of("4711", "read", "f", {"--base", "none", "--traverse", "bypass"}), 1);
}

TEST_F(ExplainTest, RootMayEverythingUnlessSquashed) {
  EXPECT_EQ(exit_of("0", "write", "f"), 0);
  EXPECT_EQ(exit_of("0", "chown", "f"), 0);
  EXPECT_EQ(exit_of("0", "write", "f", {"--root-squash"}), 1);
  EXPECT_EQ(verdict(explain("0", "execute", "f")), "refused: execute: EACCES: the mode of /f has no x\n");
}

TEST_F(ExplainTest, OperationsOnANodeNeedTheirLetter) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"read", "r"},     {"write", "w"},    {"append", "a"},   {"append", "w"},    {"truncate", "w"}, {"stat", "t"},
      {"setattr", "T"},  {"touch", "T"},    {"touch", "w"},    {"getxattr", "n"},  {"setxattr", "N"}, {"getacl", "c"},
      {"addace", "C"},   {"chmod", "C"},    {"changeace", "o"}, {"denyace", "O"},  {"readwrite", "rw"}};
  setace({"-m", "everyone@:x", "d"});
  for (const auto& [operation, letters] : table) {
    setace({"-b", "d/a"});
    EXPECT_EQ(exit_of("4711", operation, "d/a", {"--base", "none", "--traverse", "bypass"}), 1) << operation;
    setace({"-m", "u:4711:" + letters, "d/a"});
    EXPECT_EQ(exit_of("4711", operation, "d/a", {"--base", "none", "--traverse", "bypass"}), 0) << operation;
  }
}

TEST_F(ExplainTest, CreatingNeedsTheLetterOnTheParent) {
  EXPECT_EQ(exit_of("4711", "create", "d/new"), 1);
  setace({"-m", "u:4711:w", "d"});
  EXPECT_EQ(exit_of("4711", "create", "d/new"), 0);
  EXPECT_EQ(exit_of("4711", "symlink", "d/new"), 0);
  EXPECT_EQ(verdict(explain("4711", "mkdir", "d/new/")), "refused: mkdir: EACCES: nothing gives a on /d\n");
  EXPECT_EQ(exit_of("4711", "create", "f/new"), 3);
}

TEST_F(ExplainTest, DeletingNeedsDOnTheNodeOrDeleteChildOnTheParent) {
  EXPECT_EQ(verdict(explain("4711", "delete", "d/a")),
            "refused: delete: EACCES: nothing gives d on /d/a; nothing gives D on /d\n");
  setace({"-m", "u:4711:d", "d/a"});
  EXPECT_EQ(exit_of("4711", "delete", "d/a"), 0);
  setace({"-m", "u:4712:D", "d"});
  EXPECT_EQ(exit_of("4712", "unlink", "d/a"), 0);
}

TEST_F(ExplainTest, InAStickyDirectoryOnlyOwnersAndDOnTheNodeDelete) {
  ASSERT_EQ(::chmod("d", 01777), 0);
  ASSERT_EQ(::chown("d/a", 4711, 4711), 0);
  EXPECT_EQ(exit_of("4711", "delete", "d/a"), 0);
  EXPECT_EQ(exit_of("5000", "delete", "d/a"), 0);
  EXPECT_EQ(verdict(explain("4712", "delete", "d/a")),
            "refused: delete: EPERM: nothing gives d on /d/a; /d is sticky, and the user owns neither it nor the node\n");
  setace({"-m", "u:4712:d", "d/a"});
  EXPECT_EQ(exit_of("4712", "delete", "d/a"), 0);
}

TEST_F(ExplainTest, RenamingLooksAtBothParentsAndAtWhatIsReplaced) {
  acefs::test::make_dir("to", 0755, 5000, 5000);
  setace({"-m", "u:4711:D", "d"});
  EXPECT_EQ(exit_of("4711", "rename", "d/a", {"--to", "to/a"}), 1);
  setace({"-m", "A:n:4711:w", "to"});
  EXPECT_EQ(exit_of("4711", "rename", "d/a", {"--to", "to/a"}), 0);
  acefs::test::make_file("to/a", 0644, "x", 5000, 5000);
  EXPECT_EQ(exit_of("4711", "rename", "d/a", {"--to", "to/a"}), 1);
  setace({"-m", "u:4711:d", "to/a"});
  EXPECT_EQ(exit_of("4711", "rename", "d/a", {"--to", "to/a"}), 0);
}

TEST_F(ExplainTest, RenamingToWhereTheUserGainsRightsIsExdev) {
  acefs::test::make_dir("to", 0755, 5000, 5000);
  setace({"-m", "u:4711:D", "d"});
  setace({"-m", "u:4711:wN", "to"});
  const std::string told = verdict(explain("4711", "rename", "d/a", {"--to", "to/a"}));
  EXPECT_EQ(told.substr(0, 23), "refused: rename: EXDEV:") << told;
}

TEST_F(ExplainTest, MovingADirectoryNeedsWOnItToo) {
  acefs::test::make_dir("to", 0755, 5000, 5000);
  setace({"-m", "A:n:4711:Dw", "d"});
  setace({"-m", "A:n:4711:a", "to"});
  EXPECT_EQ(exit_of("4711", "rename", "d/e", {"--to", "to/e"}), 1);
  setace({"-m", "u:4711:w", "d/e"});
  EXPECT_EQ(exit_of("4711", "rename", "d/e", {"--to", "to/e"}), 0);
}

TEST_F(ExplainTest, LinkingNeedsTheNodeWritableOrOwned) {
  setace({"-m", "A:n:4711:w", "d"});
  EXPECT_EQ(verdict(explain("4711", "link", "d/a")).substr(0, 21), "refused: link: EPERM:");
  ASSERT_EQ(::chown("d/a", 4711, 4711), 0);
  EXPECT_EQ(exit_of("4711", "link", "d/a"), 0);
}

TEST_F(ExplainTest, ChownIsForRootAndChgrpForTheOwner) {
  EXPECT_EQ(verdict(explain("5000", "chown", "f")), "refused: chown: EPERM: only root may\n");
  EXPECT_EQ(exit_of("5000", "chgrp", "f"), 0);
  EXPECT_EQ(exit_of("4711", "chgrp", "f"), 1);
}

TEST_F(ExplainTest, NeedTakesRawLetters) {
  EXPECT_EQ(acectl({"explain", "--as", "4711", "--need", "rt", "f"}).exit, 0);
  EXPECT_EQ(acectl({"explain", "--as", "4711", "--need", "rw", "f"}).exit, 1);
  EXPECT_EQ(acectl({"explain", "--as", "4711", "--need", "z", "f"}).exit, 2);
}

TEST_F(ExplainTest, WhatCannotBeToldHasItsOwnExitCode) {
  EXPECT_EQ(exit_of("4711", "read", "missing"), 3);
  EXPECT_EQ(exit_of("no such user", "read", "f"), 3);
  EXPECT_EQ(exit_of("4711", "delete", "."), 3);
  ASSERT_EQ(::rmdir(".oc-nodes"), 0);
  EXPECT_EQ(exit_of("4711", "read", "f"), 3);
  EXPECT_EQ(exit_of("4711", "read", "f", {"--root", "."}), 0);
  EXPECT_EQ(exit_of("4711", "read", "/", {"--root", "."}), 3);
}

TEST_F(ExplainTest, WrongCommandLinesAreRefused) {
  EXPECT_EQ(exit_of("4711", "fly", "f"), 2);
  EXPECT_EQ(acectl({"explain", "--as", "4711", "f"}).exit, 2);
  EXPECT_EQ(exit_of("4711", "read", "f", {"--to", "d"}), 2);
  EXPECT_EQ(acectl({}).exit, 2);
}

TEST_F(ExplainTest, JsonSaysTheSame) {
  setace({"-m", "D::4711:w", "d/a"});
  const Output done = explain("4711", "write", "d/a", {"--json"});
  const auto json = nlohmann::json::parse(done.out);
  EXPECT_EQ(json["granted"], false);
  EXPECT_EQ(json["effective"], "rtnc");
  EXPECT_EQ(json["errno"], "EACCES");
  EXPECT_EQ(json["segments"].size(), 3u);
  EXPECT_EQ(json["segments"][2]["aces"][0]["effect"], "takes");
  EXPECT_EQ(json["needs"][0]["kind"], "denied_by_ace");
}

TEST(RoleListTest, PrintsNamesAndLetters) {
  const Output done = acectl({"role", "list"});
  EXPECT_EQ(done.exit, 0);
  EXPECT_NE(done.out.find("secure-viewer\txt\n"), std::string::npos) << done.out;
}

}  // namespace
}  // namespace acefs::tool::test
