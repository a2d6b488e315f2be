// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "fake_accounts.hpp"

namespace acefs::principal {
namespace {

using test::called;
using test::config_of;
using test::FakeAccounts;
using namespace std::chrono_literals;

constexpr Detail kAll[] = {Detail::Numbers, Detail::Names, Detail::Groups};
constexpr const char* kToken = "[token.\"alice!ci\"]\naccount = \"ci\"\n";

std::shared_ptr<const Config> broken(std::string_view toml) {
  auto config = Config::parse(toml);
  EXPECT_TRUE(config);
  EXPECT_FALSE(config->problems.empty()) << toml;
  return std::make_shared<const Config>(std::move(*config));
}

/// A name service that does not answer by-name questions while it is held.
class SlowAccounts : public FakeAccounts {
 public:
  std::optional<uid_t> user_id(const std::string& name) override {
    const std::lock_guard lock(held);
    return FakeAccounts::user_id(name);
  }
  std::mutex held;
};

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() {
    accounts.add_user(1000, "alice", 1000, {50});
    accounts.add_user(1001, "ci", 1001);
    accounts.add_group(50, "staff");
    accounts.add_thread(7, {}, 1001, 1001);
  }

  std::shared_ptr<const acl::Identity> ci(Detail detail = Detail::Groups, acl::TimePoint now = 1) {
    return resolver.resolve({.uid = 1001, .gid = 1001, .pid = 7}, detail, now);
  }

