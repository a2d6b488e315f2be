// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <climits>

#include "common/time_text.hpp"

namespace acefs::tool {
namespace {

constexpr acl::TimePoint kSecond = 1'000'000'000;

TEST(TimeTextTest, PrintsWholeSecondsWithoutDecimals) {
  EXPECT_EQ(format_time(1'767'225'600 * kSecond), "2026-01-01T00:00:00Z");
}

TEST(TimeTextTest, PrintsAsManyDecimalsAsItTakes) {
  EXPECT_EQ(format_time(1), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(format_time(500'000'000), "1970-01-01T00:00:00.5Z");
}

TEST(TimeTextTest, EveryNanosecondThatFitsReadsBack) {
  for (const acl::TimePoint time : {INT64_MIN, INT64_MIN + 1, acl::TimePoint{-kSecond}, acl::TimePoint{-1}, acl::TimePoint{1},
                                    acl::TimePoint{1'767'225'600'123'456'789}, INT64_MAX})
    EXPECT_EQ(parse_time(format_time(time)), time) << format_time(time);
}

TEST(TimeTextTest, ReadsOffsetsFromUtc) {
  EXPECT_EQ(parse_time("2026-01-01T02:30:00+02:30"), 1'767'225'600 * kSecond);
  EXPECT_EQ(parse_time("2025-12-31T19:00:00-05:00"), 1'767'225'600 * kSecond);
}

TEST(TimeTextTest, ADateIsItsFirstInstantInUtc) { EXPECT_EQ(parse_time("2026-01-01"), 1'767'225'600 * kSecond); }

TEST(TimeTextTest, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-13-01", "2026-02-30", "2026-01-01T", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
                           "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+24:00", "9999-01-01", "1600-01-01"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(ExpiryTest, CountsFromNow) {
  EXPECT_EQ(*parse_expiry("+90s", 5), 90 * kSecond + 5);
  EXPECT_EQ(*parse_expiry("+2h", 0), 7200 * kSecond);
  EXPECT_EQ(*parse_expiry("+7d", 0), 7 * 86'400 * kSecond);
  EXPECT_EQ(*parse_expiry("+1w", 0), 7 * 86'400 * kSecond);
}

TEST(ExpiryTest, NeverIsZero) { EXPECT_EQ(*parse_expiry("never", 5), 0); }

TEST(ExpiryTest, AnInstantThatWouldBeStoredAsNeverIsRefused) { EXPECT_FALSE(parse_expiry("1970-01-01", 0)); }

TEST(ExpiryTest, RefusesWhatIsNoExpiry) {
  for (const char* text : {"", "+", "+d", "+7", "+7y", "+7dd", "+-7d", "7d", "+99999999999d", "tomorrow"})
    EXPECT_FALSE(parse_expiry(text, 0)) << text;
}

}  // namespace
}  // namespace acefs::tool
