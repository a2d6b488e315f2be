// SPDX-License-Identifier: MIT
// The daemon is short of descriptors or memory, or what it asks does not answer: others go on, nothing opens up.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <optional>

#include "../support/as_user.hpp"
#include "../support/call_gate.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "../support/sanitized.hpp"
#include "acefs/acl/ace.hpp"
#include "acefs/backing/grants.hpp"

namespace acefs::test {
namespace {

constexpr std::chrono::seconds kPatience{100};

/// Alice's file `f` and directory `a`, which Bob may read and Carol may not, and a directory `closed`.
void make_tree(const std::string& root) {
  make_dir(root + "/a", 0755, kAlice, kAlice);
  make_file(root + "/a/f", 0600, "content", kAlice, kAlice);
  ASSERT_EQ(allow(root + "/a/f", user(kBob), "rw"), 0);
  make_dir(root + "/slow", 0755, kAlice, kAlice);
  make_file(root + "/slow/f", 0600, "content", kAlice, kAlice);
  make_dir(root + "/closed", 0700);
  make_file(root + "/closed/f", 0644);
}

int reads(uid_t uid, const std::string& path) {
  return errno_as(uid, uid, [&] { return try_open(path, O_RDONLY); });
}

/// What Alice and Bob do all the time, and Carol would like to; anything but a "" is what went wrong.
std::string daily_work(const std::string& point) {
  const std::string name = point + "/a/new";
  const auto failed = [](const char* what, int error) { return std::string(what) + ": " + errno_name(error); };
  constexpr int kNew = O_CREAT | O_WRONLY | O_TRUNC;
  if (const int e = errno_as(kAlice, kAlice, [&] { return spill(name, "data", kNew, 0600); }); e != 0) return failed("write", e);
  if (const int e = errno_as(kAlice, kAlice, [&] { return allow(name, user(kBob), "r"); }); e != 0) return failed("grant", e);
  if (run_as(kBob, kBob, [&] { return slurp(name); }) != "data") return "Bob does not read what he was granted";
  if (const int e = errno_as(kAlice, kAlice, [&] { return remove_allow(name, user(kBob)); }); e != 0) return failed("revoke", e);
  if (const int e = reads(kBob, name); e != EACCES) return failed("Bob reads what was revoked", e);
  if (const int e = errno_as(kAlice, kAlice, [&] { return ::unlink(name.c_str()); }); e != 0) return failed("unlink", e);
  if (const int e = reads(kCarol, point + "/a/f"); e != EACCES) return failed("Carol reads", e);
  if (const int e = reads(kBob, point + "/closed/f"); e != EACCES) return failed("Bob passes", e);
  return "";
}

class ShortageTest : public ::testing::Test {
 protected:
  void serve(MountOptions options) {
    REQUIRE_FUSE();
    make_tree(tree_.path());
    options.source = tree_.path();
    mount_.emplace(options);
    REQUIRE_MOUNT(*mount_);
  }
  void TearDown() override {
    if (!mount_ || !mount_->ready()) return;
    EXPECT_EQ(daily_work(mount_->point()), "") << "when nothing is short";
    EXPECT_EQ(mount_->stop(), 0) << mount_->log();
  }
  std::string at(const std::string& name) const { return mount_->at(name); }
  std::string real(const std::string& name) const { return tree_.at(name); }

