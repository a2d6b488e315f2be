// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"

namespace acefs::test {

/// One operation and the letters it needs on one node, so that both ways of giving and taking them can be tried.
struct Row {
  std::string node;                 ///< carries the ACEs; relative to the root; `.` is the root of the mount
  std::string letters;              ///< together they suffice; without any one of them the caller is refused
  std::function<void()> prepare;    ///< puts the tree, on the backing, into the state before the operation
  std::function<long()> call;       ///< the operation, through the mount
  int refused = EACCES;
  mode_t closed = 0700;             ///< mode of the node (owned by root) that gives others nothing
  mode_t open = 0777;               ///< mode that gives others everything
  std::string or_letters = {};      ///< letters each of which would do as well as `letters`
  std::string flags = "n";          ///< of the ACEs: on a directory, by default, they count on it only
};

/// Tests of the rows of the operation table: who has exactly the letters passes, who has all others is refused.
class RowTest : public MountedTest {
 protected:
  /// The mode gives nothing. Alice's ACE gives the letters (and, on a directory, x); Bob's gives every other letter. On the
  /// same path, one right after the other: Bob is refused, Alice passes, Bob is refused again.
  void granted_beyond_the_mode(const Row& row);
  /// The mode gives all it can. Bob's partial denial takes one of the letters. Same order.
  void denied_against_the_mode(const Row& row);
  void both_ways(const Row& row) {
    granted_beyond_the_mode(row);
    denied_against_the_mode(row);
  }
  /// The second user is refused, the first passes, the second is refused again; prepared afresh each time.
  void only(uid_t may, uid_t may_not, const std::function<void()>& prepare, const std::function<long()>& call, int refused);

  int as_alice(const std::function<long()>& call) { return errno_as(kAlice, kAlice, call); }
  int as_bob(const std::function<long()>& call) { return errno_as(kBob, kBob, call); }
};

}  // namespace acefs::test
