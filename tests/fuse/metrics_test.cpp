// SPDX-License-Identifier: MIT
#include "fuse/metrics.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <thread>

namespace acefs::fuse {
namespace {

constexpr unsigned kOpen = OperationName("open").index;
constexpr unsigned kRename = OperationName("rename").index;

TEST(BucketsTest, EachDurationIsBelowTheEndOfItsClassAndNotOfTheOneBefore) {
  for (std::uint64_t duration = 1; duration < 10'000'000'000; duration += duration / 7 + 1) {
    const unsigned bucket = Buckets::of(duration);
    EXPECT_LT(duration, Buckets::end_of(bucket)) << duration;
    EXPECT_GE(duration, bucket == 0 ? 0 : Buckets::end_of(bucket - 1)) << duration;
  }
}

TEST(BucketsTest, EndsGrowByAtMostAQuarter) {
  for (unsigned i = 1; i < Buckets::kCount; ++i) EXPECT_LE(Buckets::end_of(i) * 4, Buckets::end_of(i - 1) * 5) << i;
}

TEST(BucketsTest, WhatTakesLongerThanAllIsInTheLast) { EXPECT_EQ(Buckets::of(UINT64_MAX), Buckets::kCount - 1); }

TEST(OperationCountTest, PercentilesAreEndsOfClasses) {
  OperationCount count;
  EXPECT_EQ(count.percentile(0.5), 0u);
  count.count = 400;
  count.timed = 100;
  count.durations[3] = 90;
  count.durations[20] = 10;
  EXPECT_EQ(count.percentile(0.5), Buckets::end_of(3));
  EXPECT_EQ(count.percentile(0.9), Buckets::end_of(3));
  EXPECT_EQ(count.percentile(0.99), Buckets::end_of(20));
}

TEST(MetricsTest, ThreadsLoseNothingAndRefusalsAreToldApart) {
  Metrics metrics;
  const auto work = [&metrics] {
    for (int i = 0; i < 5000; ++i) metrics.count(kOpen, metrics.begin(kOpen), i % 5 == 0 ? EACCES : 0);
    metrics.count(kRename, metrics.begin(kRename), EXDEV);
    metrics.count(kRename, metrics.begin(kRename), EPERM);
    metrics.count(kRename, metrics.begin(kRename), ENOENT);
    metrics.count(kRename, metrics.begin(kRename), ENOTEMPTY);
    metrics.count(kRename, metrics.begin(kRename), EIO);
  };
  std::thread one(work), two(work);
  one.join();
  two.join();
  const auto total = metrics.total();
  EXPECT_EQ(total[kOpen].count, 10'000u);
  EXPECT_EQ(total[kOpen].access, 2000u);
  EXPECT_EQ(total[kOpen].failed, 0u);
  EXPECT_EQ(total[kRename].count, 10u);
  EXPECT_EQ(total[kRename].cross_device, 2u);
  EXPECT_EQ(total[kRename].permission, 2u);
  EXPECT_EQ(total[kRename].absent, 4u);
  EXPECT_EQ(total[kRename].failed, 2u);
}

TEST(MetricsTest, OneInFourOfEachKindIsTimedFromTheFirstOn) {
  Metrics metrics;
  for (int i = 0; i < 9; ++i) metrics.count(kOpen, metrics.begin(kOpen), 0);
  metrics.count(kRename, metrics.begin(kRename), 0);
  const auto total = metrics.total();
  EXPECT_EQ(total[kOpen].count, 9u);
  EXPECT_EQ(total[kOpen].timed, 3u);
  EXPECT_EQ(total[kRename].timed, 1u);
}

TEST(MetricsTest, TwoDoNotShareCounts) {
  Metrics one, two;
  one.count(kOpen, one.begin(kOpen), 0);
  two.count(kOpen, two.begin(kOpen), 0);
  one.count(kOpen, one.begin(kOpen), 0);
  EXPECT_EQ(one.total()[kOpen].count, 2u);
  EXPECT_EQ(two.total()[kOpen].count, 1u);
}

TEST(MetricsTest, DurationsAreInNanoseconds) {
  Metrics metrics;
  const std::uint64_t begun = metrics.begin(kOpen);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  metrics.count(kOpen, begun, 0);
  EXPECT_GE(metrics.total()[kOpen].nanoseconds, 4'500'000u);
}

}  // namespace
}  // namespace acefs::fuse