  TempDir tree_;
  std::optional<Mount> mount_;
};

using DescriptorsTest = ShortageTest;

TEST_F(DescriptorsTest, WithoutAnyOpenFilesGoOnAndNothingOpensUp) {
  if (!measures()) GTEST_SKIP() << "a sanitizer needs descriptors to see whether memory can be read";
  serve({.open_files = 96});
  if (IsSkipped() || HasFatalFailure()) return;
  UniqueFd kept(::open(at("a/f").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(kept);
  std::vector<UniqueFd> held;
  int error = 0;
  while (error == 0 && held.size() < 1000) {
    UniqueFd fd(::open(at("slow/f").c_str(), O_RDONLY | O_CLOEXEC));
    error = fd ? 0 : errno;
    if (fd) held.push_back(std::move(fd));
  }
  EXPECT_EQ(error, ENFILE) << errno_name(error) << ": root, too, leaves the daemon those that it works with";
  const auto is_shortage = [](int e) { return e == EMFILE || e == ENFILE; };
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(::pwrite(kept.get(), "CONTENT", 7, 0), 7) << errno_name(errno);
    std::array<char, 7> read{};
    EXPECT_EQ(::pread(kept.get(), read.data(), read.size(), 0), 7) << errno_name(errno);
    EXPECT_EQ(std::string(read.data(), read.size()), "CONTENT");
    for (const int refused : {reads(kCarol, at("a/f")), reads(kBob, at("closed/f")), reads(kBob, at("slow/f"))})
      EXPECT_TRUE(refused == EACCES || is_shortage(refused)) << errno_name(refused);
    const int granted = errno_as(kAlice, kAlice, [&] { return allow(at("a/f"), user(40'000U + static_cast<uid_t>(round)), "r"); });
    EXPECT_TRUE(granted == 0 || is_shortage(granted)) << errno_name(granted);
    const bool is_there = get_attribute(real("a/f"), allow_name(user(40'000U + static_cast<uid_t>(round))))[0] != '!';
    EXPECT_EQ(is_there, granted == 0);
  }
  held.clear();
  // Handles are let go of without waiting for the answer: the first tries may still come too early.
  int opened = -1;
  for (int i = 0; i < 1000 && opened != 0; ++i) opened = reads(kBob, at("a/f"));
  EXPECT_EQ(opened, 0);
  EXPECT_EQ(reads(kCarol, at("a/f")), EACCES);
}

class MemoryTest : public ShortageTest {
 protected:
  void limit(rlim_t bytes) const {
    rlimit old{};
    ASSERT_EQ(::prlimit(mount_->pid(), RLIMIT_DATA, nullptr, &old), 0);
    const rlimit now{bytes, old.rlim_max};
    ASSERT_EQ(::prlimit(mount_->pid(), RLIMIT_DATA, &now, nullptr), 0);
  }
};

TEST_F(MemoryTest, WithoutAnyARequestFailsWithEnomemAndTheDaemonGoesOn) {
  if (!measures()) GTEST_SKIP() << "a sanitizer ends what runs out of memory";
  serve({.options = "overflow=always"});
  if (IsSkipped() || HasFatalFailure()) return;
  // A side file that takes more memory to read than the daemon has to spare.
  std::vector<backing::Change> many;
  for (uid_t uid = 50'000; uid < 50'200; ++uid) {
    acl::Ace ace;
    ace.type = "A";
    ace.permissions = "r";
    ace.label = std::string(30'000, 'l');
    many.push_back({user(uid), acl::encode(ace)});
  }
  const UniqueFd root(::open(tree_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd node(::open(real("slow/f").c_str(), O_PATH | O_CLOEXEC));
  ASSERT_TRUE(backing::GrantStore(root.get(), {}).apply(node.get(), many));
  // The daemon has not read it yet: what it gave back it would not have to ask the system for.
  int out_of_memory = 0;
  limit(rlim_t{1} << 20);  // of none at all the kernel takes no notice
  for (int round = 0; round < 10; ++round) {
    for (const int error : {reads(50'199, at("slow/f")), reads(kBob, at("a/f")),
                            errno_as(kAlice, kAlice, [&] { return allow(at("slow/f"), user(kBob), "r"); }),
                            errno_as(kAlice, kAlice, [&] { return spill(at("a/f"), std::string(1 << 20, 'x'), O_WRONLY); })}) {
      EXPECT_TRUE(error == 0 || error == ENOMEM) << errno_name(error);
      if (error == ENOMEM) ++out_of_memory;
    }
    EXPECT_NE(reads(kCarol, at("a/f")), 0);
    EXPECT_NE(reads(kBob, at("closed/f")), 0);
  }
  limit(RLIM_INFINITY);
  EXPECT_EQ(daily_work(mount_->point()), "");
  EXPECT_EQ(reads(50'199, at("slow/f")), 0);
  EXPECT_GT(out_of_memory, 0) << "it had enough";
}

/// Some of the daemon's calls do not return.
class HangingTest : public ShortageTest {
 protected:
  /// `watched`: calls on which files are judged; empty: on the tree.
  explicit HangingTest(const std::string& watched = {}) : gate_(watched.empty() ? tree_.path() : watched) {}
  void SetUp() override {
    serve({.options = "sandbox=off", .before_exec = [this] { gate_.stand_before_this_process(); }});
  }
  void TearDown() override {
    gate_.let_go();
    ShortageTest::TearDown();
  }

  /// Whether the others get everything done while somebody waits; who waits is let go of when they do not.
  std::string others_meanwhile() {
    auto work = std::async(std::launch::async, [this] { return daily_work(mount_->point()); });
    const bool in_time = work.wait_for(kPatience) == std::future_status::ready;
    if (!in_time) gate_.let_go();
    const std::string answer = work.get();
    return in_time ? answer : "the others had to wait";
  }

  CallGate gate_;
};

TEST_F(HangingTest, OthersGoOnOnOtherNodesWhateverHangs) {
  const std::pair<const char*, std::function<long()>> deeds[] = {
      {"read", [&] { return slurp(at("slow/f")) == "content" ? 0 : -1; }},
      {"write", [&] { return spill(at("slow/f"), "content", O_WRONLY); }},
      {"list", [&] { return listing(at("slow")).starts_with("f") ? 0 : -1; }},
      {"create", [&] { return try_open(at("slow/new"), O_CREAT | O_WRONLY); }},
      {"grant", [&] { return allow(at("slow/f"), user(40'000), "r"); }},
      {"remove", [&] { return ::unlink(at("slow/new").c_str()); }},
  };
  const std::string slow = tree_.at("slow");
  // Some versions of libfuse have the kernel look for one name of a directory after the other: these are known from now on.
  ASSERT_EQ(daily_work(mount_->point()), "");
  ASSERT_TRUE(exists(at("slow")));
  for (const auto& [name, deed] : deeds) {
    bool hung = true;
    int number = 1;
    for (; hung && !HasFailure(); ++number) {
      SCOPED_TRACE(std::string(name) + ", call " + std::to_string(number) + " hangs");
      if (std::string_view(name) == "remove") make_file(real("slow/new"), 0600, "", kAlice, kAlice);
      else erase(real("slow/new"));
      int calls = 0;
      std::atomic<bool> reached{false};
      gate_.judge_by([&](const Call& call) {
        if (reached || (call.on != slow && !call.on.starts_with(slow + "/")) || ++calls != number) return Verdict::pass();
        reached = true;
        return Verdict::hang();
      });
      auto waiting = std::async(std::launch::async, [&, &deed = deed] { return errno_as(kAlice, kAlice, deed); });
      while (!reached && waiting.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
      }
      hung = reached;
      if (hung) {
        EXPECT_EQ(others_meanwhile(), "");
      }
      gate_.let_go();
      EXPECT_EQ(errno_name(waiting.get()), "0");
    }
    EXPECT_GT(number, 2) << name << " asked nothing of the backing";
  }
}

/// The name service hangs: its file is one that does not answer.
class NameServiceTest : public HangingTest {
 protected:
  static constexpr uid_t kDave = 20004;

  NameServiceTest() : HangingTest("/etc/passwd") {}
};

TEST_F(NameServiceTest, ThatHangsHoldsUpOnlyWhoIsAskedFor) {
  ASSERT_EQ(allow(real("a/f"), user(kDave), "r"), 0);
  ASSERT_EQ(daily_work(mount_->point()), "");  // these are known from now on
  gate_.judge_by([](const Call&) { return Verdict::hang(); });
  auto dave = std::async(std::launch::async, [&] { return reads(kDave, at("a/f")); });
  ASSERT_TRUE(gate_.wait_until_hanging(1)) << "nobody asked for his name";
  EXPECT_EQ(others_meanwhile(), "");
  auto eve = std::async(std::launch::async, [&] { return reads(20'005, at("a/f")); });
  EXPECT_EQ(others_meanwhile(), "");
  EXPECT_NE(dave.wait_for(std::chrono::seconds(0)), std::future_status::ready) << "he was let in before it was known who he is";
  gate_.let_go();
  EXPECT_EQ(errno_name(dave.get()), "0");
  EXPECT_EQ(errno_name(eve.get()), "EACCES");
}

}  // namespace
}  // namespace acefs::test
