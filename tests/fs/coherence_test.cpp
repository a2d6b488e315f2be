// SPDX-License-Identifier: MIT
// What is asked of the backing, and how often, while nothing changes and when something does.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "node/fanotify.hpp"
#include "ops_fixture.hpp"

namespace acefs::test {
namespace {

/// Operations with a source of their own, over a chain of directories.
class CoherenceTest : public OpsTest {
 protected:
  static constexpr int kDepth = 20;

  void use(std::unique_ptr<node::Coherence> source) {
    source_ = std::move(source);
    walk_ = std::make_unique<node::Walk>(backing_, *store_, *table_, *held_, principals_, root_, *this, *source_);
    authorizer_ = std::make_unique<fs::Authorizer>(*table_, *walk_, *resolver_, principals_, options_);
    ops_ = std::make_unique<fs::Ops>(backing_, *store_, *authorizer_, options_, *this);
  }
  /// False: not here (no privilege, or another filesystem).
  bool use_fanotify() {
    auto made = node::FanotifyCoherence::make(root_->get(), table_->root()->key().dev, *table_);
    if (!made) return false;
    use(std::move(*made));
    return true;
  }
  /// d/d/…/f; every directory has an ACE, so that there is something to remember.
  node::NodeId make_deep() {
    std::string name;
    for (int i = 0; i < kDepth; ++i) {
      name += name.empty() ? "d" : "/d";
      make_dir(name);
      EXPECT_EQ(allow(path(name), user(kAlice), "rx"), 0);
    }
    make_file(name + "/f", 0600);
    deep_ = name;
    const node::NodeId file = id(name + "/f");
    EXPECT_TRUE(ops().getattr(as(kAlice), file, nullptr));
    EXPECT_TRUE(ops().getattr(as(kAlice), file, nullptr));
    return file;
  }
  long looks_for(const std::function<void()>& operation) {
    const long before = backing_.looks;
    operation();
    return backing_.looks - before;
  }

