// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "acefs/principal/resolver.hpp"
#include "principal/number.hpp"
#include "principal/proc_status.hpp"

namespace acefs::principal {
namespace {

constexpr const char* kStatus =
    "Name:\tUid: 0\nUmask:\t0022\nPid:\t7\nUid:\t1000\t1001\t1002\t1003\nGid:\t50\t51\t52\t53\n"
    "FDSize:\t64\nGroups:\t4 24 1000 \nNStgid:\t7\n";

TEST(ProcStatusTest, ReadsFilesystemIdsAndGroups) {
  const auto process = parse_status(kStatus);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->uid, 1003u);
  EXPECT_EQ(process->gid, 53u);
  EXPECT_EQ(process->groups, (std::vector<gid_t>{4, 24, 1000}));
}

TEST(ProcStatusTest, NoGroupsIsAnAnswer) {
  const auto process = parse_status("Uid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2\nGroups:\t \n");
  ASSERT_TRUE(process);
  EXPECT_TRUE(process->groups.empty());
}

TEST(ProcStatusTest, AnythingMissingOrOddIsNoAnswer) {
  EXPECT_FALSE(parse_status(""));
  EXPECT_FALSE(parse_status("Uid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2\n"));
  EXPECT_FALSE(parse_status("Uid:\t1\t1\t1\nGid:\t2\t2\t2\t2\nGroups:\t\n"));
  EXPECT_FALSE(parse_status("Uid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2\nGroups:\t1 two\n"));
  EXPECT_FALSE(parse_status("Uid:\t1\t1\t1\t99999999999\nGid:\t2\t2\t2\t2\nGroups:\t1\n"));
}

TEST(NumberTest, IsWhatAUidLooksLike) {
  EXPECT_EQ(number_of("0"), 0u);
  EXPECT_EQ(number_of("4294967294"), 4294967294u);
  for (const char* text : {"", "4294967295", "4294967296", "-1", "+1", " 1", "1 ", "01", "1a", "0x1"})
    EXPECT_FALSE(number_of(text)) << text;
}

TEST(SystemAccountsTest, KnowsRoot) {
  const auto accounts = system_accounts();
  EXPECT_EQ(accounts->user_name(0), "root");
  EXPECT_EQ(accounts->user_id("root"), 0u);
  EXPECT_EQ(accounts->primary_group(0), 0u);
  EXPECT_EQ(accounts->group_name(0), "root");
  EXPECT_EQ(accounts->group_id("root"), 0u);
  const auto groups = accounts->groups_of("root", 0);
  ASSERT_TRUE(groups);
  EXPECT_NE(std::find(groups->begin(), groups->end(), 0u), groups->end());
}

TEST(SystemAccountsTest, DoesNotKnowWhatIsNotThere) {
  const auto accounts = system_accounts();
  EXPECT_EQ(accounts->user_name(4'123'456'789), std::nullopt);
  EXPECT_EQ(accounts->user_id("no such account"), std::nullopt);
  EXPECT_EQ(accounts->group_name(4'123'456'789), std::nullopt);
  EXPECT_EQ(accounts->group_id("no such group"), std::nullopt);
}

TEST(SystemAccountsTest, GroupsOfAThreadAreItsOwn) {
  std::vector<gid_t> mine(static_cast<std::size_t>(::getgroups(0, nullptr)));
  mine.resize(static_cast<std::size_t>(::getgroups(static_cast<int>(mine.size()), mine.data())));
  const auto self = static_cast<pid_t>(::syscall(SYS_gettid));
  auto groups = system_accounts()->groups_of({.uid = ::geteuid(), .gid = ::getegid(), .pid = self});
  ASSERT_TRUE(groups);
  std::sort(mine.begin(), mine.end());
  std::sort(groups->begin(), groups->end());
  EXPECT_EQ(*groups, mine);
}

TEST(SystemAccountsTest, AThreadWithOtherIdsIsSomebodyElse) {
  const auto self = static_cast<pid_t>(::syscall(SYS_gettid));
  const auto accounts = system_accounts();
  EXPECT_FALSE(accounts->groups_of({.uid = ::geteuid() + 1, .gid = ::getegid(), .pid = self}));
  EXPECT_FALSE(accounts->groups_of({.uid = ::geteuid(), .gid = ::getegid() + 1, .pid = self}));
  EXPECT_FALSE(accounts->groups_of({.uid = ::geteuid(), .gid = ::getegid(), .pid = 0}));
}

}  // namespace
}  // namespace acefs::principal
