// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

#include "support/as_user.hpp"
#include "support/nodes.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

/// Everything belongs to 5000:5000 here; 4711 and 4712 are others. The machine has no such accounts.
class QuestionsTest : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    for (const char* path : {"f", "d", "d/a", "d/e"}) ASSERT_EQ(::chown(path, 5000, 5000), 0);
  }

  std::vector<nlohmann::json> lines(const Output& done) {
    std::vector<nlohmann::json> all;
    std::istringstream in(done.out);
    for (std::string line; std::getline(in, line);) all.push_back(nlohmann::json::parse(line));
    return all;
  }
  nlohmann::json row(const std::string& path, const std::string& principal, const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {"who", "--json", path};
    args.insert(args.end(), more.begin(), more.end());
    for (const auto& line : lines(acectl(args)))
      if (line["principal"] == principal) return line;
    return {};
  }
  int explained(const std::string& user, const std::string& operation, const std::string& path, const std::vector<std::string>& more) {
    std::vector<std::string> args = {"explain", "--as", user, "--op", operation, path};
    args.insert(args.end(), more.begin(), more.end());
    return acectl(args).exit;
  }
};

TEST_F(QuestionsTest, AnAceThoughtAddedGivesAndIsNotStored) {
  EXPECT_EQ(explained("4711", "write", "d/a", {}), 1);
  EXPECT_EQ(explained("4711", "write", "d/a", {"--with", "u:4711:w"}), 0);
  EXPECT_EQ(explained("4712", "write", "d/a", {"--with", "u:4711:w"}), 1);
  EXPECT_EQ(entries("d/a"), "");
}

TEST_F(QuestionsTest, AnAceThoughtRemovedNoLongerCounts) {
  setace({"-m", "u:4711:w,D::4712:r", "d/a"});
  EXPECT_EQ(explained("4711", "write", "d/a", {"--without", "u:4711"}), 1);
  EXPECT_EQ(explained("4712", "read", "d/a", {}), 1);
  EXPECT_EQ(explained("4712", "read", "d/a", {"--without", "D:4712"}), 0);
  EXPECT_EQ(entries("d/a"), "D::4712:r\nu:4711:w\n");
}

TEST_F(QuestionsTest, TheThoughtMayBeAboutADirectoryAbove) {
  EXPECT_EQ(explained("4711", "write", "d/a", {"--with", "u:4711:w", "--at", "d"}), 0);
  EXPECT_EQ(explained("4711", "create", "d/new", {"--with", "u:4711:w"}), 0);
  EXPECT_EQ(explained("4711", "write", "d/a", {"--with", "u:4711:w", "--at", "f"}), 3);
}

TEST_F(QuestionsTest, WrongThoughtsAreRefusedInOneLine) {
  const Output bad = acectl({"explain", "--as", "4711", "--op", "read", "--with", "u:4711:rz", "f"});
  EXPECT_EQ(bad.exit, 2);
  EXPECT_EQ(bad.err, "acectl: --with: u:4711:rz: unknown permission 'z' at 8\n");
  const Output absent = acectl({"explain", "--as", "4711", "--op", "read", "--without", "u:4711", "f"});
  EXPECT_EQ(absent.exit, 3);
  EXPECT_EQ(absent.err, "acectl: f: has no ACE u:4711\n");
  EXPECT_EQ(explained("4711", "read", "f", {"--at", "d"}), 2);
}

TEST_F(QuestionsTest, WhoTellsLettersAndWhereTheyComeFrom) {
  setace({"-m", "u:4711:wx,g:4800:w", "d"});
  setace({"-m", "D::4711:w", "d/a"});
  const auto alice = row("d/a", "u:4711");
  EXPECT_EQ(alice["effective"], "rtnc") << alice;
  ASSERT_EQ(alice["from"].size(), 2u);
  EXPECT_EQ(alice["from"][0]["path"], "/d");
  EXPECT_EQ(alice["from"][1]["effect"], "takes");
  EXPECT_EQ(row("d/a", "g:4800")["effective"], "rwtnc");
  EXPECT_EQ(row("d/a", "everyone@")["effective"], "rtnc");
  EXPECT_EQ(row("d/a", "u:5000")["remark"], "owner");
}

TEST_F(QuestionsTest, WhoTellsThatTheWayIsClosed) {
  setace({"-m", "u:4711:r", "d/a"});
  ASSERT_EQ(::chmod("d", 0700), 0);
  const auto alice = row("d/a", "u:4711");
  EXPECT_EQ(alice["effective"], "");
  EXPECT_EQ(alice["closed_at"], "/d");
  EXPECT_EQ(row("d/a", "u:4711", {"--traverse", "bypass"})["effective"].get<std::string>().front(), 'r');
}

TEST_F(QuestionsTest, WhoTellsOfNamesThatNobodyHas) {
  setace({"-m", "u:gone-for-good:r", "f"});
  EXPECT_EQ(row("f", "u:gone-for-good")["remark"], "no such user");
}