  std::unique_ptr<node::Coherence> source_;
  std::string deep_;
};

#define REQUIRE_FANOTIFY() \
  if (!use_fanotify()) GTEST_SKIP() << "fanotify is not possible here"

TEST_F(CoherenceTest, WithFanotifyAnUnchangedChainCostsOneLookAtAnyDepth) {
  REQUIRE_FANOTIFY();
  const node::NodeId file = make_deep();
  EXPECT_EQ(looks_for([&] { EXPECT_TRUE(ops().getattr(as(kAlice), file, nullptr)); }), 1);
  EXPECT_EQ(looks_for([&] { EXPECT_TRUE(ops().getattr(as(kBob), file, nullptr)); }), 1) << "whoever asks";
}

TEST_F(CoherenceTest, WithStatxEverySegmentIsLookedAt) {
  use(std::make_unique<node::StatxCoherence>());
  const node::NodeId file = make_deep();
  EXPECT_GE(looks_for([&] { EXPECT_TRUE(ops().getattr(as(kAlice), file, nullptr)); }), kDepth);
}

TEST_F(CoherenceTest, OnlyTheNodeThatChangedIsLookedAtAgain) {
  REQUIRE_FANOTIFY();
  const node::NodeId file = make_deep();
  ASSERT_EQ(::chmod(path("d/d/d").c_str(), 0700), 0);
  const long looks = looks_for([&] { EXPECT_TRUE(ops().getattr(as(kAlice), file, nullptr)); });
  EXPECT_GT(looks, 1);
  EXPECT_LT(looks, 6) << "of " << kDepth << " segments";
  EXPECT_FALSE(ops().getattr(as(kBob), file, nullptr)) << "the mode that changed keeps him out";
}

TEST_F(CoherenceTest, OwnChangesElsewhereAreNoReasonToLookAgain) {
  REQUIRE_FANOTIFY();
  const node::NodeId file = make_deep();
  make_file("other");
  const node::NodeId other = id("other");
  const fs::SetAttr set{.mode = 0600, .uid = {}, .gid = {}, .size = {}, .atime = {}, .mtime = {}};
  ASSERT_TRUE(ops().setattr(as(0), other, set, nullptr));
  EXPECT_EQ(looks_for([&] { EXPECT_TRUE(ops().getattr(as(kAlice), file, nullptr)); }), 1);
}

TEST_F(CoherenceTest, ANewFileIsLookedAtOnceAndItsAclIsKnown) {
  REQUIRE_FANOTIFY();
  const node::NodeId file = make_deep();
  const node::NodeId dir = table_->find(file)->link->parent->id;
  // Whatever changes elsewhere on the filesystem meanwhile is heard of too, and costs a look.
  long to_create = 0;
  long to_remove = 0;
  for (int tries = 0; tries < 100 && (to_create != 1 || to_remove != 2); ++tries) {
    to_create = looks_for([&] { EXPECT_TRUE(ops().create(as(0), dir, "new", 0644, O_WRONLY)); });
    to_remove = looks_for([&] { EXPECT_TRUE(ops().unlink(as(0), dir, "new")); });
  }
  EXPECT_EQ(to_create, 1);
  EXPECT_EQ(to_remove, 2) << "by its name, and what is pinned";
}

TEST_F(CoherenceTest, ADirectoryThatGetsTheNumberOfARemovedOneDoesNotGetItsGrants) {
  backing_.birth_only_of = table_->root()->key().ino;
  options_.public_cache = true;  // then a lookup reads the ACL of what it finds
  REQUIRE_FANOTIFY();
  constexpr int kOthers = 200;  // more than are held
  for (int i = 0; i < kOthers; ++i) {
    make_dir("other" + std::to_string(i));
    ASSERT_EQ(allow(path("other" + std::to_string(i)), user(kBob), "r"), 0);
  }
  int same = 0;
  for (int tries = 0; tries < 20; ++tries) {
    make_dir("d", 0700);
    ASSERT_EQ(allow(path("d"), user(kAlice), "rxt"), 0);
    const auto first = ops().lookup(as(0), node::kRootId, "d");
    ASSERT_TRUE(first);
    // Held open, it would keep its number.
    for (int i = 0; i < kOthers; ++i) id("other" + std::to_string(i));
    ASSERT_EQ(::rmdir(path("d").c_str()), 0);
    ASSERT_EQ(::mkdir(path("d").c_str(), 0700), 0);  // and nothing else that would be heard of
    const auto second = ops().lookup(as(0), node::kRootId, "d");
    ASSERT_TRUE(second);
    if (first->id == second->id) ++same;
    EXPECT_FALSE(ops().opendir(as(kAlice), second->id)) << tries;
    ASSERT_EQ(::rmdir(path("d").c_str()), 0);
  }
  RecordProperty("the_same_node", same);
}

TEST_F(CoherenceTest, WhatHappensToANewFileBeforeItIsKnownCounts) {
  REQUIRE_FANOTIFY();
  for (const bool heard : {false, true}) {
    SCOPED_TRACE(heard ? "heard" : "not heard");
    const std::string name = heard ? "heard" : "unheard";
    backing_.after_create = [&] {
      ASSERT_EQ(deny(path(name), user(kAlice), "r"), 0);
      if (heard) source_->prove();
    };
    const auto made = ops().create(as(0), node::kRootId, name.c_str(), 0644, O_WRONLY);
    ASSERT_TRUE(made);
    ASSERT_FALSE(backing_.after_create);
    EXPECT_EQ(ops().open(as(kAlice), made->entry.id, O_RDONLY).status().errno_value(), EACCES);
    EXPECT_TRUE(ops().open(as(kBob), made->entry.id, O_RDONLY));
  }
}

TEST_F(CoherenceTest, WhatHappensToADirectoryWhileItBecomesKnownCounts) {
  options_.public_cache = true;  // then a lookup reads the ACL of what it finds
  REQUIRE_FANOTIFY();
  for (const bool heard : {false, true}) {
    SCOPED_TRACE(heard ? "heard" : "not heard");
    const std::string name = heard ? "heard" : "unheard";
    make_dir(name, 0755);
    make_file(name + "/f");
    const auto change = [&] {
      ASSERT_EQ(::chmod(path(name).c_str(), 0700), 0);
      if (heard) source_->prove();
    };
    // The first look finds what it is, the second is the one that counts.
    backing_.after_look[name] = [&] { backing_.after_look[name] = change; };
    const auto dir = ops().lookup(as(0), node::kRootId, name.c_str());
    ASSERT_TRUE(dir);
    ASSERT_TRUE(backing_.after_look.empty());
    EXPECT_EQ(ops().lookup(as(kBob), dir->id, "f").status().errno_value(), EACCES);
  }
}

TEST_F(CoherenceTest, GrantsMovesAndRemovalsBehindTheMountCountAtOnce) {
  REQUIRE_FANOTIFY();
  const node::NodeId file = make_deep();
  make_dir("closed", 0700);
  for (int round = 0; round < 50; ++round) {
    ASSERT_EQ(deny(path("d/d"), user(kAlice), "t"), 0);
    EXPECT_FALSE(ops().getattr(as(kAlice), file, nullptr)) << round;
    ASSERT_EQ(remove_deny(path("d/d"), user(kAlice)), 0);
    EXPECT_TRUE(ops().getattr(as(kAlice), file, nullptr)) << round;
  }
  ASSERT_EQ(::rename(path("d/d/d").c_str(), path("closed/d").c_str()), 0);
  EXPECT_FALSE(ops().getattr(as(kAlice), file, nullptr));
  EXPECT_FALSE(ops().getattr(as(kAlice), file, nullptr)) << "found again where she may not go";
  EXPECT_TRUE(ops().getattr(as(0), file, nullptr));
}

TEST_F(CoherenceTest, MoreChangesThanTheKernelNotesMakeEverythingBeReadAgain) {
  REQUIRE_FANOTIFY();
  const node::NodeId file = make_deep();
  // Each of them is an event of its own; nobody asks meanwhile, and the keeper of the queue cannot keep up.
  auto& fanotify = static_cast<node::FanotifyCoherence&>(*source_);
  std::vector<UniqueFd> files;
  for (int i = 0; i < 400; ++i) {
    make_file("n" + std::to_string(i));
    files.emplace_back(::open(path("n" + std::to_string(i)).c_str(), O_RDONLY | O_CLOEXEC));
  }
  for (int round = 0; round < 100; ++round) {
    for (const UniqueFd& fd : files) ASSERT_EQ(::fchmod(fd.get(), round % 2 == 0 ? 0600 : 0644), 0);
  }
  ASSERT_EQ(deny(path("d"), user(kAlice), "t"), 0);
  EXPECT_FALSE(ops().getattr(as(kAlice), file, nullptr));
  fanotify.note_all();  // what an overflow does, whether there was one or not
  EXPECT_GT(looks_for([&] { EXPECT_FALSE(ops().getattr(as(kAlice), file, nullptr)); }), kDepth);
  EXPECT_GT(fanotify.events(), 0U);
}

TEST_F(CoherenceTest, NoThreadBelievesAnEmptyQueueWhileAnotherIsStillReadingIt) {
  REQUIRE_FANOTIFY();
  const node::NodeId file = make_deep();
  std::atomic<int> denials{0};
  std::atomic<bool> over{false};
  std::atomic<int> stale{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!over) {
        const int before = denials;
        const bool refused = !ops().getattr(as(kAlice), file, nullptr);
        const int after = denials;
        // Odd: a denial is in place. A verdict may be either while it is being changed.
        if (before == after && before % 2 == 1 && !refused) ++stale;
        if (before == after && before % 2 == 0 && before >= 0 && refused) ++stale;
      }
    });
  }
  for (int round = 0; round < 300; ++round) {
    denials = -1000;
    deny(path("d/d/d/d"), user(kAlice), "t");
    denials = 2 * round + 1;
    static_cast<void>(ops().getattr(as(kAlice), file, nullptr));
    denials = -1000;
    remove_deny(path("d/d/d/d"), user(kAlice));
    denials = 2 * round + 2;
    static_cast<void>(ops().getattr(as(kAlice), file, nullptr));
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(stale, 0);
}

