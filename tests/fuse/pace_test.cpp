// SPDX-License-Identifier: MIT
#include "fuse/pace.hpp"

#include <gtest/gtest.h>

namespace acefs::fuse {
namespace {

using namespace std::chrono_literals;

constexpr uid_t kAlice = 20001;
constexpr uid_t kBob = 20002;
constexpr std::uint32_t kSetXattr = 21;
constexpr std::uint32_t kGetAttr = 3;

TEST(PaceTest, WhatWasNeverSeenIsQuick) { EXPECT_FALSE(Pace().is_slow(kAlice, kSetXattr)); }

TEST(PaceTest, OneThatTakesLongAgainAndAgainIsSlowAndOthersAreNot) {
  Pace pace;
  for (int i = 0; i < 10; ++i) {
    pace.took(kAlice, kSetXattr, 500us);
    pace.took(kBob, kSetXattr, 5us);
  }
  EXPECT_TRUE(pace.is_slow(kAlice, kSetXattr));
  EXPECT_FALSE(pace.is_slow(kAlice, kGetAttr)) << "the same caller's quick ones";
  EXPECT_FALSE(pace.is_slow(kBob, kSetXattr)) << "another caller's";
}

TEST(PaceTest, OneThatBecomesQuickAgainIsKnownToBe) {
  Pace pace;
  pace.took(kAlice, kSetXattr, 1h);
  EXPECT_TRUE(pace.is_slow(kAlice, kSetXattr));
  for (int i = 0; i < 100; ++i) pace.took(kAlice, kSetXattr, 5us);
  EXPECT_FALSE(pace.is_slow(kAlice, kSetXattr));
}

TEST(PaceTest, OneLongOneAmongManyQuickOnesIsNoReason) {
  Pace pace;
  for (int i = 0; i < 10; ++i) pace.took(kAlice, kSetXattr, 5us);
  pace.took(kAlice, kSetXattr, 150us);
  EXPECT_FALSE(pace.is_slow(kAlice, kSetXattr));
}

}  // namespace
}  // namespace acefs::fuse
