// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "support/acl_builders.hpp"

namespace acefs::acl {
namespace {

using namespace test;

/// Whether an ACE with some flags on a directory counts at each place.
struct Places {
  bool self, child_file, child_directory, deep_file, deep_directory;
  friend bool operator==(const Places&, const Places&) = default;
};

std::ostream& operator<<(std::ostream& out, const Places& p) {
  return out << p.self << p.child_file << p.child_directory << p.deep_file << p.deep_directory;
}

class DecideScopeTest : public ::testing::Test {
 protected:
  /// Whether 'q', which nothing else gives or takes, is effective at the end of the path.
  bool has_q(const Path& p) { return decide(p.chain(), alice_, {}, {}).effective.has(Perm::ReadQuota); }

  Path carrier(const std::vector<Grant>& grants) {
    Path p(table_);
    p.dir({0755}, base_).dir({0755}, grants);
    return p;
  }

  Places places(const std::vector<Grant>& grants) {
    return {has_q(carrier(grants)), has_q(carrier(grants).file({0})), has_q(carrier(grants).dir({0})),
            has_q(carrier(grants).dir({0}).file({0})), has_q(carrier(grants).dir({0}).dir({0}).dir({0}))};
  }

  PrincipalTable table_;
  std::vector<Grant> base_;
  Identity alice_ = caller(table_, kAlice, {kAlice}, {"u:alice"});
};

const std::pair<std::string, Places> kRows[] = {
    {"", {1, 1, 1, 1, 1}},   {"fd", {1, 1, 1, 1, 1}}, {"d", {1, 0, 1, 0, 1}},   {"f", {1, 1, 0, 1, 0}},  {"n", {1, 0, 0, 0, 0}},
    {"nf", {1, 1, 0, 0, 0}}, {"nd", {1, 0, 1, 0, 0}}, {"nfd", {1, 1, 1, 0, 0}}, {"i", {0, 1, 1, 1, 1}},  {"ifd", {0, 1, 1, 1, 1}},
    {"id", {0, 0, 1, 0, 1}}, {"if", {0, 1, 0, 1, 0}}, {"ni", {0, 0, 0, 0, 0}},  {"nif", {0, 1, 0, 0, 0}}, {"nifd", {0, 1, 1, 0, 0}},
};

TEST_F(DecideScopeTest, AllowAceCountsWhereItsFlagsSay) {
  for (const auto& [flags, expected] : kRows) EXPECT_EQ(places({allow("alice", "q", flags)}), expected) << flags;
}

TEST_F(DecideScopeTest, DenialsCountWhereTheirFlagsSay) {
  base_ = {allow("alice", "q")};
  const auto inverse = [](const Places& p) {
    return Places{!p.self, !p.child_file, !p.child_directory, !p.deep_file, !p.deep_directory};
  };
  for (const auto& [flags, expected] : kRows) {
    EXPECT_EQ(places({deny("alice", "q", flags)}), inverse(expected)) << flags;
    EXPECT_EQ(places({shut_out("alice", flags)}), inverse(expected)) << flags;
  }
}

TEST_F(DecideScopeTest, MalformedGrantCountsEverywhere) {
  base_ = {allow("alice", "q")};
  EXPECT_EQ(places({malformed("u:alice")}), (Places{0, 0, 0, 0, 0}));
}

TEST_F(DecideScopeTest, FlagsOfAFilesOwnAceMeanNothing) {
  for (std::string flags : {"f", "d", "n", "i", "ni", "fdni"}) {
    Path p(table_);
    p.dir({0755}).file({0}, {allow("alice", "q", flags)});
    EXPECT_TRUE(has_q(p)) << flags;
  }
}

TEST_F(DecideScopeTest, MountedRootsAceReachesThirtyTwoLevelsDown) {
  Path p(table_);
  p.dir({0755}, {allow("alice", "q", "f")});
  for (int i = 0; i < 30; ++i) p.dir({0755});
  EXPECT_FALSE(has_q(p));
  p.file({0});
  EXPECT_TRUE(has_q(p));
}

}  // namespace
}  // namespace acefs::acl
