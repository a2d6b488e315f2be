// SPDX-License-Identifier: MIT
#include "backing/change_order.hpp"

#include <gtest/gtest.h>

#include "backing/compact.hpp"

namespace acefs::backing {
namespace {

std::string ace(std::string_view type, std::string_view letters, std::string_view flags = "", std::string_view expires = "0") {
  return std::string(1, '\0') + "t=" + std::string(type) + ":f=" + std::string(flags) + ":p=" + std::string(letters) +
         ":c=alice:e=" + std::string(expires) + "\n";
}

/// Keys in the order in which they are changed.
std::string order(const KeyedChanges& changes, const KeyedChanges& old) {
  std::string keys;
  for (const Change& change : in_safe_order(changes, old)) keys += (keys.empty() ? "" : " ") + change.key;
  return keys;
}

TEST(ChangeOrderTest, WhatTakesComesBeforeWhatGives) {
  const KeyedChanges old{{"u:b", ace("A", "rw")}, {"D:u:c", ace("D", "w")}};
  const KeyedChanges changes{{"u:a", ace("A", "r")}, {"u:b", std::nullopt}, {"D:u:c", std::nullopt}, {"D:u:d", ace("D", "x")}};
  EXPECT_EQ(order(changes, old), "D:u:d u:b D:u:c u:a");
}

TEST(ChangeOrderTest, AnAllowAceThatBecomesADenialTakes) {
  const KeyedChanges old{{"u:a", ace("D", "")}, {"u:b", ace("A", "r")}};
  EXPECT_EQ(order({{"u:a", ace("A", "r")}, {"u:b", ace("D", "")}}, old), "u:b u:a");
}

TEST(ChangeOrderTest, AMalformedGrantDenies) {
  EXPECT_EQ(order({{"u:a", ace("A", "r")}, {"u:b", "nonsense"}}, {}), "u:b u:a");
  EXPECT_EQ(order({{"u:a", std::nullopt}, {"u:b", std::nullopt}}, {{"u:a", "nonsense"}, {"u:b", ace("A", "r")}}), "u:b u:a");
}

TEST(ChangeOrderTest, FewerLettersComeBeforeOtherLettersBeforeMore) {
  const KeyedChanges old{{"u:a", ace("A", "r")}, {"u:b", ace("A", "r")}, {"u:c", ace("A", "rw")}, {"D:u:d", ace("D", "r")}};
  const KeyedChanges changes{
      {"u:a", ace("A", "rw")}, {"u:b", ace("A", "w")}, {"u:c", ace("A", "r")}, {"D:u:d", ace("D", "rw")}};
  EXPECT_EQ(order(changes, old), "D:u:d u:c u:b u:a");
}

TEST(ChangeOrderTest, OtherFlagsOrAnotherExpiryMayGiveAndTake) {
  const KeyedChanges old{{"u:a", ace("A", "r", "n")}, {"u:b", ace("A", "r")}, {"u:c", ace("A", "rw")}};
  const KeyedChanges changes{{"u:a", ace("A", "r")}, {"u:b", ace("A", "r", "", "99")}, {"u:c", std::nullopt}};
  EXPECT_EQ(order(changes, old), "u:c u:a u:b");
}

TEST(CompactTest, KeepsWhatDecides) {
  using namespace std::string_literals;
  EXPECT_EQ(compact("u:a", ace("A", "rxt")), "\0t=A:p=rxt"s);
  EXPECT_EQ(compact("g:a", ace("A", "r", "g", "12")), "\0t=A:f=g:p=r:e=12"s);
  EXPECT_EQ(compact("u:a", ace("D", "")), "\0t=D:p="s);
  EXPECT_EQ(compact("D:u:a", ace("D", "w")), "\0t=D:p=w"s);
}

TEST(CompactTest, LeavesAloneWhatItMightChange) {
  using namespace std::string_literals;
  EXPECT_EQ(compact("u:a", ""), std::nullopt);
  EXPECT_EQ(compact("u:a", "nonsense"), std::nullopt);
  EXPECT_EQ(compact("u:a", ace("A", "r", "g")), std::nullopt);  // malformed: a user with the group flag
  EXPECT_EQ(compact("not a grant", ace("A", "r")), std::nullopt);
  EXPECT_EQ(compact("u:a", "\0t=A:p=r"s), std::nullopt);  // no shorter form
  EXPECT_EQ(compact("u:a", "\0t=A:\"p=r:w\":c=somebody\n"s), std::nullopt);
}

}  // namespace
}  // namespace acefs::backing