TEST_F(QuestionsTest, WhoTellsMembersOfAGroupOfTheFile) {
  std::ofstream("acefs.toml") << "[group.auditors]\nmembers = [4711]\n[user.4712]\nenabled = false\n";
  setace({"-m", "g:auditors:w", "f"});
  EXPECT_EQ(row("f", "g:auditors", {"--config", "acefs.toml"})["effective"], "rwtnc");
  EXPECT_EQ(row("f", "u:4711", {"--config", "acefs.toml", "--members"})["effective"], "rwtnc");
  EXPECT_TRUE(row("f", "u:4711", {"--config", "acefs.toml"}).is_null());
  EXPECT_EQ(row("f", "u:4712", {"--config", "acefs.toml"})["reason"], "refused");
}

TEST_F(QuestionsTest, ReachListsWhatOneMayAndAnotherMayNot) {
  ASSERT_EQ(::chmod("d", 0700), 0);
  ASSERT_EQ(::chmod("f", 0600), 0);
  setace({"-m", "u:4711:rx", "d"});
  EXPECT_EQ(acectl({"reach", "--as", "4711", "--need", "r", "d"}).out, "rxt\td/\nrtnc\td/a\nrxtnc\td/e/\n");
  EXPECT_EQ(acectl({"reach", "--as", "4712", "d"}).out, "");
  EXPECT_EQ(acectl({"reach", "--as", "4712", "f"}).out, "");
  EXPECT_EQ(acectl({"reach", "--as", "nobody at all", "d"}).exit, 3);
  EXPECT_EQ(acectl({"reach", "--as", "4711", "--need", "z", "d"}).exit, 2);
  EXPECT_EQ(acectl({"reach", "--as", "4711", "missing"}).exit, 3);
}

TEST_F(QuestionsTest, TreesWithTheSameAclsDoNotDiffer) {
  setace({"-m", "u:4711:rx", "d"});
  const Output same = acectl({"diff", "d", "d"});
  EXPECT_EQ(same.exit, 0);
  EXPECT_EQ(same.out, "");
}

TEST_F(QuestionsTest, DiffTellsEntriesAndWhatIsOnlyInOne) {
  acefs::test::make_dir("copy", 0755);
  acefs::test::make_file("copy/a", 0644);
  acefs::test::make_file("copy/z", 0644);
  setace({"-m", "u:4711:r", "d/a"});
  setace({"-m", "u:4711:rw", "copy/a"});
  const Output done = acectl({"diff", "d", "copy"});
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.out, "# file: a\n-u:4711:r\n+u:4711:rw\ne: is only in the first tree\nz: is only in the second tree\n");
  const auto json = lines(acectl({"diff", "--json", "d", "copy"}));
  ASSERT_EQ(json.size(), 3u);
  EXPECT_EQ(json[0]["second"][0], "u:4711:rw");
}

TEST_F(QuestionsTest, DiffMindsWhoMadeAGrantOnlyWhenAsked) {
  acefs::test::make_file("g", 0644);
  setace({"--creator", "alice", "-m", "u:4711:r", "f"});
  setace({"--creator", "bob", "-m", "u:4711:r", "g"});
  EXPECT_EQ(acectl({"diff", "f", "g"}).exit, 0);
  EXPECT_EQ(acectl({"diff", "--exact", "f", "g"}).exit, 1);
  EXPECT_EQ(acectl({"diff", "f", "missing"}).exit, 3);
}

TEST_F(QuestionsTest, ALinkToATreeStandsForTheTree) {
  acefs::test::make_symlink("d", "link");
  acefs::test::make_symlink("f", "other");
  setace({"-m", "u:4711:rw", "d/a"});
  EXPECT_EQ(acectl({"reach", "--as", "4711", "--need", "w", "link"}).out, "rwtnc\tlink/a\n");
  EXPECT_EQ(acectl({"diff", "link", "other"}).exit, 1);
  EXPECT_EQ(acectl({"diff", "link", "d"}).exit, 0);
  ASSERT_EQ(::mkfifo("fifo", 0644), 0);
  const Output none = acectl({"diff", "fifo", "fifo"});
  EXPECT_EQ(none.exit, 3);
  EXPECT_EQ(none.err, "acectl: fifo: is a fifo, which has no ACL of its own\n");
}

TEST_F(QuestionsTest, DiffReadsSideFilesOfEachTree) {
  for (const char* tree : {"one", "two"}) {
    acefs::test::make_dir(tree, 0755);
    acefs::test::make_dir(std::string(tree) + "/.oc-nodes", 0700);
    acefs::test::make_file(std::string(tree) + "/a", 0644);
    for (int i = 0; i < 40; ++i)
      setace({"--root", tree, "-m", "u:" + std::string(60, 'x') + std::to_string(i) + ":rw", std::string(tree) + "/a"});
  }
  EXPECT_EQ(acectl({"diff", "--root", "one", "--root", "two", "one", "two"}).exit, 0);
  EXPECT_EQ(acectl({"diff", "one", "two"}).exit, 0);
  const Output wrong = acectl({"diff", "--root", "one", "one", "two"});
  EXPECT_EQ(wrong.exit, 3);
  EXPECT_EQ(wrong.err, "acectl: two: is not below --root one\n");
}

