// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>

#include "model_tree.hpp"

namespace acefs::test::model {

enum class Do { MakeFile, MakeDir, MakeSymlink, Rename, Exchange, Link, Remove, Chmod, Chown, SetAce, RemoveAce, Wait };

/// When an ACE that a step writes ends: Past and Far are an hour away, Soon is kSoon after the step.
enum class Life { Forever, Past, Soon, Far };
inline constexpr Time kSecond = 1'000'000'000;
inline constexpr Time kSoon = 2 * kSecond;

/// One thing that somebody does.
struct Step {
  Do what = Do::Wait;
  int who = 0;          ///< number of the user; 0 is root
  bool behind = false;  ///< by root on the backing
  std::string path = {};
  std::string other = {};  ///< new name of a rename or link
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  Key key = {};
  Ace ace = {};
  Life life = Life::Forever;
};

std::string text_of(const Step& step, const User& who);

/// What may come of a step.
struct Verdict {
  std::set<int> refused;  ///< not empty: it fails, with one of these
  std::set<int> perhaps;  ///< it may fail so as well, where DESIGN leaves it open or the kernel answers before acefs does

  bool allows() const { return refused.empty(); }
  bool accepts(int error) const;
  std::string text() const;
};

/// DESIGN section 5: what comes of the step; of SetAce with `step.ace.expires` set.
Verdict predict(const Tree& tree, const Step& step, const User& who, Time now);
/// What it does to the tree when it is not refused.
void apply(Tree& tree, const Step& step, const User& who);

/// Right to take `child` out of `parent`; an errno. Each chain leads to the node in question.
int may_remove(const Chain& parent, const Chain& child, const User& who, Time now);
/// The rows on grants, for the node that ends the chain.
Verdict may_set_ace(const Chain& chain, const Step& step, const User& who, Time now);
Verdict may_remove_ace(const Chain& chain, const Key& key, const User& who, Time now);

/// Nodes that could be below a directory: of either kind, one or two levels down, the user's or not, with the least and the most that
/// mode and ACEs of their own could give. They answer questions on what is not there yet.
class Imagined {
 public:
  explicit Imagined(const User& who);
  struct One {
    std::size_t levels;
    const Node* node;
  };
  const std::vector<One>& all() const { return all_; }
  /// The chain of one of them below that directory.
  Chain below(Chain directory, const One& one) const;

 private:
  Node between_;
  std::vector<Node> nodes_;
  std::vector<One> all_;
};

}  // namespace acefs::test::model
