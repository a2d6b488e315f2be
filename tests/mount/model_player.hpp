// SPDX-License-Identifier: MIT
#pragma once

#include <random>
#include <string>
#include <vector>

#include "../support/mount.hpp"
#include "model_rules.hpp"

namespace acefs::test::model {

/// Takes steps on a mount of an empty directory and in the model, and compares after each.
class Player {
 public:
  /// `thorough`: each letter is asked for by every call that needs it, not by one of them in turn.
  Player(const Mount& mount, unsigned seed, bool thorough) : mount_(mount), random_(seed), thorough_(thorough) {}

  /// What is different; empty when nothing is.
  std::string take(Step step);
  const Tree& tree() const { return tree_; }
  long questions() const { return questions_; }
  long taken() const { return taken_; }  ///< steps that were not refused
  long stale() const { return stale_; }  ///< calls that were made again because they said ESTALE

 private:
  int perform(const Step& step, const User& who);
  int perform_once(const Step& step, const std::string& at) const;
  void wait_for_expiry(bool all);
  void wait_for_closed_handles() const;
  /// Lets the daemon know every name of files that have several: as far as it does, one of them is enough. Or `all` names there are.
  void look_at_names(bool all);
  std::string compare(bool at_once);
  /// What each user is told; all of them `at_once`, or one after the other.
  std::string compare_for_all(bool at_once, Time now);
  struct Answers {
    std::string differs = {};
    long questions = 0;
    long stale = 0;
  };
  Answers compare_for(const User& who, Time now, unsigned seed) const;
  std::string compare_structure();
  std::string compare_children(const Tree::Way& way) const;

  const Mount& mount_;
  Tree tree_;
  std::mt19937 random_;
  bool thorough_;
  long questions_ = 0;
  long taken_ = 0;
  long stale_ = 0;
};

/// Who has more than the rules about nobody widening his rights let him have by that step; empty when nobody.
std::string widened_by(const Step& step, const User& who, const Tree& before, const Tree& after, Time now);

}  // namespace acefs::test::model
