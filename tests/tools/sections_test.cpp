// SPDX-License-Identifier: MIT
// acectl user, group, token, role: the sections of acefs.toml.
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

constexpr const char* kFile = "# who is who\n[user.alice] # back office\nenabled = true\n";

class SectionsTest : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    if (!IsSkipped()) write(kFile);
  }
  void write(const std::string& text) { std::ofstream("c.toml") << text; }
  std::string file() {
    std::ostringstream text;
    text << std::ifstream("c.toml").rdbuf();
    return text.str();
  }
  /// Runs acectl on the file.
  Output run(std::vector<std::string> args) {
    args.insert(args.begin() + 2, {"--config", "c.toml"});
    return acectl(args);
  }
  nlohmann::json shown(const std::string& kind, const std::string& name) {
    return nlohmann::json::parse(run({kind, "show", "--json", name}).out, nullptr, false);
  }
};

TEST_F(SectionsTest, AddWritesASectionAndKeepsTheRest) {
  const Output done = run({"token", "add", "alice!ci", "--account", "ci", "--creates-for", "user", "--expires", "+1d"});
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_EQ(done.out, "added token alice!ci\n");
  EXPECT_EQ(file(), std::string(kFile) +
                        "\n[token.\"alice!ci\"]\naccount = \"ci\"\ncreates_for = \"user\"\nexpires = 2026-01-02T00:00:00Z\n");
}

TEST_F(SectionsTest, SetChangesKeysWhereTheyStand) {
  EXPECT_EQ(run({"user", "set", "alice", "--enabled", "false", "--id", "x", "--id", "y"}).exit, 0);
  EXPECT_EQ(file(), "# who is who\n[user.alice] # back office\nenabled = false\nids = [\"x\", \"y\"]\n");
  EXPECT_EQ(run({"user", "set", "alice", "--del-id", "x", "--add-id", "z", "--unset", "enabled"}).exit, 0);
  EXPECT_EQ(file(), "# who is who\n[user.alice] # back office\nids = [\"y\", \"z\"]\n");
}

TEST_F(SectionsTest, DelRemovesASection) {
  EXPECT_EQ(run({"user", "del", "alice"}).out, "removed user alice\n");
  EXPECT_EQ(file(), "# who is who\n");
}

TEST_F(SectionsTest, NothingToDoIsSaid) {
  EXPECT_EQ(run({"user", "set", "alice", "--enabled", "true"}).out, "unchanged user alice\n");
  const auto json = nlohmann::json::parse(run({"user", "set", "--json", "alice", "--enabled", "true"}).out);
  EXPECT_EQ(json["result"], "unchanged");
}

TEST_F(SectionsTest, ShowSaysWhoMayAndWhoMayNot) {
  run({"user", "add", "bob", "--enabled", "false"});
  run({"user", "add", "carol", "--expires", "2025-01-01"});
  run({"token", "add", "bob!ci", "--account", "4711"});
  EXPECT_EQ(shown("user", "alice")["state"], "active");
  EXPECT_EQ(shown("user", "bob")["state"], "disabled");
  EXPECT_EQ(shown("user", "bob")["tokens"][0], "bob!ci");
  EXPECT_EQ(shown("user", "carol")["state"], "expired");
  EXPECT_EQ(shown("token", "bob!ci")["state"], "its user is refused");
  EXPECT_EQ(run({"user", "list"}).out, "alice\tactive\nbob\tdisabled\ncarol\texpired\n");
  EXPECT_EQ(run({"user", "show", "bob"}).out, "name: bob\nenabled: false\nstate: disabled\nids: \ntokens: bob!ci\n");
}

TEST_F(SectionsTest, ListPrintsALineOfJsonForEach) {
  run({"group", "add", "auditors", "--member", "alice", "--member", "1001", "--comment", "come and go"});
  const auto json = nlohmann::json::parse(run({"group", "list", "--json"}).out);
  EXPECT_EQ(json["name"], "auditors");
  EXPECT_EQ(json["members"], (nlohmann::json{"alice", "1001"}));
  EXPECT_EQ(run({"group", "list"}).out, "auditors\tmembers=alice 1001\n");
}

TEST_F(SectionsTest, OwnRolesAreKnownAtOnce) {
  EXPECT_EQ(run({"role", "add", "reviewer", "--permissions", "rxtnc"}).exit, 0);
  EXPECT_EQ(shown("role", "reviewer")["permissions"], "rxtnc");
  EXPECT_EQ(shown("role", "editor")["builtin"], true);
  EXPECT_EQ(setace({"--config", "c.toml", "-m", "u:alice:@reviewer", "f"}).exit, 0);
}

TEST_F(SectionsTest, BadValuesAreSaidAndChangeNothing) {
  const auto refused = [&](std::vector<std::string> args, int exit, const std::string& message) {
    const Output done = run(std::move(args));
    EXPECT_EQ(done.exit, exit);
    EXPECT_EQ(done.err, "acectl: " + message + "\n");
    EXPECT_EQ(file(), kFile);
  };
  refused({"user", "add", "bob", "--uid", "-1"}, 2, "--uid -1: expected a number from 0 to 4294967294");
  refused({"user", "set", "alice", "--enabled", "maybe"}, 2, "--enabled maybe: expected true or false");
  refused({"role", "add", "r", "--permissions", "rz"}, 2, "--permissions rz: expected letters of rwaxdDtTnNcCoOyuUPvVq");
  refused({"user", "set", "alice", "--unset", "hat"}, 2, "--unset hat: a user has no such key");
  refused({"user", "set", "alice"}, 2, "set: say what to change");
  refused({"user", "add", "alice"}, 1, "c.toml: user 'alice' is there already");
  refused({"user", "del", "bob"}, 1, "c.toml: there is no user 'bob'");
  refused({"user", "set", "alice", "--del-id", "x"}, 1, "c.toml: 'x' is not in ids");
  refused({"token", "add", "alice!ci", "--account", "root"}, 1, "c.toml:6: token.alice!ci: account 'root': root cannot be a token");
  refused({"token", "add", "ci", "--account", "ci"}, 1, "c.toml:5: token.ci: a token must be named USER!WHAT");
  refused({"role", "add", "r"}, 1, "c.toml:5: role.r: has no permissions");
  refused({"user", "add", "root", "--enabled", "false"}, 1, "root is always enabled");
  EXPECT_EQ(run({"user", "show", "bob"}).exit, 1);
}

