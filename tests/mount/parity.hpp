// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"

namespace acefs::test {

/// What a series of calls returned, as lines to compare.
class Calls {
 public:
  /// Notes a result: its value, or errno's name when it is negative. Returns it.
  long operator()(const std::string& call, long result);
  /// Notes anything else worth comparing.
  void note(const std::string& what, const std::string& value) { text_ += what + ": " + value + "\n"; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Type, mode, owner, group, links, size and content of everything below `dir`, as text to compare.
std::string describe(const std::string& dir);

/// Runs the same calls in a plain directory and on the mount: without ACEs the kernel's answer is the right one.
class ParityTest : public MountedTest {
 protected:
  using Prepare = std::function<void(const std::string& dir)>;
  using Act = std::function<void(const std::string& dir, Calls& calls)>;

  /// `prepare` runs as root in both directories (both belong to Alice), then `act` as the user; results and trees must agree.
  void same(const Prepare& prepare, const Act& act, uid_t uid = kAlice, gid_t gid = kAlice, const std::vector<gid_t>& groups = {});
  void same(const Act& act) {
    same([](const std::string&) {}, act);
  }

  TempDir plain_;
};

}  // namespace acefs::test
