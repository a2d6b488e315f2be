// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "store_fixture.hpp"

namespace acefs::backing {
namespace {

using test::kMarker;
using test::nth_user;
using test::value_of;
using test::Values;

constexpr int kEach = 20;

class ConcurrencyTest : public test::StoreTest {
 protected:
  ConcurrencyTest() : StoreTest({.overflow = Overflow::Always}) {}

  /// Adds grants one by one, from `first` on; whether all were made.
  bool add(GrantStore& to, int first) const {
    for (int i = first; i < first + kEach; ++i) {
      const Change change{nth_user(i), value_of("r")};
      if (!to.apply(node.get(), {&change, 1})) return false;
    }
    return true;
  }

  void start_over() {
    std::filesystem::remove_all(dir.at("node"));
    node = make_dir("node");
  }
};

int in_child(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  return child;
}

bool ended_well(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(ConcurrencyTest, TwoThreadsLoseNothing) {
  std::atomic<bool> good = true;
  std::thread one([&] { good = add(store, 0) && good; });
  std::thread two([&] { good = add(store, 1000) && good; });
  one.join();
  two.join();
  EXPECT_TRUE(good);
  EXPECT_EQ(read().size(), 2u * kEach);
}

TEST_F(ConcurrencyTest, TwoProcessesLoseNothing) {
  for (int round = 0; round < 3; ++round) {
    start_over();
    const pid_t child = in_child([&] { return add(store, 0); });
    EXPECT_TRUE(add(store, 1000));
    EXPECT_TRUE(ended_well(child));
    ASSERT_EQ(read().size(), 2u * kEach) << round;
    EXPECT_EQ(xattrs().size(), 2u);
  }
}

TEST_F(ConcurrencyTest, WhatOneProcessChangesWhileAnotherMovesStays) {
  GrantStore xattrs_only(root.get(), {});  // writes xattrs until the other one moves them
  for (int round = 0; round < 10; ++round) {
    start_over();
    const Change denial{"u:bob", value_of("", "D")};
    ASSERT_TRUE(store.apply(node.get(), {&denial, 1}));
    const pid_t child = in_child([&] {
      std::vector<Change> changes;
      for (int i = 0; i < 12; ++i) changes.push_back({nth_user(i), value_of("r")});
      return static_cast<bool>(store.apply(node.get(), changes));
    });
    std::string last;
    for (int i = 0; i < 30; ++i) {
      last = value_of(i % 2 == 0 ? "r" : "rw");
      const Change change{"u:alice", last};
      ASSERT_TRUE(xattrs_only.apply(node.get(), {&change, 1}));
      ASSERT_EQ(read()["u:alice"], last) << round;  // counts at once, whatever the other one is at
    }
    const Change gone{"u:bob", std::nullopt};
    ASSERT_TRUE(xattrs_only.apply(node.get(), {&gone, 1}));
    ASSERT_FALSE(read().contains("u:bob")) << round;
    EXPECT_TRUE(ended_well(child));
    const Values now = read();
    ASSERT_EQ(now.size(), 13u) << round;
    EXPECT_EQ(now.at("u:alice"), last) << round;
  }
}

TEST_F(ConcurrencyTest, AReaderNeverMissesAGrantThatIsBeingMoved) {
  for (int round = 0; round < 10; ++round) {
    start_over();
    const Change denial{"D:u:bob", value_of("w", "D")};
    ASSERT_TRUE(store.apply(node.get(), {&denial, 1}));
    std::atomic<bool> done = false;
    std::atomic<int> missed = 0;
    std::thread reader([&] {
      while (!done) {
        const auto grants = store.read(node.get());
        if (!grants || !grants->values.contains("D:u:bob")) ++missed;
      }
    });
    std::vector<Change> changes;
    for (int i = 0; i < 12; ++i) changes.push_back({nth_user(i), value_of("r")});
    EXPECT_TRUE(store.apply(node.get(), changes));
    done = true;
    reader.join();
    ASSERT_EQ(missed, 0) << round;
  }
}

}  // namespace
}  // namespace acefs::backing