TEST_F(SectionsTest, AFileThatIsNotTomlIsNotTouched) {
  write("[user.alice\n");
  const Output done = run({"user", "add", "bob"});
  EXPECT_EQ(done.exit, 1);
  EXPECT_TRUE(done.err.starts_with("acectl: c.toml:1: ")) << done.err;
  EXPECT_EQ(file(), "[user.alice\n");
}

TEST_F(SectionsTest, MistakesThatAreThereAreToldByEveryChange) {
  write("[user.bob]\nhat = 1\n");
  const Output done = run({"user", "add", "carol"});
  EXPECT_EQ(done.exit, 0);
  EXPECT_EQ(done.err, "acectl: c.toml:2: note: user.bob: unknown key 'hat'\n");
  EXPECT_EQ(run({"user", "del", "bob"}).err, "");
}

TEST_F(SectionsTest, TwoTokensOnOneAccountAreRefusedThoughOneSaysItsNumber) {
  run({"token", "add", "alice!ci", "--account", "daemon"});
  const std::string before = file();
  const Output done = run({"token", "add", "bob!ci", "--account", std::to_string(::getpwnam("daemon")->pw_uid)});
  EXPECT_EQ(done.exit, 1);
  EXPECT_NE(done.err.find("token.bob!ci: its account is that of token 'alice!ci' as well"), std::string::npos) << done.err;
  EXPECT_EQ(file(), before);
}

TEST_F(SectionsTest, WhoIsRefusedByWhatIsSaidElsewhereIsNotCalledActive) {
  const std::string uid = std::to_string(::getpwnam("daemon")->pw_uid);
  write("[user.daemon]\n[user." + uid + "]\nenabled = false\n[token.\"daemon!ci\"]\naccount = 4711\n");
  EXPECT_EQ(shown("user", "daemon")["state"], "refused");
  EXPECT_EQ(shown("token", "daemon!ci")["state"], "refused");
}

TEST_F(SectionsTest, ACommentIsOneLineWhateverIsInIt) {
  run({"user", "set", "alice", "--comment", "back\033[2J\noffice"});
  EXPECT_NE(run({"user", "show", "alice"}).out.find("comment: \"back\\033[2J\\012office\"\n"), std::string::npos)
      << run({"user", "show", "alice"}).out;
}

TEST_F(SectionsTest, WhoMayNotWriteThereIsTold) {
  ASSERT_EQ(::chmod(".", 0755), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool became = ::setgid(4711) == 0 && ::setuid(4711) == 0;
    const Output done = run({"user", "del", "alice"});
    ::_exit(became && done.exit == 1 && done.err.ends_with("Permission denied\n") ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(file(), kFile);
}

/// Runs each in a process of its own, at once; whether all did well.
bool at_once(const std::vector<std::function<bool()>>& all) {
  std::vector<pid_t> children;
  for (const auto& each : all) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(each() ? 0 : 1);
    children.push_back(child);
  }
  bool good = true;
  for (const pid_t child : children) {
    int status = -1;
    good = child > 0 && ::waitpid(child, &status, 0) == child && status == 0 && good;
  }
  return good;
}

TEST_F(SectionsTest, TwoAdministratorsAtOnceLoseNeithersMember) {
  run({"group", "add", "staff"});
  std::vector<std::function<bool()>> administrators;
  for (const std::string name : {"a", "b", "c"}) {
    administrators.emplace_back([this, name] {
      bool good = true;
      for (int i = 0; i < 6; ++i) good = run({"group", "set", "staff", "--add-member", name + std::to_string(i)}).exit == 0 && good;
      return good;
    });
  }
  EXPECT_TRUE(at_once(administrators));
  EXPECT_EQ(shown("group", "staff")["members"].size(), 18u);
}

TEST_F(SectionsTest, TwoAdministratorsAtOnceLoseNeithersAce) {
  std::vector<std::function<bool()>> administrators;
  for (const std::string name : {"a", "b", "c"}) {
    administrators.emplace_back([name] {
      bool good = true;
      for (int i = 0; i < 6; ++i) good = setace({"-m", "u:" + name + std::to_string(i) + ":r", "f"}).exit == 0 && good;
      return good;
    });
  }
  EXPECT_TRUE(at_once(administrators));
  const std::string all = entries("f");
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 18);
}

TEST_F(SectionsTest, OfTwoForTheSamePrincipalOneWinsWhole) {
  std::vector<std::function<bool()>> administrators;
  for (const std::string letters : {"r", "rwa"}) {
    administrators.emplace_back([letters] {
      bool good = true;
      for (int i = 0; i < 10; ++i) good = setace({"-m", "u:alice:" + letters, "f"}).exit == 0 && good;
      return good;
    });
  }
  EXPECT_TRUE(at_once(administrators));
  EXPECT_TRUE(entries("f") == "u:alice:r\n" || entries("f") == "u:alice:rwa\n") << entries("f");
}

}  // namespace
}  // namespace acefs::tool::test
