// SPDX-License-Identifier: MIT
#include "principal/expiring_cache.hpp"

#include <gtest/gtest.h>

namespace acefs::principal {
namespace {

TEST(ExpiringCacheTest, GivesWhatWasPutUntilItsTimeIsOver) {
  ExpiringCache<int, int> cache(4);
  cache.put(1, {.value = 10, .until = 100});
  ASSERT_NE(cache.find(1, 99), nullptr);
  EXPECT_EQ(cache.find(1, 99)->value, 10);
  EXPECT_EQ(cache.find(1, 100), nullptr);
  EXPECT_EQ(cache.find(2, 0), nullptr);
}

TEST(ExpiringCacheTest, TheOldestGoesFirst) {
  ExpiringCache<int, int> cache(3);
  for (int i = 0; i < 3; ++i) cache.put(i, {.value = i, .until = 100});
  cache.put(0, {.value = 7, .until = 100});  // again: no longer the oldest
  cache.put(3, {.value = 3, .until = 100});
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(cache.find(1, 0), nullptr);
  ASSERT_NE(cache.find(0, 0), nullptr);
  EXPECT_EQ(cache.find(0, 0)->value, 7);
}

TEST(ExpiringCacheTest, StaysWithinItsCapacity) {
  ExpiringCache<int, int> cache(0);  // one at least
  for (int i = 0; i < 1000; ++i) cache.put(i, {.value = i, .until = 100});
  EXPECT_EQ(cache.size(), 1u);
  cache.clear();
  EXPECT_EQ(cache.find(999, 0), nullptr);
}

}  // namespace
}  // namespace acefs::principal
