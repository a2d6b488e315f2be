// SPDX-License-Identifier: MIT
// Which audit and alarm ACEs an attempt concerns.
#include <gtest/gtest.h>

#include <deque>

#include "acefs/acl/audit.hpp"
#include "support/acl_builders.hpp"

namespace acefs::acl {
namespace {

using namespace test;

constexpr TimePoint kNow = 1'000;

class WatchersTest : public ::testing::Test {
 protected:
  Path& path() { return paths_.emplace_back(principals_); }
  Path& file_with(std::vector<Grant> grants) { return path().dir({0755}).file({0644}, std::move(grants)); }
  /// Segment and text of each watcher: "0 U:u:alice".
  static std::vector<std::string> seen(const Path& path, const Identity& who, AccessMask need, bool granted) {
    std::vector<std::string> all;
    for (const Watcher& watcher : watchers_of(path.chain(), who, {need, granted, kNow})) {
      const Acl& acl = *path.chain()[watcher.segment].acl;
      all.push_back(std::to_string(watcher.segment) + " " + format_key(acl.grants()[watcher.grant].key));
    }
    return all;
  }
  using Seen = std::vector<std::string>;

  PrincipalTable principals_;
  std::deque<Path> paths_;  // what their segments point to stays where it is
  Identity alice_ = caller(principals_, kAlice, {kStaff}, {"u:alice", "g:staff"});
  Identity bob_ = caller(principals_, kBob, {kGuests}, {"u:bob", "g:guests"});
};

TEST_F(WatchersTest, SuccessAndFailureAreTwoFlags) {
  const auto with = [&](const std::string& flags) -> const Path& { return file_with({audit_who("u:alice", "r", flags)}); };
  EXPECT_EQ(seen(with("S"), alice_, Perm::ReadData, true), Seen{"1 U:u:alice"});
  EXPECT_EQ(seen(with("S"), alice_, Perm::ReadData, false), Seen{});
  EXPECT_EQ(seen(with("F"), alice_, Perm::ReadData, true), Seen{});
  EXPECT_EQ(seen(with("F"), alice_, Perm::ReadData, false), Seen{"1 U:u:alice"});
  EXPECT_EQ(seen(with("SF"), alice_, Perm::ReadData, true), Seen{"1 U:u:alice"});
  EXPECT_EQ(seen(with("SF"), alice_, Perm::ReadData, false), Seen{"1 U:u:alice"});
  EXPECT_EQ(seen(with(""), alice_, Perm::ReadData, true), Seen{});
  EXPECT_EQ(seen(with(""), alice_, Perm::ReadData, false), Seen{});
}

TEST_F(WatchersTest, OneOfTheLettersNeededSuffices) {
  const Path& path = file_with({audit_who("u:alice", "wa", "S")});
  EXPECT_EQ(seen(path, alice_, Perm::ReadData | Perm::WriteData, true), Seen{"1 U:u:alice"});
  EXPECT_EQ(seen(path, alice_, Perm::ReadData, true), Seen{});
  EXPECT_EQ(seen(path, alice_, {}, true), Seen{}) << "nothing needed, nothing watched";
}

TEST_F(WatchersTest, ReadingWatchesNoAttributes) {
  EXPECT_EQ(seen(file_with({audit_who("u:alice", "r", "S")}), alice_, Perm::ReadAttributes, true), Seen{}) << "r gives t, it does not watch it";
}

TEST_F(WatchersTest, OnlyThePrincipalIsWatched) {
  const Path& path = file_with({audit_who("u:alice", "r", "S"), alarm_who("g:guests", "r", "S")});
  EXPECT_EQ(seen(path, alice_, Perm::ReadData, true), Seen{"1 U:u:alice"});
  EXPECT_EQ(seen(path, bob_, Perm::ReadData, true), Seen{"1 L:g:guests"});
}

TEST_F(WatchersTest, OwnerAndGroupAreOfTheNodeAttempted) {
  const Path& path = this->path().dir({0755, kSomebody, kSomeGroup}, {audit_who("o:OWNER@", "r", "S"), audit_who("o:GROUP@", "r", "S")})
                        .file({0644, kAlice, kGuests});
  EXPECT_EQ(seen(path, alice_, Perm::ReadData, true), Seen{"0 U:o:OWNER@"});
  EXPECT_EQ(seen(path, bob_, Perm::ReadData, true), Seen{"0 U:o:GROUP@"});
}

TEST_F(WatchersTest, AnExpiredOneSleeps) {
  EXPECT_EQ(seen(file_with({audit_who("u:alice", "r", "S", kNow - 1)}), alice_, Perm::ReadData, true), Seen{});
  EXPECT_EQ(seen(file_with({audit_who("u:alice", "r", "S", kNow)}), alice_, Perm::ReadData, true), Seen{"1 U:u:alice"});
}

TEST_F(WatchersTest, TheFlagsOfADirectorySayWhereItCounts) {
  const auto on_file = [&](const std::string& flags) {
    return seen(path().dir({0755}, {audit_who("u:alice", "r", "S" + flags)}).dir({0755}).file({0644}), alice_, Perm::ReadData, true).size();
  };
  const auto on_itself = [&](const std::string& flags) {
    return seen(path().dir({0755}).dir({0755}, {audit_who("u:alice", "r", "S" + flags)}), alice_, Perm::ReadData, true).size();
  };
  EXPECT_EQ(on_file(""), 1u);
  EXPECT_EQ(on_file("f"), 1u);
  EXPECT_EQ(on_file("d"), 0u);
  EXPECT_EQ(on_file("fn"), 0u) << "two levels below";
  EXPECT_EQ(on_itself(""), 1u);
  EXPECT_EQ(on_itself("fdi"), 0u);
}

TEST_F(WatchersTest, AllOfThemAreFoundRootFirst) {
  const Path& path = this->path().dir({0755}, {alarm_who("o:EVERYONE@", "r", "S")}).file({0644}, {audit_who("u:alice", "r", "S"), audit_who("g:staff", "r", "S")});
  EXPECT_EQ(seen(path, alice_, Perm::ReadData, true), (Seen{"0 L:o:EVERYONE@", "1 U:g:staff", "1 U:u:alice"}));
}

TEST_F(WatchersTest, UnknownGroupsMayBeAnyGroup) {
  alice_.groups_failed = true;
  alice_.principals = {principals_.intern("u:alice")};
  const Path& path = file_with({audit_who("g:guests", "r", "S"), audit_who("o:GROUP@", "r", "S"), audit_who("u:bob", "r", "S")});
  EXPECT_EQ(seen(path, alice_, Perm::ReadData, true), (Seen{"1 U:g:guests", "1 U:o:GROUP@"}));
}

TEST_F(WatchersTest, AllowAndDenyWatchNothing) {
  EXPECT_EQ(seen(file_with({allow("alice", "r", "SF"), deny("alice", "r", "SF")}), alice_, Perm::ReadData, false), Seen{});
}

}  // namespace
}  // namespace acefs::acl