  FakeAccounts accounts;
  acl::PrincipalTable principals;
  Resolver resolver{principals, accounts, {.name_life = 20ms}};
};

TEST_F(TokenTest, AnAccountThatIsBoundToNoneIsNone) {
  resolver.configure(config_of("[user.alice]\n"));
  for (const Detail detail : kAll) EXPECT_EQ(ci(detail)->user, nullptr);
}

TEST_F(TokenTest, HasItsUserHoweverLittleIsAsked) {
  resolver.configure(config_of(kToken));
  for (const Detail detail : kAll) {
    const auto token = ci(detail);
    ASSERT_NE(token->user, nullptr);
    EXPECT_EQ(token->user->uid, 1000u);
    EXPECT_TRUE(token->user->groups_known && token->user->names_known);
    EXPECT_NE(called(*token->user, principals).find("g:staff"), std::string::npos);
    EXPECT_FALSE(token->refused);
  }
}

TEST_F(TokenTest, IsCalledByItsNameAndAsTheAccount) {
  resolver.configure(config_of(kToken));
  EXPECT_EQ(called(*ci(), principals), "g:1001 u:1001 u:alice!ci u:ci");
  EXPECT_EQ(resolver.creator_name(1001), "alice!ci");
}

TEST_F(TokenTest, ItsUserIsNotAToken) {
  resolver.configure(config_of(kToken));
  const auto alice = resolver.resolve({.uid = 1000, .gid = 1000, .pid = 0}, Detail::Names, 1);
  EXPECT_EQ(alice->user, nullptr);
  EXPECT_EQ(called(*alice, principals), "u:1000 u:alice");
}

TEST_F(TokenTest, IsRefusedWhenItOrItsUserIs) {
  for (const char* more : {"enabled = false\n", "[user.alice]\nenabled = false\n", "[user.1000]\nenabled = false\n",
                           "[user.ci]\nenabled = false\n", "expires = 1969-01-01\n", "[user.alice]\nexpires = 1969-01-01\n"}) {
    resolver.configure(config_of(std::string(kToken) + more));
    for (const Detail detail : kAll) EXPECT_TRUE(ci(detail)->refused) << more;
  }
}

TEST_F(TokenTest, IsRefusedOnceItsUsersTimeIsOver) {
  resolver.configure(config_of(std::string(kToken) + "[user.alice]\nexpires = 2027-01-01T00:00:00Z\n"));
  const acl::TimePoint expiry = resolver.config()->users.at("alice").expires;
  EXPECT_FALSE(ci(Detail::Names, expiry)->refused);
  EXPECT_TRUE(ci(Detail::Names, expiry + 1)->refused);
}

TEST_F(TokenTest, OfAUserWhomNobodyKnowsIsRefused) {
  resolver.configure(config_of("[token.\"nobody-here!ci\"]\naccount = 1001\n"));
  EXPECT_TRUE(ci(Detail::Numbers)->refused);
}

TEST_F(TokenTest, OfATokenIsRefused) {
  resolver.configure(config_of(std::string(kToken) + "[token.\"ci!sub\"]\naccount = 1002\n"));
  EXPECT_TRUE(resolver.resolve({.uid = 1002, .gid = 1002, .pid = 0}, Detail::Numbers, 1)->refused);
}

TEST_F(TokenTest, TwoOnOneAccountAreRefused) {
  resolver.configure(broken(std::string(kToken) + "[token.\"bob!ci\"]\naccount = \"ci\"\n"));
  EXPECT_TRUE(ci()->refused);
  resolver.configure(config_of(std::string(kToken) + "[token.\"bob!ci\"]\naccount = 1001\n"));
  EXPECT_TRUE(ci()->refused) << "by name and by number";
}

TEST_F(TokenTest, ABrokenSectionRefusesItsAccount) {
  resolver.configure(broken(std::string(kToken) + "nonsense = 1\n"));
  EXPECT_TRUE(ci()->refused);
}

TEST_F(TokenTest, RootIsNever) {
  accounts.add_user(0, "root", 0);
  for (const char* account : {"\"root\"", "0"}) {
    resolver.configure(broken(std::string("[token.\"alice!ci\"]\naccount = ") + account + "\n"));
    const auto root = resolver.resolve({.uid = 0, .gid = 0, .pid = 0}, Detail::Names, 1);
    EXPECT_EQ(root->user, nullptr);
    EXPECT_FALSE(root->refused);
  }
}

TEST_F(TokenTest, RootHasNone) {
  accounts.add_user(0, "root", 0);
  accounts.add_user(0, "toor", 0);
  for (const char* user : {"root", "0"}) {
    resolver.configure(broken("[token.\"" + std::string(user) + "!ci\"]\naccount = 1001\n"));
    EXPECT_TRUE(ci(Detail::Numbers)->refused) << user;
  }
  resolver.configure(config_of("[token.\"toor!ci\"]\naccount = 1001\n"));
  EXPECT_TRUE(ci(Detail::Numbers)->refused) << "by another name";
  EXPECT_EQ(resolver.problems(), std::vector<std::string>{"token.toor!ci: root has no tokens"});
}

TEST_F(TokenTest, IsCalledSoHoweverItsAccountIsKnown) {
  accounts.add_user(1001, "builder", 1001);  // NSS calls the uid otherwise than the section does
  resolver.configure(config_of(std::string(kToken) + "[user.ci]\nuid = 1001\n"));
  EXPECT_EQ(called(*ci(), principals), "g:1001 u:1001 u:alice!ci u:builder u:ci");
  EXPECT_EQ(resolver.creator_name(1001), "alice!ci");
  EXPECT_EQ(resolver.identity_of("alice!ci", 1)->uid, 1001u) << "by the same rule";
  accounts.add_user(1002, "ci", 1002);
  EXPECT_EQ(resolver.identity_of("alice!ci", 1)->uid, 1001u) << "the section says who that is, not NSS";
  const auto other = resolver.resolve({.uid = 1002, .gid = 1002, .pid = 0}, Detail::Names, 1);
  EXPECT_EQ(called(*other, principals).find("u:alice!ci"), std::string::npos);
}

TEST_F(TokenTest, ASectionThatLostItsAccountStillBindsTheOneItHad) {
  resolver.configure(config_of(kToken));
  for (const char* account : {"", "account = []\n", "account = \"alice\"\n", "account = \"root\"\n"}) {
    resolver.configure(broken("[token.\"alice!ci\"]\n" + std::string(account)));
    for (const Detail detail : kAll) EXPECT_TRUE(ci(detail)->refused) << account;
  }
  resolver.configure(config_of(""));
  EXPECT_FALSE(ci()->refused) << "the section is gone";
}

TEST_F(TokenTest, WhatShowsInNumbersOnlyIsSaid) {
  resolver.configure(config_of(std::string(kToken) + "[token.\"bob!ci\"]\naccount = 1001\n"));
  EXPECT_EQ(resolver.problems(), std::vector<std::string>{"token.bob!ci: its account is that of token 'alice!ci' as well: uid 1001"});
  resolver.configure(config_of("[token.\"alice!ci\"]\naccount = 1000\n"));
  EXPECT_EQ(resolver.problems(), std::vector<std::string>{"token.alice!ci: account '1000' is the user's own: uid 1000"});
  resolver.configure(config_of(kToken));
  EXPECT_TRUE(resolver.problems().empty());
}

TEST_F(TokenTest, ManyThreadsAskForTheUserOnce) {
  Resolver patient{principals, accounts, {}};
  patient.configure(config_of(kToken));
  const auto thread = [&](pid_t pid) {
    accounts.add_thread(pid, {}, 1001, 1001);
    return patient.resolve({.uid = 1001, .gid = 1001, .pid = pid}, Detail::Groups, 1);
  };
  ASSERT_NE(thread(100)->user, nullptr);
  const int asked = accounts.asked_names();
  for (pid_t pid = 101; pid < 110; ++pid) ASSERT_NE(thread(pid)->user, nullptr);
  EXPECT_EQ(accounts.asked_names(), asked);
}

TEST(SlowNamesTest, WhoIsKnownIsRefusedBeforeTheNameServiceAnswers) {
  SlowAccounts accounts;
  accounts.add_user(1000, "alice", 1000);
  accounts.add_user(1001, "bob", 1001);
  acl::PrincipalTable principals;
  Resolver resolver{principals, accounts, {}};
  resolver.configure(config_of("[user.bob]\nexpires = 2027-01-01\n"));  // known by name from now on
  const auto is_refused = [&](uid_t uid) { return resolver.resolve({.uid = uid, .gid = uid, .pid = 0}, Detail::Numbers, 1)->refused; };
  std::unique_lock held(accounts.held);
  std::thread reload([&] {
    resolver.configure(config_of("[user.1000]\nenabled = false\n[user.bob]\nenabled = false\n[user.carol]\nenabled = false\n"));
  });
  bool refused = false;
  for (const auto end = std::chrono::steady_clock::now() + 10s; !refused && std::chrono::steady_clock::now() < end;)
    refused = is_refused(1000) && is_refused(1001);
  held.unlock();
  reload.join();
  EXPECT_TRUE(refused);
}

TEST_F(TokenTest, AUserIsNotHisOwn) {
  resolver.configure(config_of("[token.\"alice!ci\"]\naccount = 1000\n"));
  const auto alice = resolver.resolve({.uid = 1000, .gid = 1000, .pid = 0}, Detail::Names, 1);
  EXPECT_EQ(alice->user, nullptr);
  EXPECT_FALSE(alice->refused);
}

TEST_F(TokenTest, StaysOneWhileTheNameServiceIsAway) {
  resolver.configure(config_of(kToken));
  accounts.set_away(true);
  std::this_thread::sleep_for(30ms);
  ASSERT_NE(ci(Detail::Numbers)->user, nullptr);
  EXPECT_TRUE(ci(Detail::Numbers)->user->groups_failed);
}

TEST_F(TokenTest, AHandlesIdentityFollowsTheConfiguration) {
  const auto before = ci();
  EXPECT_EQ(before->user, nullptr);
  resolver.configure(config_of(kToken));
  EXPECT_NE(resolver.refresh(*before, 1)->user, nullptr);
  resolver.configure(config_of(std::string(kToken) + "[user.alice]\nenabled = false\n"));
  EXPECT_TRUE(resolver.refresh(*before, 1)->refused);
}

TEST_F(TokenTest, ToolsKnowItByItsName) {
  resolver.configure(config_of(std::string(kToken) + "creates_for = \"user\"\n"));
  const auto token = resolver.identity_of("alice!ci", 1);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->uid, 1001u);
  ASSERT_NE(token->user, nullptr);
  EXPECT_TRUE(token->makes_for_user);
  EXPECT_EQ(resolver.identity_of("ci", 1)->user->uid, 1000u);
}

