// SPDX-License-Identifier: MIT
// The daemon is killed before each single system call with which it changes an ACL.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>

#include "../support/as_user.hpp"
#include "../support/call_gate.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "../support/sanitized.hpp"
#include "acefs/acl/acl.hpp"
#include "acefs/backing/grants.hpp"
#include "backing/side_map.hpp"

namespace acefs::test {
namespace {

/// What changes something on a disk. Between two of these every moment is as good as another.
const std::set<std::string_view> kChanging = {"mkdirat",  "write",     "utimensat",   "fsync",        "renameat", "unlinkat",
                                              "setxattr", "fsetxattr", "removexattr", "fremovexattr", "syncfs"};

/// Key of a grant → its letters.
using Letters = std::map<std::string, std::string>;

/// The value of an allow ACE, or of a denial; three of them are too many for `overflow=always`.
std::string value_of(const std::string& letters, bool denies = false) {
  acl::Ace ace;
  ace.type = denies ? "D" : "A";
  ace.permissions = letters;
  ace.creator = "alice";
  ace.share_time = 1;
  ace.label = std::string(300, 'l');
  return acl::encode(ace);
}

std::string key_of(uid_t uid) { return user(uid); }
std::string denial_of(uid_t uid) { return "D:" + user(uid); }

class CrashStepsTest : public ::testing::Test {
 protected:
  /// Changes of keys; an empty value removes.
  using Changes = std::map<std::string, std::string, std::less<>>;

