// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <limits>

#include "acefs/principal/config.hpp"

namespace acefs::principal {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNewYear2027 = 1'798'761'600 * kSecond;

Config parsed(std::string_view toml) {
  auto config = Config::parse(toml);
  EXPECT_TRUE(config) << config.error().message;
  return config ? std::move(*config) : Config{};
}

/// Every problem as "line message", joined by newlines.
std::string problems_of(const Config& config) {
  std::string all;
  for (const ConfigProblem& problem : config.problems) all += std::to_string(problem.line) + " " + problem.message + "\n";
  return all;
}

acl::TimePoint expiry(const std::string& value) {
  const Config config = parsed("[user.alice]\nexpires = " + value);
  EXPECT_EQ(problems_of(config), "") << value;
  return config.users.at("alice").expires;
}

TEST(ConfigTest, EmptyTextIsAnEmptyConfiguration) {
  const Config config = parsed("");
  EXPECT_TRUE(config.users.empty() && config.groups.empty() && config.roles.empty() && config.problems.empty());
}

TEST(ConfigTest, ReadsEveryKeyOfAUser) {
  const Config config = parsed(R"(
[user.alice]
uid = 1000
ids = ["4c510ada-c86b-4815-8820-42cdf82c3d51", "alice@idp", "alice@idp"]
enabled = false
expires = 2027-01-01T00:00:00Z
comment = "left in summer"
)");
  EXPECT_EQ(problems_of(config), "");
  const UserEntry& alice = config.users.at("alice");
  EXPECT_EQ(alice.name, "alice");
  EXPECT_EQ(alice.uid, 1000u);
  EXPECT_EQ(alice.ids, (std::vector<std::string>{"4c510ada-c86b-4815-8820-42cdf82c3d51", "alice@idp"}));
  EXPECT_FALSE(alice.enabled);
  EXPECT_EQ(alice.expires, kNewYear2027);
  EXPECT_EQ(alice.comment, "left in summer");
}

TEST(ConfigTest, AUserNamedByANumberIsThatUid) { EXPECT_EQ(parsed("[user.1000]\n").users.at("1000").uid, 1000u); }

TEST(ConfigTest, ReadsEveryKeyOfAGroup) {
  const Config config = parsed("[group.staff]\ngid = 50\nids = ['abc']\nmembers = ['alice', 1001]\ncomment = 'all'\n");
  EXPECT_EQ(problems_of(config), "");
  const GroupEntry& staff = config.groups.at("staff");
  EXPECT_EQ(staff.gid, 50u);
  EXPECT_EQ(staff.ids, std::vector<std::string>{"abc"});
  EXPECT_EQ(staff.members, (std::vector<std::string>{"alice", "1001"}));
  EXPECT_EQ(parsed("[group.50]\n").groups.at("50").gid, 50u);
  EXPECT_EQ(parsed("[group.local]\n").groups.at("local").gid, std::nullopt);
}

TEST(ConfigTest, ExpiryIsReadInEveryFormThatNamesAMoment) {
  EXPECT_EQ(expiry("2027-01-01T00:00:00Z"), kNewYear2027);
  EXPECT_EQ(expiry("2027-01-01 02:00:00+02:00"), kNewYear2027);
  EXPECT_EQ(expiry("2026-12-31T19:30:00-04:30"), kNewYear2027);
  EXPECT_EQ(expiry("2027-01-01T00:00:00"), kNewYear2027);
  EXPECT_EQ(expiry("2027-01-01"), kNewYear2027);
  EXPECT_EQ(expiry("'2027-01-01T00:00:00Z'"), kNewYear2027);
  EXPECT_EQ(expiry("'2027-01-01t02:00:00.25+02:00'"), kNewYear2027 + kSecond / 4);
}

TEST(ConfigTest, ExpiryIsNeverNeverByAccident) {
  EXPECT_NE(expiry("1970-01-01T00:00:00Z"), 0);
  EXPECT_LT(expiry("1960-01-01T00:00:00Z"), 0);
  EXPECT_EQ(expiry("9999-01-01T00:00:00Z"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(expiry("0001-01-01T00:00:00Z"), std::numeric_limits<std::int64_t>::min());
}

TEST(ConfigTest, AMistakeInAUserDisablesHimAndNamesTheLine) {
  const struct {
    const char* line;
    const char* problem;
  } cases[] = {
      {"uid = 'many'", "3 user.alice: uid must be a number from 0 to 4294967294, not \"many\"\n"},
      {"uid = -1", "3 user.alice: uid must be a number from 0 to 4294967294, not -1\n"},
      {"uid = 4294967295", "3 user.alice: uid must be a number from 0 to 4294967294, not 4294967295\n"},
      {"ids = 'one'", "3 user.alice: ids must be an array of strings, not \"one\"\n"},
      {"ids = ['a', 3]", "3 user.alice: an id must be a string that is not empty, not 3\n"},
      {"ids = ['']", "3 user.alice: an id must be a string that is not empty, not \"\"\n"},
      {"enabled = 'yes'", "3 user.alice: enabled must be true or false, not \"yes\"\n"},
      {"expires = 'tomorrow'", "3 user.alice: expires must be a date and time (2027-01-01T00:00:00Z), not \"tomorrow\"\n"},
      {"expires = '1 \\n b = 2'", "3 user.alice: expires must be a date and time (2027-01-01T00:00:00Z), not \"1 \\\\n b = 2\"\n"},
      {"expires = 12:30:00", "3 user.alice: expires must be a date and time (2027-01-01T00:00:00Z), not 12:30:00\n"},
      {"expires = 1798761600", "3 user.alice: expires must be a date and time (2027-01-01T00:00:00Z), not 1798761600\n"},
      {"comment = 1", "3 user.alice: comment must be a string, not 1\n"},
      {"id = 'one'", "3 user.alice: unknown key 'id'\n"},
  };
  for (const auto& c : cases) {
    const Config config = parsed(std::string("\n[user.alice]\n") + c.line);
    EXPECT_EQ(problems_of(config), c.problem);
    EXPECT_FALSE(config.users.at("alice").enabled) << c.line;
  }
}

TEST(ConfigTest, AUserThatIsNoSectionIsDisabled) {
  const Config config = parsed("[user]\nalice = true\n");
  EXPECT_EQ(problems_of(config), "2 user.alice: must be a section, [user.alice]\n");
  EXPECT_FALSE(config.users.at("alice").enabled);
}

TEST(ConfigTest, ANumberThatContradictsTheNameIsAMistake) {
  const Config config = parsed("[user.1000]\nuid = 1001\n[group.50]\ngid = 51\n");
  EXPECT_FALSE(config.users.at("1000").enabled);
  EXPECT_EQ(config.problems.size(), 2u);
}

TEST(ConfigTest, AMistakeInAGroupTakesItsMembers) {
  const Config config = parsed("[group.staff]\nmembers = ['alice', true]\nids = ['abc']\n");
  EXPECT_EQ(problems_of(config), "2 group.staff: a member must be an account name or a uid, not true\n");
  EXPECT_TRUE(config.groups.at("staff").members.empty());
}

TEST(ConfigTest, ARoleWithAMistakeDoesNotExistNotEvenAsBuiltIn) {
  const Config config = parsed("[role.editor]\npermissions = 'rz'\n[role.empty]\n[role.reviewer]\npermissions = 'rxtnc'\n");
  EXPECT_EQ(problems_of(config), "1 role.editor: unknown permission 'z'\n3 role.empty: has no permissions\n");
  EXPECT_EQ(config.role("editor"), std::nullopt);
  EXPECT_EQ(config.role("empty"), std::nullopt);
  EXPECT_EQ(config.role("reviewer"), "rxtnc");
}

TEST(ConfigTest, RolesOfTheFileComeBeforeBuiltInOnes) {
  EXPECT_EQ(parsed("[role.viewer]\npermissions = 'r'\n").role("viewer"), "r");
  EXPECT_NE(parsed("").role("viewer"), std::nullopt);
  EXPECT_EQ(parsed("").role("no such role"), std::nullopt);
}

TEST(ConfigTest, UnknownSectionsAreReported) {
  const Config config = parsed("answer = 42\n[users.alice]\n");
  EXPECT_EQ(config.problems.size(), 2u);
  EXPECT_EQ(config.problems.at(0).message, "unknown section 'answer' (user, group, token and role are known)");
  EXPECT_EQ(problems_of(parsed("user = 3\n")), "1 user must be sections, [user.NAME]\n");
}

TEST(ConfigTest, AnIdOfTwoUsersIsGivenToNeitherAndDisablesBoth) {
  const Config config = parsed("[user.alice]\nids = ['x', 'a']\n[user.bob]\nids = ['x']\n[user.carol]\nids = ['c']\n");
  EXPECT_EQ(problems_of(config),
            "1 user.alice: id 'x' belongs to another user as well\n3 user.bob: id 'x' belongs to another user as well\n");
  EXPECT_EQ(config.users.at("alice").ids, std::vector<std::string>{"a"});
  EXPECT_TRUE(config.users.at("bob").ids.empty());
  EXPECT_FALSE(config.users.at("alice").enabled);
  EXPECT_FALSE(config.users.at("bob").enabled);
  EXPECT_TRUE(config.users.at("carol").enabled);
}

TEST(ConfigTest, AnIdThatIsTheNameOfAnotherUserIsNotGiven) {
  const Config config = parsed("[user.alice]\n[user.bob]\nids = ['alice']\n[user.carol]\nids = ['carol']\n");
  EXPECT_EQ(problems_of(config), "2 user.bob: id 'alice' belongs to another user as well\n");
  EXPECT_TRUE(config.users.at("bob").ids.empty());
  EXPECT_TRUE(config.users.at("alice").enabled);
  EXPECT_EQ(config.users.at("carol").ids, std::vector<std::string>{"carol"});
}

TEST(ConfigTest, AnIdOfTwoGroupsIsGivenToNeitherAndTakesTheirMembers) {
  const Config config = parsed("[group.a]\nids = ['x']\nmembers = ['alice']\n[group.b]\nids = ['x']\n");
  EXPECT_EQ(config.problems.size(), 2u);
  EXPECT_TRUE(config.groups.at("a").ids.empty());
  EXPECT_TRUE(config.groups.at("a").members.empty());
}

TEST(ConfigTest, CharactersThatAreNotAsciiNeedQuotesOutsideComments) {
  const auto bare = Config::parse("# j\xc3\xb6rg\n[user.j\xc3\xb6rg]\n");
  ASSERT_FALSE(bare);
  EXPECT_EQ(bare.error().offset, 15u);
  EXPECT_FALSE(Config::parse("uid = 1\"\xc3\xb6\"\n"));
  EXPECT_FALSE(Config::parse("expires = 2027-01-01 1 \"\xc3\xb6\"\n"));
  EXPECT_FALSE(Config::parse("[user.a]\ncomment = \"\"\"a\\\xc3\xb6\"\"\"\n"));
  const auto quoted = Config::parse(
      "\xef\xbb\xbf[user.\"j\xc3\xb6rg\"] # \xc3\xb6\n"
      "comment = \"\"\"\\\n \xc3\xb6\\\"\"\" \xc3\xb6\n\xc3\xb6\"\"\"\"\"\nids = ['\xc3\xb6']\n");
  ASSERT_TRUE(quoted) << quoted.error().message;
  EXPECT_EQ(quoted->users.at("j\xc3\xb6rg").ids, (std::vector<std::string>{"\xc3\xb6"}));
}

TEST(ConfigTest, AKeyThatBeginsWithADotIsNotToml) { EXPECT_FALSE(Config::parse("[.a]\n")); }

TEST(ConfigTest, TextThatIsNotTomlFailsWithItsOffset) {
  constexpr const char* kText = "[user.alice]\nids = [\n";
  const auto config = Config::parse(kText);
  ASSERT_FALSE(config);
  EXPECT_EQ(message_of("f", kText, config.error()).substr(0, 2), "f:") << config.error().message;
  EXPECT_GE(config.error().offset, 13u);
  EXPECT_LE(config.error().offset, 21u);
  EXPECT_FALSE(Config::parse("[user.alice]\n[user.alice]\n"));
}

TEST(ConfigTest, LoadNamesTheFileInErrors) {
  char name[] = "/tmp/acefs-config-XXXXXX";
  const int fd = ::mkstemp(name);
  ASSERT_GE(fd, 0);
  ::close(fd);
  ASSERT_TRUE(Config::load(name));  // empty
  std::ofstream(name) << "[user.alice\n";
  const auto broken = Config::load(name);
  std::ofstream(name, std::ios::trunc) << "[user.alice]\n";
  const auto good = Config::load(name);
  ::unlink(name);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message.rfind(std::string(name) + ":1: ", 0), 0u) << broken.error().message;
  ASSERT_TRUE(good);
  EXPECT_EQ(good->users.count("alice"), 1u);

  const auto missing = Config::load(name);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, std::string(name) + ": No such file or directory");
  EXPECT_EQ(Config::load("/tmp").error().message, "/tmp: Is a directory");
}

}  // namespace
}  // namespace acefs::principal
