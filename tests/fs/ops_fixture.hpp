// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <chrono>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "faulty_backing.hpp"
#include "fs/ops.hpp"
#include "node/table.hpp"
#include "node/walk.hpp"
#include "principal/caller_intent.hpp"
#include "support/grants.hpp"
#include "support/temp_dir.hpp"

namespace acefs::test {

/// Nobody has a name; the groups of a thread are those that the test says.
class NumbersOnly : public principal::Accounts {
 public:
  std::optional<std::string> user_name(uid_t) override { return std::nullopt; }
  std::optional<uid_t> user_id(const std::string&) override { return std::nullopt; }
  std::optional<gid_t> primary_group(uid_t) override { return std::nullopt; }
  std::optional<std::string> group_name(gid_t) override { return std::nullopt; }
  std::optional<gid_t> group_id(const std::string&) override { return std::nullopt; }
  std::optional<std::vector<gid_t>> groups_of(const std::string&, gid_t) override { return std::vector<gid_t>{}; }
  std::optional<std::vector<gid_t>> groups_of(const principal::Caller&) override { return thread_groups; }

  std::optional<std::vector<gid_t>> thread_groups = std::vector<gid_t>{};
};

/// The operations over a temporary tree, without FUSE: whoever is asked for may call them.
class OpsTest : public ::testing::Test, public node::WalkEvents, public fs::OpsEvents {
 protected:
  /// `held`: how many directories are kept open; `handles`: how many files users may have open.
  explicit OpsTest(std::size_t held = 64, std::size_t handles = 0) {
    options_.handles = handles;
    callers_are_in(call(SYS_statx));
    root_ = std::make_shared<const UniqueFd>(::open(tree_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto attr = backing_.stat_at(root_->get(), "");
    options_.prefix = std::string(backing::kDefaultPrefix);
    store_ = std::make_unique<backing::GrantStore>(root_->get(), backing::StoreOptions{});
    resolver_ = std::make_unique<principal::Resolver>(principals_, accounts_, principal::ResolverOptions{});
    table_ = std::make_unique<node::Table>(node::InodeKey::of(*attr), false);
    held_ = std::make_unique<node::HeldDirs>(backing_, root_->get(), attr->st.st_dev, held);
    walk_ = std::make_unique<node::Walk>(backing_, *store_, *table_, *held_, principals_, root_, *this, coherence_);
    authorizer_ = std::make_unique<fs::Authorizer>(*table_, *walk_, *resolver_, principals_, options_);
    ops_ = std::make_unique<fs::Ops>(backing_, *store_, *authorizer_, options_, *this);
  }

  ~OpsTest() override { principal::look_at_threads_by(principal::read_system_call); }

  /// What /proc says of a thread in that system call.
  static std::string call(long number, int descriptor = AT_FDCWD) {
    std::ostringstream text;
    text << number << std::hex << " 0x" << static_cast<unsigned>(descriptor) << " 0x7f00 0x0 0x0 0x0 0x0 0x7ffd12345678 0x401000";
    return text.str();
  }
  /// What it says of the threads that ask; empty: nothing can be said of them.
  static void callers_are_in(const std::string& system_call) {
    principal::look_at_threads_by([system_call](pid_t) { return system_call; });
  }

  void malformed_grant(const std::string&, const acl::Grant&) override { ++malformed_; }
  std::uint64_t stale_name(node::NodeId, const std::string& name) override {
    stale_.push_back(name);
    return stale_.size();
  }
  std::optional<std::chrono::steady_clock::time_point> dropped(std::uint64_t, bool) override {
    return is_dropped_ ? std::optional(dropped_at_) : std::nullopt;
  }
  bool look_up_again(node::NodeId, const std::string& name) override {
    looked_up_again_.push_back(name);
    return true;
  }
  void revoked(node::NodeId) override { ++revoked_; }
  void reach_changed(const node::NodePtr& node) override { reach_changed_.push_back(node->id); }

  static fs::Request as(uid_t uid) { return {{.uid = uid, .gid = uid, .pid = 1}}; }
  fs::Ops& ops() { return *ops_; }
  std::string path(const std::string& name) const { return tree_.at(name); }

  void make_dir(const std::string& name, mode_t mode = 0755, uid_t owner = 0) {
    ASSERT_EQ(::mkdir(path(name).c_str(), 0700), 0);
    ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
    ASSERT_EQ(::lchown(path(name).c_str(), owner, owner), 0);
  }
  void make_file(const std::string& name, mode_t mode = 0644, uid_t owner = 0) {
    const UniqueFd fd(::open(path(name).c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
    ASSERT_TRUE(fd);
    ASSERT_EQ(::fchmod(fd.get(), mode), 0);
    ASSERT_EQ(::fchown(fd.get(), owner, owner), 0);
  }
  /// The node of a path below the root, looked up as root, one name after the other.
  node::NodeId id(const std::string& name) {
    node::NodeId at = node::kRootId;
    for (std::size_t begin = 0; begin < name.size();) {
      const std::size_t end = std::min(name.find('/', begin), name.size());
      auto entry = ops_->lookup(as(0), at, name.substr(begin, end - begin).c_str());
      EXPECT_TRUE(entry) << name;
      if (!entry) return node::NodeId{0};
      at = entry->id;
      begin = end + 1;
    }
    return at;
  }

  TempDir tree_;
  FaultyBacking backing_;
  NumbersOnly accounts_;
  acl::PrincipalTable principals_;
  fs::Options options_;
  node::SharedFd root_;
  node::StatxCoherence coherence_;
  std::unique_ptr<backing::GrantStore> store_;
  std::unique_ptr<principal::Resolver> resolver_;
  std::unique_ptr<node::Table> table_;
  std::unique_ptr<node::HeldDirs> held_;
  std::unique_ptr<node::Walk> walk_;
  std::unique_ptr<fs::Authorizer> authorizer_;
  std::unique_ptr<fs::Ops> ops_;
  int malformed_ = 0;
  int revoked_ = 0;
  std::vector<node::NodeId> reach_changed_;
  std::vector<std::string> stale_;
  std::vector<std::string> looked_up_again_;
  bool is_dropped_ = true;
  std::chrono::steady_clock::time_point dropped_at_ = std::chrono::steady_clock::now() + std::chrono::hours(1);  // so that time plays no part
};

}  // namespace acefs::test