  void SetUp() override {
    REQUIRE_FUSE();
    if (!measures()) GTEST_SKIP() << "a sanitizer makes so many calls of its own that it takes minutes to stand before each";
    enter_mount_namespace();
    root_ = UniqueFd(::open(tree_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  MountOptions options() const { return {.options = "overflow=always", .source = tree_.path(), .mount_point = point_.path()}; }

  UniqueFd open_node(const std::string& name) const { return UniqueFd(::open(tree_.at(name).c_str(), O_PATH | O_CLOEXEC)); }

  Letters read(const std::string& name) const {
    const auto stored = backing::GrantStore(root_.get(), {}).read(open_node(name).get());
    EXPECT_TRUE(stored) << "its ACL cannot be read";
    Letters letters;
    if (!stored) return letters;
    for (const auto& [text, value] : stored->values) {
      const auto grant = acl::Grant::read(*acl::parse_key(text), value);
      letters[text] = grant.ace ? grant.ace->permissions : "malformed";
    }
    return letters;
  }

  /// A file of Alice's with these grants.
  void make_node(const std::string& name, const Changes& grants) {
    make_file(tree_.at(name), 0600, "content", kAlice, kAlice);
    std::vector<backing::Change> changes;
    for (const auto& [key, value] : grants) changes.push_back({key, value});
    if (!changes.empty()) {
      ASSERT_TRUE(backing::GrantStore(root_.get(), {.overflow = backing::Overflow::Always}).apply(open_node(name).get(), changes));
    }
  }

  /// As setace does it: all in one.
  int apply(const std::string& name, const Changes& changes) {
    return errno_as(kAlice, kAlice, [&] {
      return set_attribute(point_.at(name), "system.acefs.apply", backing::pack({changes.begin(), changes.end()}));
    });
  }

  /// Through the mount, who may read by these letters does, and Carol does not.
  void serves(const std::string& name, const Letters& letters) {
    for (const uid_t uid : {kBob, uid_t{20005}, uid_t{20006}}) {
      const auto allowed = letters.find(key_of(uid));
      const auto denied = letters.find(denial_of(uid));
      const bool may = allowed != letters.end() && allowed->second.find('r') != std::string::npos &&
                       (denied == letters.end() || denied->second.find('r') == std::string::npos);
      EXPECT_EQ(errno_as(uid, uid, [&] { return try_open(point_.at(name), O_RDONLY); }), may ? 0 : EACCES) << name << " " << uid;
    }
    EXPECT_EQ(errno_as(kCarol, kCarol, [&] { return try_open(point_.at(name), O_RDONLY); }), EACCES);
  }

  /// Makes the change to a file after the other, with the daemon killed before its first call, its second, and so on until it is not
  /// reached. `judge` says whether what the backing then holds is as it should.
  void kill_at_every_step(const Changes& before, const Changes& changes,
                          const std::function<void(const Letters&, const Letters&, const Letters&)>& judge) {
    make_node("after", before);
    const Letters old = read("after");
    std::string last;
    int number = 1;
    for (bool killed = true; killed && !HasFailure(); ++number) {
      SCOPED_TRACE("call " + std::to_string(number));
      const std::string name = "f" + std::to_string(number);
      make_node(name, before);
      CallGate gate(tree_.path());
      MountOptions with_gate = options();
      with_gate.before_exec = [&] { gate.stand_before_this_process(); };
      Mount mount(with_gate);
      ASSERT_TRUE(mount.ready()) << mount.log();
      if (number == 1) {
        EXPECT_EQ(apply("after", changes), 0);
        after_ = read("after");
        ASSERT_NE(after_, old);
      } else {
        serves(last, read(last));
        EXPECT_EQ(apply(last, changes), 0) << "what was interrupted is done by whoever comes next";
        EXPECT_EQ(read(last), after_);
      }
      serves(name, old);
      int calls = 0;
      killed = false;
      gate.judge_by([&](const Call& call) {
        if (!kChanging.contains(call.name) || killed || ++calls < number) return Verdict::pass();
        killed = true;
        return Verdict::kill();
      });
      const int error = apply(name, changes);
      EXPECT_EQ(killed ? mount.wait() : mount.stop(), killed ? 1000 + SIGKILL : 0) << mount.log();
      const bool cut_off = error == ENOTCONN || error == ECONNABORTED;
      EXPECT_TRUE(killed ? cut_off : error == 0) << errno_name(error);
      judge(old, after_, read(name));
      if (!killed) {
        EXPECT_EQ(read(name), after_);
      }
      last = name;
    }
    EXPECT_GT(number, 3) << "as many calls were there";
    RecordProperty("calls", number - 2);
  }

  /// Whether the ACL that nobody was killed over ended in a side file.
  bool moved() const { return get_attribute(tree_.at("after"), "user.oc.metadata_offloaded") == "1"; }

  static void is_old_or_new(const Letters& old, const Letters& after, const Letters& found) {
    EXPECT_TRUE(found == old || found == after) << ::testing::PrintToString(found);
  }

  TempDir tree_;
  TempDir point_;
  UniqueFd root_;
  Letters after_;
};

TEST_F(CrashStepsTest, AMoveToASideFileLeavesTheOldAclOrTheNewOne) {
  kill_at_every_step({{key_of(kBob), value_of("rw")}, {denial_of(20005), value_of("w", true)}}, {{key_of(20005), value_of("rw")}},
                     is_old_or_new);
  EXPECT_TRUE(moved());
}

TEST_F(CrashStepsTest, AMoveWithRemovalsLeavesTheOldAclOrTheNewOne) {
  kill_at_every_step({{key_of(kBob), value_of("rw")}, {denial_of(20005), value_of("r", true)}, {key_of(20005), value_of("rw")}},
                     {{key_of(kBob), ""}, {key_of(20006), value_of("r")}, {denial_of(20005), value_of("w", true)}}, is_old_or_new);
  EXPECT_TRUE(moved());
}

TEST_F(CrashStepsTest, AChangeOfASideFileLeavesTheOldAclOrTheNewOne) {
  Changes many{{key_of(kBob), value_of("rw")}, {denial_of(20005), value_of("r", true)}, {key_of(20005), value_of("rw")}};
  for (uid_t uid = 40'000; uid < 40'004; ++uid) many[key_of(uid)] = value_of("r");
  kill_at_every_step(many, {{key_of(kBob), ""}, {key_of(20006), value_of("r")}, {denial_of(20005), ""}}, is_old_or_new);
  EXPECT_TRUE(moved());
}

TEST_F(CrashStepsTest, AListOfAttributesFirstTakesThenGives) {
  acl::Ace ace;
  const auto small = [&](const char* type, const char* letters) {
    ace.type = type;
    ace.permissions = letters;
    return acl::encode(ace);
  };
  const Changes before{{key_of(kBob), small("A", "rw")}, {denial_of(20005), small("D", "r")}, {key_of(20005), small("A", "r")}};
  const Changes changes{{key_of(kBob), ""}, {key_of(20006), small("A", "r")}, {denial_of(20005), ""}};
  kill_at_every_step(before, changes, [&](const Letters& old, const Letters& after, const Letters& found) {
    for (const auto& [key, value] : changes) {
      const auto in = [&key = key](const Letters& letters) { return letters.contains(key) ? letters.at(key) : std::string(); };
      EXPECT_TRUE(in(found) == in(old) || in(found) == in(after)) << key;
    }
    const bool gave = found.contains(key_of(20006)) || !found.contains(denial_of(20005));
    EXPECT_FALSE(gave && found.contains(key_of(kBob))) << "gave before it took";
  });
  EXPECT_FALSE(moved());
}

}  // namespace
}  // namespace acefs::test