TEST_F(CoherenceTest, ExclusiveSeesWhatIsDoneThroughTheMount) {
  use(std::make_unique<node::ExclusiveCoherence>());
  const node::NodeId file = make_deep();
  EXPECT_EQ(looks_for([&] { EXPECT_TRUE(ops().getattr(as(kAlice), file, nullptr)); }), 1);
  const node::NodeId second = id("d/d");
  const std::string name = deny_name(user(kAlice));
  const std::string denial("\0t=D:f=:p=t:c=:e=0\n", 18);
  ASSERT_TRUE(ops().setxattr(as(0), second, name, denial, 0));
  EXPECT_FALSE(ops().getattr(as(kAlice), file, nullptr));
  ASSERT_TRUE(ops().removexattr(as(0), second, name));
  EXPECT_TRUE(ops().getattr(as(kAlice), file, nullptr));
  const fs::SetAttr set{.mode = 0700, .uid = {}, .gid = {}, .size = {}, .atime = {}, .mtime = {}};
  ASSERT_TRUE(ops().setattr(as(0), second, set, nullptr));
  EXPECT_FALSE(ops().getattr(as(kBob), file, nullptr));
  make_dir("closed", 0700);
  id("closed");
  ASSERT_TRUE(ops().rename(as(0), node::kRootId, "d", id("closed"), "d", 0));
  EXPECT_FALSE(ops().getattr(as(kAlice), file, nullptr));
  EXPECT_TRUE(ops().getattr(as(0), file, nullptr));
}

}  // namespace
}  // namespace acefs::test
