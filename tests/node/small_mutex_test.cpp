// SPDX-License-Identifier: MIT
#include "acefs/base/small_mutex.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace acefs {
namespace {

TEST(SmallMutexTest, HasFourBytes) { EXPECT_EQ(sizeof(SmallMutex), 4U); }

TEST(SmallMutexTest, IsNotLockedTwice) {
  SmallMutex mutex;
  ASSERT_TRUE(mutex.try_lock());
  EXPECT_FALSE(mutex.try_lock());
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(SmallMutexTest, KeepsThreadsApart) {
  SmallMutex mutex;
  long counted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20'000; ++n) {
        const std::lock_guard lock(mutex);
        ++counted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counted, 160'000);
}

TEST(SmallMutexTest, EverybodyWhoWaitsHasHisTurn) {
  SmallMutex mutex;
  int passed = 0;
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const std::lock_guard turn(mutex);
        ++passed;
      });
    }
    // Long enough for most to sleep in the kernel; the verdict does not depend on it.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(passed, 0);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 8);
}

}  // namespace
}  // namespace acefs
