// SPDX-License-Identifier: MIT
#include "node/table.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/stat.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "node/dir_chain.hpp"
#include "node/names.hpp"

namespace acefs::node {
namespace {

InodeKey key(ino_t ino, mode_t type = S_IFREG, std::int64_t born = 1) { return {ino, born, 1, static_cast<std::uint16_t>(type)}; }

class TableTest : public ::testing::Test {
 protected:
  NodePtr file(ino_t ino) { return table_.obtain(key(ino), Link::make(table_.root(), "f" + std::to_string(ino))); }
  /// As the kernel is told of it.
  NodeId told(ino_t ino) {
    const NodePtr node = file(ino);
    table_.count_lookup(node);
    return node->id;
  }

  Table table_{key(1, S_IFDIR), false};
};

TEST_F(TableTest, NodesAreSmall) { EXPECT_LE(sizeof(Node), 120U); }

TEST_F(TableTest, RootIsThereFromTheBeginningAndIsNeverForgotten) {
  EXPECT_EQ(table_.root()->id, kRootId);
  EXPECT_EQ(table_.find(kRootId), table_.root());
  EXPECT_EQ(table_.find(key(1, S_IFDIR)), table_.root());
  table_.count_lookup(table_.root());
  table_.forget(kRootId, 100);
  EXPECT_EQ(table_.find(kRootId), table_.root());
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(TableTest, InodeHasOneNode) {
  const NodePtr node = file(10);
  EXPECT_EQ(file(10), node);
  EXPECT_EQ(table_.find(key(10)), node);
  EXPECT_EQ(table_.find(node->id), node);
  EXPECT_EQ(node->key(), key(10));
  EXPECT_FALSE(table_.find(key(11)));
}

TEST_F(TableTest, NodeThatNobodyHoldsIsGone) {
  NodePtr node = file(10);
  const NodeId id = node->id;
  node = nullptr;
  EXPECT_FALSE(table_.find(id));
  EXPECT_FALSE(table_.find(key(10)));
  EXPECT_EQ(table_.room().nodes, 1U);
}

TEST_F(TableTest, KernelHoldsItUntilItForgotEveryLookup) {
  const NodeId id = told(10);
  told(10);
  told(10);
  EXPECT_EQ(table_.size(), 1U);
  EXPECT_FALSE(table_.forget(id, 2));
  EXPECT_TRUE(table_.find(id));
  EXPECT_TRUE(table_.forget(id, 1));
  EXPECT_FALSE(table_.find(id));
  EXPECT_EQ(table_.size(), 0U);
  EXPECT_TRUE(table_.forget(id, 1)) << "again";
}

TEST_F(TableTest, ForgottenNodeThatIsInUseIsCountedAnew) {
  const NodePtr node = file(10);
  table_.count_lookup(node);
  table_.forget(node->id, 5);
  EXPECT_EQ(table_.find(node->id), node);
  table_.count_lookup(node);
  table_.forget(node->id, 1);
  EXPECT_TRUE(node.is_last());
}

TEST_F(TableTest, SlotIsUsedAgainButNotTheNumber) {
  const NodeId first = told(10);
  table_.forget(first, 1);
  const NodeId second = told(11);
  EXPECT_NE(first, second);
  EXPECT_FALSE(table_.find(first));
  EXPECT_EQ(table_.find(second)->key(), key(11));
  EXPECT_EQ(table_.room().slots, 3U) << "none, the root, and that one";
}

TEST_F(TableTest, NumberIsNeverGivenOutAgainWhileRoomComesAndGoes) {
  std::set<NodeId> seen;
  for (int round = 0; round < 5; ++round) {
    std::vector<NodeId> now;
    for (ino_t ino = 10; ino < 1010; ++ino) now.push_back(told(ino));
    for (const NodeId id : now) EXPECT_TRUE(seen.insert(id).second);
    for (const NodeId id : now) table_.forget(id, 1);
    table_.shrink();
    for (const NodeId id : seen) EXPECT_FALSE(table_.find(id));
    EXPECT_EQ(table_.room().slots, 2U);
  }
}

TEST_F(TableTest, ForgettingEverythingGivesTheRoomBack) {
  constexpr ino_t kNodes = 100'000;
  std::vector<NodeId> ids;
  for (ino_t ino = 10; ino < 10 + kNodes; ++ino) ids.push_back(told(ino));
  const auto full = table_.room();
  EXPECT_EQ(full.nodes, kNodes + 1);
  EXPECT_LE(full.buckets, 2 * kNodes);
  for (const NodeId id : ids) table_.forget(id, 1);
  table_.shrink();
  const auto empty = table_.room();
  EXPECT_EQ(empty.nodes, 1U);
  EXPECT_EQ(empty.slots, 2U);
  EXPECT_LE(empty.buckets, 256U);
}

TEST_F(TableTest, NodesThatStayAreFoundWhileRoomGoes) {
  std::vector<NodeId> ids;
  for (ino_t ino = 10; ino < 10'010; ++ino) ids.push_back(told(ino));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % 100 != 0 || i >= 1000) table_.forget(ids[i], 1);
  }
  table_.shrink();
  EXPECT_LT(table_.room().slots, 1000U);
  for (ino_t ino = 20'000; ino < 21'000; ++ino) told(ino);
  for (std::size_t i = 0; i < 1000; i += 100) {
    ASSERT_TRUE(table_.find(ids[i])) << i;
    EXPECT_EQ(table_.find(ids[i])->key(), key(10 + i));
    EXPECT_EQ(table_.find(key(10 + i))->id, ids[i]);
  }
  EXPECT_EQ(table_.room().nodes, 1011U);
}

TEST_F(TableTest, FindAllFindsEveryNodeOfANumber) {
  InodeKey elsewhere = key(10);
  elsewhere.dev = 2;
  const NodePtr a = file(10);
  const NodePtr b = table_.obtain(elsewhere, nullptr);
  const NodePtr c = table_.obtain(key(10, S_IFREG, 2), nullptr);
  std::vector<NodePtr> others;
  for (ino_t ino = 11; ino < 1000; ++ino) others.push_back(file(ino));
  std::vector<NodePtr> found;
  table_.find_all(10, found);
  EXPECT_EQ(std::set<NodePtr>(found.begin(), found.end()), (std::set<NodePtr>{a, b, c}));
  found.clear();
  table_.find_all(5000, found);
  EXPECT_TRUE(found.empty());
}

TEST_F(TableTest, DisownedNodeIsFoundByNumberOnly) {
  const NodePtr removed = file(10);
  table_.disown(removed);
  table_.disown(removed);
  EXPECT_EQ(table_.find(removed->id), removed);
  EXPECT_FALSE(table_.find(key(10)));
  const NodePtr after = file(10);
  EXPECT_NE(after, removed);
  EXPECT_EQ(table_.find(key(10)), after);
}

TEST(TableForNfsTest, RemembersWhatTheKernelForgotUntilItIsRemoved) {
  Table table(key(1, S_IFDIR), true);
  NodePtr node = table.obtain(key(10), Link::make(table.root(), "f"));
  const NodeId id = node->id;
  table.count_lookup(node);
  table.forget(id, 1);
  node = nullptr;
  ASSERT_TRUE(table.find(id));
  EXPECT_EQ(table.size(), 1U);
  node = table.find(id);
  table.count_lookup(node);
  table.disown(node);
  node = nullptr;
  table.forget(id, 1);
  EXPECT_FALSE(table.find(id));
}

TEST_F(TableTest, ChildKeepsItsParents) {
  NodePtr dir = table_.obtain(key(10, S_IFDIR), Link::make(table_.root(), "d"));
  const NodeId dir_id = dir->id;
  const NodePtr child = table_.obtain(key(11), Link::make(dir, "f"));
  dir = nullptr;
  EXPECT_TRUE(table_.find(dir_id));
  remove_link(*child, *table_.find(dir_id), "f");
  EXPECT_TRUE(table_.find(dir_id)) << "it is judged by where it was";
  add_link(*child, Link::make(table_.root(), "g"));
  EXPECT_FALSE(table_.find(dir_id));
}

/// Runs `run` where there is little room for recursion.
void with_small_stack(void* (*run)(void*), void* argument) {
  pthread_attr_t attributes;
  ASSERT_EQ(::pthread_attr_init(&attributes), 0);
  ASSERT_EQ(::pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  pthread_t thread{};
  ASSERT_EQ(::pthread_create(&thread, &attributes, run, argument), 0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
}

constexpr ino_t kDepth = 50'000;

TEST_F(TableTest, DeepTreeIsLetGoOfWithoutDeepRecursion) {
  with_small_stack([](void* table) -> void* {
    auto& all = *static_cast<Table*>(table);
    NodePtr at = all.root();
    for (ino_t ino = 10; ino < 10 + kDepth; ++ino) at = all.obtain(key(ino, S_IFDIR), Link::make(at, "d"));
    EXPECT_EQ(all.room().nodes, kDepth + 1);
    at = nullptr;
    return nullptr;
  }, &table_);
  EXPECT_EQ(table_.room().nodes, 1U);
}

TEST_F(TableTest, SoIsALongChain) {
  with_small_stack([](void* table) -> void* {
    auto& all = *static_cast<Table*>(table);
    NodePtr node = all.root();
    DirChainPtr at(new DirChain(nullptr, *node, nullptr, {}, no_acl()));
    for (ino_t ino = 10; ino < 10 + kDepth; ++ino) {
      const LinkPtr link = Link::make(node, "d");
      node = all.obtain(key(ino, S_IFDIR), link);
      at = DirChainPtr(new DirChain(at, *node, link, {}, no_acl()));
    }
    const DirChainPtr half = at->above;
    node = nullptr;
    at = nullptr;
    EXPECT_EQ(half->depth, kDepth - 1) << "what somebody holds stays";
    return nullptr;
  }, &table_);
  EXPECT_EQ(table_.room().nodes, 1U);
}

TEST_F(TableTest, WhatTheKernelHeldGoesWithTheTable) {
  Table table(key(1, S_IFDIR), false);
  NodePtr at = table.root();
  for (ino_t ino = 10; ino < 1000; ++ino) {
    at = table.obtain(key(ino, S_IFDIR), Link::make(at, "d"));
    table.count_lookup(at);
  }
}

// Threads find, hold and forget the same few nodes, so that most finds meet one that is being made or is dying.
// As when a directory is bound to a place below itself. That all of it goes is for the address sanitizer to say.
TEST_F(TableTest, DirectoriesThatAreAboveOneAnotherGoWithTheTable) {
  Table table({1, 1, 1, S_IFDIR}, false);
  const NodeId a_id = [&] {
    const NodePtr a = table.obtain({2, 1, 1, S_IFDIR}, Link::make(table.root(), "a"));
    table.count_lookup(a);
    const NodePtr b = table.obtain({3, 1, 1, S_IFDIR}, Link::make(a, "b"));
    add_link(*a, Link::make(b, "a"));
    return a->id;
  }();
  EXPECT_TRUE(table.forget(a_id, 1));
  EXPECT_EQ(table.room().nodes, 3U) << "each holds the other";
}

TEST_F(TableTest, NoThreadIsEverGivenADyingNode) {
  constexpr int kThreads = 4;
  constexpr ino_t kInodes = 8;
  std::atomic<NodeId> last_id{NodeId{0}};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::vector<NodePtr> found;
      for (unsigned i = 0; i < 20'000; ++i) {
        const ino_t ino = 10 + (i * 7 + static_cast<unsigned>(t)) % kInodes;
        const NodePtr node = file(ino);
        if (node->key() != key(ino) || table_.find(node->id) != node) ++wrong;
        if (i % 3 == 0) {
          table_.count_lookup(node);
          table_.forget(node->id, 1);
        }
        last_id = node->id;
        if (const NodePtr other = table_.find(last_id.load())) {
          const std::lock_guard lock(other->mutex);
          if (!other->link || other->link->parent != table_.root()) ++wrong;
        }
        if (const NodePtr other = table_.find(key(10 + i % kInodes)); other && other->key().ino != 10 + i % kInodes) ++wrong;
        table_.find_all(ino, found);
        for (const NodePtr& other : found) wrong += other->key().ino == ino ? 0 : 1;
        found.clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(table_.room().nodes, 1U);
  EXPECT_EQ(table_.size(), 0U);
}

// A node that is made by one thread is found by another before it has its name; that is so also in the daemon.
TEST_F(TableTest, RoomGrowsAndGoesUnderFinds) {
  std::atomic<bool> done{false};
  std::thread finder([&] {
    for (ino_t ino = 10; !done; ino = ino < 5000 ? ino + 1 : 10) {
      const NodePtr node = table_.find(key(ino));
      EXPECT_TRUE(!node || node->key().ino == ino);
    }
  });
  for (int round = 0; round < 5; ++round) {
    std::vector<NodeId> ids;
    for (ino_t ino = 10; ino < 5010; ++ino) ids.push_back(told(ino));
    for (const NodeId id : ids) table_.forget(id, 1);
    table_.shrink();
  }
  done = true;
  finder.join();
  EXPECT_EQ(table_.room().nodes, 1U);
}

}  // namespace
}  // namespace acefs::node
