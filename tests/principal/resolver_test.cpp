// SPDX-License-Identifier: MIT
#include "acefs/principal/resolver.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "fake_accounts.hpp"

namespace acefs::principal {
namespace {

using test::called;
using test::config_of;
using test::FakeAccounts;
using namespace std::chrono_literals;

using Gids = std::vector<gid_t>;

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() {
    accounts.add_user(1000, "alice", 1000, {50, 60});
    accounts.add_group(1000, "alice");
    accounts.add_group(50, "staff");
    accounts.add_thread(7, {50, 70});
  }

  std::shared_ptr<const acl::Identity> resolve(Detail detail, Caller caller = {.uid = 1000, .gid = 1000, .pid = 7}) {
    return resolver.resolve(caller, detail, 1);
  }
  std::string names(Detail detail, Caller caller = {.uid = 1000, .gid = 1000, .pid = 7}) {
    return called(*resolve(detail, caller), principals);
  }

  FakeAccounts accounts;
  acl::PrincipalTable principals;
  Resolver resolver{principals, accounts, {}};
};

TEST_F(ResolverTest, NumbersAreAllThatIsKnownOfNumbers) {
  const auto identity = resolve(Detail::Numbers);
  EXPECT_EQ(identity->uid, 1000u);
  EXPECT_EQ(identity->gid, 1000u);
  EXPECT_EQ(identity->groups, Gids{1000});
  EXPECT_FALSE(identity->groups_known);
  EXPECT_FALSE(identity->names_known);
  EXPECT_TRUE(identity->principals.empty());
  EXPECT_EQ(accounts.asked_names() + accounts.asked_threads(), 0);
}

TEST_F(ResolverTest, NamesAreThoseOfTheUserOnly) {
  const auto identity = resolve(Detail::Names);
  EXPECT_TRUE(identity->names_known);
  EXPECT_FALSE(identity->groups_known);
  EXPECT_EQ(identity->groups, Gids{1000});
  EXPECT_EQ(called(*identity, principals), "u:1000 u:alice");
  EXPECT_EQ(accounts.asked_threads(), 0);
}

TEST_F(ResolverTest, AnAccountThatIsCalledByANumberIsNotTheOneWithThatNumber) {
  accounts.add_user(5000, "1000", 60);
  accounts.add_group(60, "50");
  accounts.add_thread(8, {60}, 5000, 60);
  EXPECT_EQ(names(Detail::Groups, {.uid = 5000, .gid = 60, .pid = 8}), "g:60 u:5000");
}

TEST_F(ResolverTest, GroupsAreTheThreadsAndTheRequestsOwn) {
  const auto identity = resolve(Detail::Groups);
  EXPECT_TRUE(identity->groups_known && identity->names_known);
  EXPECT_EQ(identity->groups, (Gids{50, 70, 1000}));
  EXPECT_EQ(called(*identity, principals), "g:1000 g:50 g:70 g:alice g:staff u:1000 u:alice");
  EXPECT_TRUE(std::is_sorted(identity->principals.begin(), identity->principals.end()));
}

TEST_F(ResolverTest, AnUnreadableThreadHasTheRequestsGroupOnly) {
  for (const Caller caller : {Caller{1000, 1000, 8}, Caller{1000, 1000, 0}, Caller{1000, 50, 7}}) {
    const auto identity = resolve(Detail::Groups, caller);
    EXPECT_EQ(identity->groups, Gids{caller.gid});
    EXPECT_TRUE(identity->groups_known);
  }
}

TEST_F(ResolverTest, TwoThreadsOfOneUserHaveTheirOwnGroups) {
  accounts.add_thread(8, {});
  EXPECT_EQ(resolve(Detail::Groups)->groups, (Gids{50, 70, 1000}));
  EXPECT_EQ(resolve(Detail::Groups, {1000, 1000, 8})->groups, Gids{1000});
}

TEST_F(ResolverTest, AnUnknownUserIsCalledByHisNumber) {
  EXPECT_EQ(names(Detail::Names, {4242, 4242, 9}), "u:4242");
  EXPECT_EQ(names(Detail::Groups, {4242, 4242, 9}), "g:4242 u:4242");
}

TEST_F(ResolverTest, ASectionAddsIdsAndItsOwnName) {
  resolver.configure(config_of("[user.alice]\nids = ['uuid-a']\n[user.al]\nuid = 1000\nids = ['uuid-b']\n"));
  EXPECT_EQ(names(Detail::Names), "u:1000 u:al u:alice u:uuid-a u:uuid-b");
}

TEST_F(ResolverTest, ASectionWithAnotherUidIsNotThisUsers) {
  resolver.configure(config_of("[user.alice]\nuid = 2000\nids = ['uuid-a']\n"));
  EXPECT_EQ(names(Detail::Names), "u:1000 u:alice");
  EXPECT_EQ(names(Detail::Names, {2000, 2000, 9}), "u:2000 u:alice u:uuid-a");
}

TEST_F(ResolverTest, ASectionNamedByNumberNeedsNoNameService) {
  accounts.set_away(true);
  resolver.configure(config_of("[user.1000]\nids = ['uuid-a']\n"));
  EXPECT_EQ(names(Detail::Names), "u:1000 u:uuid-a");
}

TEST_F(ResolverTest, AGroupSectionAddsIdsToTheGroupOfThatNameOrNumber) {
  resolver.configure(config_of("[group.staff]\nids = ['uuid-s']\n[group.70]\nids = ['uuid-70']\n"));
  EXPECT_EQ(names(Detail::Groups), "g:1000 g:50 g:70 g:alice g:staff g:uuid-70 g:uuid-s u:1000 u:alice");
}

TEST_F(ResolverTest, LocalGroupsHaveTheMembersTheyList) {
  accounts.add_user(1001, "bob", 1001);
  resolver.configure(config_of("[group.auditors]\nids = ['uuid-x']\nmembers = ['alice', 1002]\n"));
  EXPECT_EQ(names(Detail::Groups, {1000, 1000, 0}), "g:1000 g:alice g:auditors g:uuid-x u:1000 u:alice");
  EXPECT_EQ(names(Detail::Groups, {1001, 1001, 0}), "g:1001 u:1001 u:bob");
  EXPECT_EQ(names(Detail::Groups, {1002, 1002, 0}), "g:1002 g:auditors g:uuid-x u:1002");
}

TEST_F(ResolverTest, AMemberMayBeNamedByHisSection) {
  resolver.configure(config_of("[user.al]\nuid = 1000\n[group.auditors]\nmembers = ['al']\n"));
  EXPECT_EQ(names(Detail::Groups, {1000, 1000, 0}), "g:1000 g:alice g:auditors u:1000 u:al u:alice");
}

TEST_F(ResolverTest, AMemberOfARealGroupGetsItsNamesButNotItsNumberForModes) {
  accounts.add_user(1001, "bob", 1001);
  resolver.configure(config_of("[group.staff]\nmembers = ['bob']\n"));
  const auto bob = resolve(Detail::Groups, {1001, 1001, 0});
  EXPECT_EQ(called(*bob, principals), "g:1001 g:50 g:staff u:1001 u:bob");
  EXPECT_EQ(bob->groups, Gids{1001});
}

TEST_F(ResolverTest, NssGroupsAreThoseOfTheUserNotOfTheThread) {
  Resolver nss(principals, accounts, {.groups = GroupSource::Nss});
  const auto identity = nss.resolve({1000, 99, 7}, Detail::Groups, 1);
  EXPECT_EQ(identity->groups, (Gids{50, 60, 99, 1000}));
  EXPECT_EQ(accounts.asked_threads(), 0);
  EXPECT_EQ(nss.resolve({4242, 99, 7}, Detail::Groups, 1)->groups, Gids{99});
}

TEST_F(ResolverTest, AnswersAreKept) {
  const auto first = resolve(Detail::Groups);
  const int names_asked = accounts.asked_names();
  const int threads_asked = accounts.asked_threads();
  EXPECT_EQ(resolve(Detail::Groups), first);
  EXPECT_EQ(accounts.asked_names(), names_asked);
  EXPECT_EQ(accounts.asked_threads(), threads_asked);
}

TEST_F(ResolverTest, AnAnswerThatThereIsNoneIsKeptToo) {
  resolve(Detail::Names, {4242, 4242, 9});
  const int asked = accounts.asked_names();
  resolve(Detail::Groups, {4242, 4242, 9});
  EXPECT_EQ(accounts.asked_names(), asked + 1);  // the group's name
}

TEST_F(ResolverTest, GroupsOfAThreadAreReadAgainAfterTheirLifeWithoutNss) {
  Resolver quick(principals, accounts, {.thread_life = 10ms});
  const Caller caller{1000, 1000, 7};
  EXPECT_EQ(quick.resolve(caller, Detail::Groups, 1)->groups, (Gids{50, 70, 1000}));
  const int asked = accounts.asked_names();
  accounts.add_thread(7, {50});
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (quick.resolve(caller, Detail::Groups, 1)->groups.size() == 3 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  EXPECT_EQ(quick.resolve(caller, Detail::Groups, 1)->groups, (Gids{50, 1000}));
  EXPECT_EQ(accounts.asked_names(), asked);
}

TEST_F(ResolverTest, NamesAreAskedForAgainAfterTheirLife) {
  Resolver quick(principals, accounts, {.name_life = 10ms});
  const Caller caller{1000, 1000, 7};
  EXPECT_EQ(called(*quick.resolve(caller, Detail::Names, 1), principals), "u:1000 u:alice");
  accounts.add_user(1000, "alicia", 1000);
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (called(*quick.resolve(caller, Detail::Names, 1), principals) == "u:1000 u:alice" &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  EXPECT_EQ(called(*quick.resolve(caller, Detail::Names, 1), principals), "u:1000 u:alicia");
}

TEST_F(ResolverTest, CachesStayBoundedAndRight) {
  Resolver small(principals, accounts, {.capacity = 8});
  for (uid_t uid = 5000; uid < 5100; ++uid) small.resolve({uid, uid, 9}, Detail::Groups, 1);
  EXPECT_EQ(called(*small.resolve({5000, 5000, 9}, Detail::Groups, 1), principals), "g:5000 u:5000");
}

TEST_F(ResolverTest, ANewConfigurationCountsAtOnce) {
  EXPECT_EQ(names(Detail::Names), "u:1000 u:alice");
  const auto epoch = resolver.epoch();
  resolver.configure(config_of("[user.alice]\nids = ['uuid-a']\n"));
  EXPECT_EQ(resolver.epoch(), epoch + 1);
  EXPECT_EQ(names(Detail::Names), "u:1000 u:alice u:uuid-a");
}

TEST_F(ResolverTest, IdentityOfTakesNamesAndNumbers) {
  resolver.configure(config_of("[user.robot]\nuid = 3000\nids = ['uuid-r']\n[group.auditors]\nmembers = ['robot']\n"));
  const auto alice = resolver.identity_of("alice", 1);
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->gid, 1000u);
  EXPECT_EQ(alice->groups, (Gids{50, 60, 1000}));
  EXPECT_TRUE(alice->groups_known && alice->names_known);
  EXPECT_EQ(called(*alice, principals), "g:1000 g:50 g:60 g:alice g:staff u:1000 u:alice");
  EXPECT_EQ(resolver.identity_of("1000", 1)->principals, alice->principals);

  const auto robot = resolver.identity_of("robot", 1);
  ASSERT_TRUE(robot);
  EXPECT_EQ(robot->uid, 3000u);
  EXPECT_TRUE(robot->is(principals.intern("u:uuid-r")));
  EXPECT_TRUE(robot->is(principals.intern("g:auditors")));

  ASSERT_TRUE(resolver.identity_of("4242", 1));
  EXPECT_EQ(resolver.identity_of("nobody at all", 1), std::nullopt);
  EXPECT_EQ(resolver.identity_of("", 1), std::nullopt);
}

TEST_F(ResolverTest, CreatorIsTheFirstIdElseTheNameElseTheNumber) {
  EXPECT_EQ(resolver.creator_name(1000), "alice");
  EXPECT_EQ(resolver.creator_name(4242), "4242");
  resolver.configure(config_of("[user.alice]\nids = ['uuid-a', 'uuid-b']\n"));
  EXPECT_EQ(resolver.creator_name(1000), "uuid-a");
}

TEST_F(ResolverTest, ThreadsMayResolveWhileTheConfigurationChanges) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([this, &stop, i] {
      for (unsigned n = 0; !stop; ++n) {
        const Caller caller{1000 + n % 3, 1000, 7};
        const auto identity = resolver.resolve(caller, static_cast<Detail>((n + static_cast<unsigned>(i)) % 3), 1);
        ASSERT_EQ(identity->uid, caller.uid);
      }
    });
  }
  for (int n = 0; n < 20; ++n) {
    resolver.configure(config_of(n % 2 == 0 ? "[user.alice]\nenabled = false\n" : "[user.1001]\nids = ['x']\n"));
    std::this_thread::yield();
  }
  resolver.configure(config_of("[user.alice]\nids = ['last']\n"));
  EXPECT_TRUE(resolve(Detail::Names)->is(principals.intern("u:last")));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(resolve(Detail::Names)->is(principals.intern("u:last")));
}

}  // namespace
}  // namespace acefs::principal
