// SPDX-License-Identifier: MIT
#include "acefs/base/ref.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace acefs {
namespace {

struct Counted {
  explicit Counted(int& destroyed) : gone(destroyed) {}
  ~Counted() { ++gone; }
  RefCount references;
  int& gone;
};

TEST(RefTest, HasTheSizeOfAPointer) { EXPECT_EQ(sizeof(Ref<Counted>), sizeof(void*)); }

TEST(RefTest, LastReferenceDestroysTheObject) {
  int gone = 0;
  Ref<Counted> first(new Counted(gone));
  Ref<Counted> second = first;
  first = nullptr;
  EXPECT_EQ(gone, 0);
  second = nullptr;
  EXPECT_EQ(gone, 1);
}

TEST(RefTest, AssignmentToItselfAndMovesKeepTheCount) {
  int gone = 0;
  Ref<Counted> ref(new Counted(gone));
  const Ref<Counted>& same = ref;
  ref = same;
  EXPECT_TRUE(ref.is_last());
  Ref<Counted> moved = std::move(ref);
  EXPECT_TRUE(moved.is_last());
  EXPECT_EQ(gone, 0);
}

TEST(RefTest, IsLastOnlyWhileNobodyElseHasOne) {
  int gone = 0;
  const Ref<Counted> ref(new Counted(gone));
  EXPECT_TRUE(ref.is_last());
  {
    const Ref<Counted> other = ref;
    EXPECT_FALSE(ref.is_last());
  }
  EXPECT_TRUE(ref.is_last());
  EXPECT_FALSE(Ref<Counted>().is_last());
}

TEST(RefTest, DetachedReferenceGoesOnUntilItIsAdopted) {
  int gone = 0;
  Counted* object = Ref<Counted>(new Counted(gone)).detach();
  EXPECT_EQ(gone, 0);
  Ref<Counted>::adopt(object) = nullptr;
  EXPECT_EQ(gone, 1);
}

/// Says whether it could be got hold of while it was disposed of.
struct Disposed {
  void dispose() {
    got_hold = static_cast<bool>(Ref<Disposed>::if_alive(this));
    disposed = true;
  }
  RefCount references;
  bool disposed = false;
  bool got_hold = false;
};

TEST(RefTest, NobodyGetsHoldOfAnObjectWhoseLastReferenceHasGone) {
  Disposed object;
  Ref<Disposed> ref(&object);
  EXPECT_TRUE(Ref<Disposed>::if_alive(&object));
  EXPECT_FALSE(object.disposed);
  ref = nullptr;
  EXPECT_TRUE(object.disposed);
  EXPECT_FALSE(object.got_hold);
}

TEST(RefTest, CountIsRightWhateverThreadsDo) {
  int gone = 0;
  {
    const Ref<Counted> ref(new Counted(gone));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([ref] {
        for (int n = 0; n < 10'000; ++n) {
          Ref<Counted> copy = ref;
          const Ref<Counted> another = Ref<Counted>::if_alive(copy.get());
          copy = nullptr;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    EXPECT_TRUE(ref.is_last());
    EXPECT_EQ(gone, 0);
  }
  EXPECT_EQ(gone, 1);
}

}  // namespace
}  // namespace acefs