TEST_F(QuestionsTest, OnlyTheRootsPlaceOfSideFilesIsPassedOver) {
  acefs::test::make_dir("d/e/.oc-nodes", 0755);
  EXPECT_NE(acectl({"reach", "--as", "4711", "."}).out.find("d/e/.oc-nodes/"), std::string::npos);
  EXPECT_EQ(acectl({"reach", "--as", "0", "."}).out.find("./.oc-nodes"), std::string::npos);
}

TEST_F(QuestionsTest, DiffTellsWhatMeansSomethingElseAndNothingMore) {
  acefs::test::make_file("g", 0644);
  const auto differ = [this](const std::string& one, const std::string& other) {
    using namespace std::string_literals;
    store("f", "u:4711", "\0"s + one + "\n");
    store("g", "u:4711", "\0"s + other + "\n");
    return acectl({"diff", "f", "g"}).exit;
  };
  EXPECT_EQ(differ("t=A:f=df:p=wr:c=:e=0", "t=A:f=fd:p=rw:c=:e=0"), 0);
  EXPECT_EQ(differ("t=A:f=:p=rw:c=:e=0:w=secret", "t=A:f=:p=rw:c=:e=0"), 1);
  EXPECT_EQ(differ("t=A:f=:p=rw:c=:e=0:k=1", "t=A:f=:p=rw:c=:e=0:k=2"), 1);
  EXPECT_EQ(differ("t=A:f=:p=rw:c=:e=0", "t=A:f=:p=rw:c=:e=1"), 1);
}

TEST_F(QuestionsTest, WhatIsTooDeepIsSaidSo) {
  const int top = ::open(".", O_PATH | O_DIRECTORY);
  acefs::test::make_dir("deep", 0755);
  ASSERT_EQ(::chdir("deep"), 0);
  for (int i = 0; i < 1100; ++i) ASSERT_TRUE(::mkdir("d", 0755) == 0 && ::chdir("d") == 0);
  ASSERT_EQ(::fchdir(top), 0);
  ::close(top);
  for (const std::vector<std::string>& question : {std::vector<std::string>{"reach", "--as", "4711", "deep"}, {"diff", "deep", "deep"}}) {
    const Output done = acectl(question);
    EXPECT_EQ(done.exit, 3);
    EXPECT_NE(done.err.find("is 1000 directories down"), std::string::npos) << done.err;
  }
}

TEST_F(QuestionsTest, NamesAndFilesOfTheCommandLineAreTakenAsTheyAre) {
  acefs::test::make_file("[a,b]", 0644);
  EXPECT_EQ(acectl({"diff", "[a,b]", "f"}).exit, 0);
  EXPECT_EQ(acectl({"who", "--config", "/missing", "f"}).exit, 2);
  EXPECT_EQ(acectl({"explain", "--as", "4711", "--op", "read", "--config", "/missing", "f"}).exit, 2);
}

TEST_F(QuestionsTest, WhoTellsMembersOfTheGroupOfTheFile) {
  std::ofstream("acefs.toml") << "[group.owners]\ngid = 5000\nmembers = [4711]\n";
  EXPECT_EQ(row("f", "u:4711", {"--config", "acefs.toml", "--members"})["kind"], "user");
}

TEST(CompletionTest, KnowsEverySubcommandAndTheirOptions) {
  for (const char* shell : {"bash", "zsh"}) {
    const Output done = acectl({"completion", shell});
    EXPECT_EQ(done.exit, 0);
    for (const char* word : {"explain", "who", "reach", "diff", "status", "role list", "--with", "--prometheus"})
      EXPECT_NE(done.out.find(word), std::string::npos) << shell << " " << word;
  }
  EXPECT_EQ(acectl({"completion", "fish"}).exit, 2);
}

/// What bash offers after these words.
std::string offered(const std::string& words) {
  const std::string script = acectl({"completion", "bash"}).out + "\nCOMP_WORDS=(" + words +
                             ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_acectl\necho \"${COMPREPLY[@]}\"\n";
  std::ofstream("completion.sh") << script;
  std::FILE* pipe = ::popen("bash completion.sh 2>&1", "r");
  if (pipe == nullptr) return "!";
  std::string text;
  char part[4096];
  while (const std::size_t n = std::fread(part, 1, sizeof part, pipe)) text.append(part, n);
  ::pclose(pipe);
  return text;
}

TEST_F(QuestionsTest, BashCompletesSubcommandsOptionsAndFiles) {
  EXPECT_EQ(offered("acectl expl"), "explain\n");
  EXPECT_EQ(offered("acectl reach --ne"), "--need\n");
  EXPECT_EQ(offered("acectl role li"), "list\n");
  EXPECT_EQ(offered("acectl who d/a"), "d/a\n");
}

}  // namespace
}  // namespace acefs::tool::test
