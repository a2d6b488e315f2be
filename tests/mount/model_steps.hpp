// SPDX-License-Identifier: MIT
#pragma once

#include <random>
#include <vector>

#include "model_rules.hpp"

namespace acefs::test::model {

/// Root, and four who are in two groups, in one and the other by turns, in one, and in none.
const std::vector<User>& users();

/// Draws steps. They are told by paths, so that they mean something also when others before them are left out.
class Steps {
 public:
  explicit Steps(unsigned seed) : random_(seed) {}

  /// What makes a tree from an empty directory: nodes, owners, ACEs.
  std::vector<Step> a_tree();
  /// The next step in that tree; steps that change something come up more often than they would by themselves.
  Step next(const Tree& tree);
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

 private:
  Step any(const Tree& tree);
  Step by_somebody();
  Step ace_step(const Tree& tree, Step step, const Tree::Way& way);
  Step make_step(const Tree& tree, Step step);
  Step move_step(const Tree& tree, Step step, const std::vector<Tree::Way>& ways);
  std::string new_path(const Tree& tree, std::size_t max_depth);
  void draw_ace(Step& step);
  template <typename Choices>
  auto pick(const Choices& choices) {
    return choices[below(static_cast<unsigned>(std::size(choices)))];
  }

  std::mt19937 random_;
};

}  // namespace acefs::test::model
