// SPDX-License-Identifier: MIT
#include "rows.hpp"

namespace acefs::test {

void RowTest::only(uid_t may, uid_t may_not, const std::function<void()>& prepare, const std::function<long()>& call,
                   int refused) {
  prepare();
  EXPECT_EQ(errno_name(errno_as(may_not, may_not, call)), errno_name(refused)) << "the one who may not, before";
  prepare();
  EXPECT_EQ(errno_name(errno_as(may, may, call)), "0") << "the one who may";
  prepare();
  EXPECT_EQ(errno_name(errno_as(may_not, may_not, call)), errno_name(refused)) << "the one who may not, after";
}

void RowTest::granted_beyond_the_mode(const Row& row) {
  SCOPED_TRACE("granted beyond the mode, on " + row.node);
  for (const char letter : row.letters) {
    SCOPED_TRACE(std::string("everything but ") + letter);
    const auto prepare = [&] {
      row.prepare();
      const std::string node = real(row.node);
      const bool directory = S_ISDIR(lstat_of(node).st_mode);
      ASSERT_EQ(::chmod(node.c_str(), row.closed), 0);
      ASSERT_EQ(allow(node, user(kAlice), row.letters + (directory ? "x" : ""), row.flags), 0);
      ASSERT_EQ(allow(node, user(kBob), all_but(letter + row.or_letters), row.flags), 0);
    };
    only(kAlice, kBob, prepare, row.call, row.refused);
  }
}

void RowTest::denied_against_the_mode(const Row& row) {
  SCOPED_TRACE("denied against the mode, on " + row.node);
  for (const char letter : row.letters) {
    SCOPED_TRACE(std::string("denied ") + letter);
    const auto prepare = [&] {
      row.prepare();
      const std::string node = real(row.node);
      ASSERT_EQ(::chmod(node.c_str(), row.open), 0);
      // What no mode gives.
      std::string beyond;
      for (const char each : row.letters) {
        if (std::string_view("dTCoO").find(each) != std::string_view::npos) beyond += each;
      }
      for (const uid_t each : {kAlice, kBob}) {
        if (!beyond.empty()) {
          ASSERT_EQ(allow(node, user(each), beyond, row.flags), 0);
        }
      }
      ASSERT_EQ(deny(node, user(kBob), letter + row.or_letters, row.flags), 0);
    };
    only(kAlice, kBob, prepare, row.call, row.refused);
  }
}

}  // namespace acefs::test