TEST_F(TokenTest, SomebodyMayBeRefusedSomeDay) {
  EXPECT_FALSE(resolver.refuses_anyone());
  resolver.configure(config_of(kToken));
  EXPECT_TRUE(resolver.refuses_anyone());
}

TEST(TokenConfigTest, WhoClaimsATokensNameIsRefused) {
  const auto config = Config::parse("[token.\"a!b\"]\naccount = 5\n[user.mallory]\nids = [\"a!b\"]\n[user.\"a!b\"]\nuid = 7\n");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->users.at("mallory").enabled);
  EXPECT_TRUE(config->users.at("mallory").ids.empty());
  EXPECT_FALSE(config->users.at("a!b").enabled);
  EXPECT_TRUE(config->tokens.at("a!b").enabled);
}

TEST(TokenConfigTest, SaysWhatIsWrongAndWhere) {
  const auto problem = [](std::string_view toml) {
    const auto config = Config::parse(toml);
    return config && config->problems.size() == 1 ? std::to_string(config->problems[0].line) + " " + config->problems[0].message : "?";
  };
  EXPECT_EQ(problem("[token.ci]\naccount = 1\n"), "1 token.ci: a token must be named USER!WHAT");
  EXPECT_EQ(problem("[token.\"alice!ci\"]\n"), "1 token.alice!ci: has no account");
  EXPECT_EQ(problem("[token.\"alice!ci\"]\naccount = \"root\"\n"), "2 token.alice!ci: account 'root': root cannot be a token");
  EXPECT_EQ(problem("[token.\"alice!ci\"]\naccount = \"alice\"\n"), "1 token.alice!ci: account 'alice' is the user's own");
  EXPECT_EQ(problem("[token.\"a!b\"]\naccount = 5\ncreates_for = 1\n"), "3 token.a!b: creates_for must be \"token\" or \"user\", not 1");
  EXPECT_EQ(problem("[token.\"root!b\"]\naccount = 5\n"), "1 token.root!b: root has no tokens");
  EXPECT_EQ(problem("[token.\"a!b\"]\naccount = 5\n[user.mallory]\nids = [\"a!b\"]\n"), "3 user.mallory: id 'a!b' is the name of a token");
  EXPECT_EQ(problem("[token.\"a!b\"]\naccount = 5\n[user.\"a!b\"]\nuid = 7\n"), "3 user.a!b: is the name of a token");
  EXPECT_EQ(problem("[role.\"a:b\"]\npermissions = \"r\"\n"), "1 role.a:b: a role's name must be of letters, digits, '-', '_' and '.'");
}

}  // namespace
}  // namespace acefs::principal
