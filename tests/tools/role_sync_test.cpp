// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "acectl/role_sync.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

using namespace std::string_literals;

class RoleSyncTest : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    if (!IsSkipped()) define("r");
  }
  /// The role "reviewer".
  void define(const std::string& letters) { std::ofstream("c.toml") << "[role.reviewer]\npermissions = \"" << letters << "\"\n"; }
  void grant(const std::string& entry, const std::string& path) {
    const Output done = setace({"--config", "c.toml", "-m", entry, path});
    ASSERT_EQ(done.exit, 0) << done.err;
  }
  Output sync(std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"role", "sync", "--config", "c.toml"};
    args.insert(args.end(), more.begin(), more.end());
    args.push_back("d");
    return acectl(args);
  }
  bool has(const std::string& path, const std::string& key, const std::string& piece) { return stored(path, key).find(piece) != std::string::npos; }
};

TEST_F(RoleSyncTest, GrantsOfAChangedRoleGetItsLettersAndOthersKeepTheirs) {
  grant("u:alice:@reviewer", "d");
  grant("u:bob:r", "d");
  grant("g:staff:@reviewer", "d/a");
  define("rx");
  const Output done = sync();
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_EQ(done.out,
            "d: @reviewer: u:alice:r -> u:alice:rx\n"
            "d/a: @reviewer: g:staff:r -> g:staff:rx\n"
            "2 by role, 2 rewritten\n");
  EXPECT_EQ(stored("d", "u:alice"), "\0t=A:f=:p=xr:c=root:e=0:s=1767225600:x-role=reviewer\n"s);
  EXPECT_TRUE(has("d", "u:bob", ":p=r:"));
}

TEST_F(RoleSyncTest, ASecondRunRewritesNothing) {
  grant("u:alice:@reviewer", "d");
  define("rx");
  sync();
  const Output done = sync();
  EXPECT_EQ(done.out, "1 by role, 0 rewritten\n");
}

TEST_F(RoleSyncTest, ADryRunChangesNothing) {
  grant("u:alice:@reviewer", "d");
  define("rx");
  const Output done = sync({"--dry-run", "--json"});
  const auto json = nlohmann::json::parse(done.out);
  EXPECT_EQ(json["path"], "d");
  EXPECT_EQ(json["after"], "u:alice:rx");
  EXPECT_EQ(json["dry_run"], true);
  EXPECT_TRUE(has("d", "u:alice", ":p=r:"));
}

TEST_F(RoleSyncTest, ARoleThatIsNotKnownLeavesItsGrantsAlone) {
  grant("u:alice:@reviewer", "d");
  grant("u:bob:@viewer", "d");
  std::ofstream("c.toml") << "";
  const Output done = sync();
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.err, "acectl: d: u:alice:r: unknown role 'reviewer'\n");
  EXPECT_TRUE(has("d", "u:alice", ":p=r:"));
}

TEST_F(RoleSyncTest, ARoleWithoutPermissionsDeniesAndADenialIsNotTurnedBack) {
  grant("u:alice:@reviewer", "d");
  define("");
  EXPECT_EQ(sync().exit, 0);
  EXPECT_TRUE(has("d", "u:alice", "t=D:")) << stored("d", "u:alice");
  define("r");
  const Output done = sync();
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.err, "acectl: d: D::alice:: is a denial, and role 'reviewer' has permissions now: grant it anew\n");
}

TEST_F(RoleSyncTest, PartialDenialsByRoleAreRewrittenAsDenials) {
  grant("D::alice:@reviewer", "d");
  define("rx");
  EXPECT_EQ(sync().exit, 0);
  EXPECT_TRUE(has("d", "D:u:alice", "t=D:f=:p=xr:")) << stored("d", "D:u:alice");
}

/// Somebody else does something whenever the grants were read.
class SharedTree : public Tree {
 public:
  SharedTree(std::shared_ptr<Tree> tree, std::function<void()> meanwhile) : tree_(std::move(tree)), meanwhile_(std::move(meanwhile)) {}
  bool is_mount() const override { return tree_->is_mount(); }
  const std::string& prefix() const override { return tree_->prefix(); }
  bool can_overflow() const override { return tree_->can_overflow(); }
  Result<GrantMap> read(const Node& node) const override {
    auto grants = tree_->read(node);
    meanwhile_();
    return grants;
  }
  Result<bool> shows_all(const Node& node) const override { return tree_->shows_all(node); }
  Applied apply(const Node& node, const GrantMap& current, std::span<const backing::Change> changes) override {
    return tree_->apply(node, current, changes);
  }
  Status apply_at_once(const Node& node, const GrantMap& current, std::span<const backing::Change> changes) override {
    return tree_->apply_at_once(node, current, changes);
  }
  Status replace(const Node& node, const GrantMap& current, std::span<const backing::Change> changes) override {
    return tree_->replace(node, current, changes);
  }

 private:
  Place place_of(const Node&) const override { return Place::Unknown; }

  std::shared_ptr<Tree> tree_;
  std::function<void()> meanwhile_;
};

TEST_F(RoleSyncTest, WhatIsTakenAwayMeanwhileDoesNotComeBack) {
  grant("u:alice:@reviewer", "d");
  grant("u:bob:@reviewer", "d");
  define("rx");
  const auto settings = Settings::load("c.toml");
  const auto node = open_node(AT_FDCWD, "d", Symlinks::Stay);
  ASSERT_TRUE(settings && node);
  Trees trees{std::string(backing::kDefaultPrefix), root()};
  for (const int at : {1, 2}) {  // between reading and reading again; between that and writing
    define("r");
    grant("u:alice:@reviewer", "d");
    define("rx");
    int reads = 0;
    SharedTree tree(*trees.of(*node), [&] {
      if (++reads != at) return;
      EXPECT_EQ(setace({"-x", "u:alice", "d"}).exit, 0);
    });
    EXPECT_TRUE(acectl::sync_roles(*node, tree, *settings, false).status);
    EXPECT_EQ(stored("d", "u:alice"), "!") << at;
    EXPECT_TRUE(has("d", "u:bob", ":p=xr:"));
  }
}

TEST_F(RoleSyncTest, WhatNamesTwoRolesIsByNone) {
  grant("u:alice:@reviewer", "d");
  store("d", "u:alice", "\0t=A:f=:p=r:c=root:e=0:x-role=viewer:x-role=reviewer\n"s);
  define("rx");
  EXPECT_EQ(sync({"-n"}).out, "0 by role, 0 to be rewritten\n");
}

TEST_F(RoleSyncTest, NeedsATreeAndAConfigurationThatCanBeRead) {
  EXPECT_EQ(acectl({"role", "sync", "--config", "c.toml"}).exit, 2);
  EXPECT_EQ(acectl({"role", "sync", "--config", "missing.toml", "d"}).exit, 2);
}

}  // namespace
}  // namespace acefs::tool::test
