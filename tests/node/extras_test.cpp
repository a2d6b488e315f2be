// SPDX-License-Identifier: MIT
#include "node/extras.hpp"

#include <gtest/gtest.h>

namespace acefs::node {
namespace {

struct A final : ExtraOf<ExtraKind::Acl> {
  int value = 0;
};
struct B final : ExtraOf<ExtraKind::Handle> {
  int value = 0;
};

TEST(ExtrasTest, CostAPointerWhileThereAreNone) {
  EXPECT_EQ(sizeof(Extras), sizeof(void*));
  const Extras none;
  EXPECT_EQ(none.find<A>(), nullptr);
}

TEST(ExtrasTest, EachKindIsThereOnce) {
  Extras extras;
  extras.get<A>().value = 1;
  extras.get<B>().value = 2;
  EXPECT_EQ(extras.get<A>().value, 1);
  EXPECT_EQ(extras.find<B>()->value, 2);
}

TEST(ExtrasTest, OneThatIsTakenLeavesTheOthers) {
  Extras extras;
  extras.get<A>().value = 1;
  extras.get<B>().value = 2;
  EXPECT_EQ(extras.take<A>()->value, 1);
  EXPECT_EQ(extras.find<A>(), nullptr);
  EXPECT_EQ(extras.take<A>(), nullptr);
  EXPECT_EQ(extras.find<B>()->value, 2);
  extras.get<A>();
  EXPECT_EQ(extras.take<A>()->value, 0);
  EXPECT_EQ(extras.take<B>()->value, 2);
}

}  // namespace
}  // namespace acefs::node
