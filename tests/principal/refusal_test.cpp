// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "fake_accounts.hpp"

namespace acefs::principal {
namespace {

using test::config_of;
using test::FakeAccounts;
using namespace std::chrono_literals;

constexpr Detail kAll[] = {Detail::Numbers, Detail::Names, Detail::Groups};

class RefusalTest : public ::testing::Test {
 protected:
  RefusalTest() { accounts.add_user(1000, "alice", 1000); }

  bool refused(uid_t uid, Detail detail, acl::TimePoint now = 1) {
    return resolver.resolve({.uid = uid, .gid = 1000, .pid = 7}, detail, now)->refused;
  }
  void expect_refused(uid_t uid, bool expected, acl::TimePoint now = 1) {
    for (const Detail detail : kAll) EXPECT_EQ(refused(uid, detail, now), expected) << static_cast<int>(detail);
  }

  FakeAccounts accounts;
  acl::PrincipalTable principals;
  Resolver resolver{principals, accounts, {.name_life = 20ms}};
};

TEST_F(RefusalTest, NobodyIsRefusedWithoutASectionThatSaysSo) {
  expect_refused(1000, false);
  resolver.configure(config_of("[user.alice]\nids = ['a']\n"));
  expect_refused(1000, false);
}

TEST_F(RefusalTest, ADisabledUserIsRefusedByNameByNumberAndByUid) {
  for (const char* section : {"[user.alice]\n", "[user.1000]\n", "[user.somebody]\nuid = 1000\n"}) {
    resolver.configure(config_of(std::string(section) + "enabled = false\n"));
    expect_refused(1000, true);
    expect_refused(1001, false);
  }
}

TEST_F(RefusalTest, AUserIsRefusedOnceHisTimeIsOver) {
  resolver.configure(config_of("[user.alice]\nexpires = 2027-01-01T00:00:00Z\n"));
  const acl::TimePoint expiry = config_of("[user.alice]\nexpires = 2027-01-01T00:00:00Z\n")->users.at("alice").expires;
  expect_refused(1000, false, expiry - 1);
  expect_refused(1000, false, expiry);
  expect_refused(1000, true, expiry + 1);
  expect_refused(1000, false, expiry);  // what was cached for later is not used for earlier
}

TEST_F(RefusalTest, TheStrictestOfSeveralSectionsCounts) {
  resolver.configure(config_of("[user.alice]\nids = ['a']\n[user.1000]\nenabled = false\n"));
  expect_refused(1000, true);
}

TEST_F(RefusalTest, RootIsNeverRefused) {
  accounts.add_user(0, "root", 0);
  resolver.configure(config_of("[user.root]\nenabled = false\n[user.0]\nexpires = 1999-01-01\n"));
  expect_refused(0, false, 2'000'000'000'000'000'000);
}

TEST_F(RefusalTest, ABrokenSectionRefusesItsUser) {
  auto config = Config::parse("[user.alice]\nunknown = 1\n");
  ASSERT_TRUE(config);
  resolver.configure(std::make_shared<const Config>(std::move(*config)));
  expect_refused(1000, true);
}

TEST_F(RefusalTest, ASectionOfTwoNumbersRefusesBoth) {
  auto config = Config::parse("[user.1000]\nuid = 1001\n");
  ASSERT_TRUE(config);
  resolver.configure(std::make_shared<const Config>(std::move(*config)));
  EXPECT_TRUE(refused(1000, Detail::Numbers));
}

TEST_F(RefusalTest, NumbersAskNoNameService) {
  resolver.configure(config_of("[user.alice]\nenabled = false\n[user.1001]\nenabled = false\n"));
  const int asked = accounts.asked_names();
  EXPECT_TRUE(refused(1000, Detail::Numbers));
  EXPECT_TRUE(refused(1001, Detail::Numbers));
  EXPECT_FALSE(refused(1002, Detail::Numbers));
  EXPECT_EQ(accounts.asked_names(), asked);
}

TEST_F(RefusalTest, ANameThatWasNotKnownIsAskedForAgain) {
  accounts.set_away(true);
  resolver.configure(config_of("[user.alice]\nenabled = false\n"));
  EXPECT_FALSE(refused(1000, Detail::Numbers));
  const auto epoch = resolver.epoch();
  accounts.set_away(false);
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (!refused(1000, Detail::Numbers) && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  expect_refused(1000, true);
  EXPECT_GT(resolver.epoch(), epoch);
}

TEST_F(RefusalTest, ANameServiceThatGoesAwayLetsNobodyIn) {
  resolver.configure(config_of("[user.alice]\nenabled = false\n"));
  accounts.set_away(true);
  const auto asked = accounts.asked_names();
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (accounts.asked_names() == asked && std::chrono::steady_clock::now() < deadline) {
    ASSERT_TRUE(refused(1000, Detail::Numbers));
    std::this_thread::sleep_for(1ms);
  }
  expect_refused(1000, true);
  resolver.configure(config_of("[user.alice]\nenabled = false\n"));  // again, as on SIGHUP
  expect_refused(1000, true);
}

TEST_F(RefusalTest, AUserEnabledAgainIsLetInAtOnce) {
  resolver.configure(config_of("[user.alice]\nenabled = false\n"));
  expect_refused(1000, true);
  resolver.configure(config_of(""));
  expect_refused(1000, false);
}

TEST_F(RefusalTest, IdentityOfSaysSoToo) {
  resolver.configure(config_of("[user.alice]\nexpires = 1999-01-01\n"));
  ASSERT_TRUE(resolver.identity_of("alice", 2'000'000'000'000'000'000));
  EXPECT_TRUE(resolver.identity_of("alice", 2'000'000'000'000'000'000)->refused);
  EXPECT_FALSE(resolver.identity_of("alice", 1)->refused);
}

}  // namespace
}  // namespace acefs::principal
