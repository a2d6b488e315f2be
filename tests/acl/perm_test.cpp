// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "acefs/acl/perm.hpp"

namespace acefs::acl {
namespace {

TEST(PermTest, EveryLetterIsOneBitInPrintingOrder) {
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    const auto perm = perm_of(kLetters[i]);
    ASSERT_TRUE(perm) << kLetters[i];
    EXPECT_EQ(static_cast<std::uint32_t>(*perm), 1u << i);
  }
  EXPECT_EQ(letters_of(AccessMask::all()), kLetters);
}

TEST(PermTest, LettersAreTheOnesTheirNamesSay) {
  EXPECT_EQ(perm_of('r'), Perm::ReadData);
  EXPECT_EQ(perm_of('D'), Perm::DeleteChild);
  EXPECT_EQ(perm_of('O'), Perm::WriteDeny);
  EXPECT_EQ(perm_of('q'), Perm::ReadQuota);
}

TEST(PermTest, UnknownLettersGiveNothing) {
  EXPECT_FALSE(perm_of('z'));
  EXPECT_FALSE(perm_of('\0'));
  EXPECT_FALSE(perm_of('\xff'));
  EXPECT_TRUE(mask_of("zZ0 \xff").empty());
  EXPECT_EQ(mask_of("zrZ"), AccessMask(Perm::ReadData));
}

TEST(PermTest, StoredOrderIsThatOfRevaThenTheLettersItDoesNotKnow) {
  EXPECT_EQ(stored_letters_of(AccessMask::all()), "txrwadCcoOuUPvVqDTnNy");
  EXPECT_EQ(stored_letters_of(mask_of("rtxD")), "txrD");
  EXPECT_EQ(stored_letters_of({}), "");
}

}  // namespace
}  // namespace acefs::acl
