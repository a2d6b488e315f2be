// SPDX-License-Identifier: MIT
// Random trees, ACLs, users and steps, through the mount and behind it, against a model that was written from the rules alone
// (model_tree, model_rules, model_grant_rules). After each step every user asks for everything on every node; what he is told, and what
// came of the step, must be what the model says, and nobody may have widened his own rights.
//
// ACEFS_MODEL_STEPS: how many steps each test takes, and it prints a line of what it did. The default suits every run; 100000 is the full
// size. ACEFS_MODEL_SEED: another random sequence. What differs is told as the fewest steps, from an empty directory on, that show it.
#include <sys/stat.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <tuple>

#include "../support/loop_fs.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "model_player.hpp"
#include "model_steps.hpp"

namespace acefs::test {
namespace {

using model::Player;
using model::Step;
using model::Steps;

long number_in(const char* variable, long otherwise) {
  const char* number = std::getenv(variable);
  return number != nullptr ? std::atol(number) : otherwise;
}

long wanted_steps() { return number_in("ACEFS_MODEL_STEPS", 200); }
unsigned seed() { return static_cast<unsigned>(number_in("ACEFS_MODEL_SEED", 1)); }

std::string text_of(const std::vector<Step>& steps) {
  std::ostringstream text;
  for (const Step& step : steps) text << "  " << text_of(step, model::users()[static_cast<std::size_t>(step.who)]) << "\n";
  return text.str();
}

/// Filesystem of the backing, and where the daemon's proof that nothing changed comes from; empty: as by default.
using Setting = std::tuple<const char*, const char*>;

std::string name_of(const ::testing::TestParamInfo<Setting>& info) {
  const auto [kind, source] = info.param;
  return std::string(kind) + (*source != '\0' ? std::string("_") + source : "");
}

class ModelTest : public ::testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    REQUIRE_FUSE();
    disk_.emplace(std::get<0>(GetParam()));
    REQUIRE_LOOP_FS(*disk_);
    former_umask_ = ::umask(0);
  }
  void TearDown() override {
    if (former_umask_) ::umask(*former_umask_);
  }

  /// A mount of its own over an empty directory.
  std::unique_ptr<Mount> fresh_mount() {
    const std::string tree = disk_->at("tree");
    erase(tree);
    make_dir(tree, 0755);
    const std::string source = std::get<1>(GetParam());
    return std::make_unique<Mount>(MountOptions{.options = source.empty() ? "" : "coherence=" + source, .source = tree});
  }

  /// A fresh tree, and so many steps; what is different after the last of those that `taken` then holds, empty when nothing is.
  std::string episode(Steps& steps, long length, std::vector<Step>& taken) {
    const auto mount = fresh_mount();
    if (!mount->ready()) return "the daemon did not become ready:\n" + mount->log();
    Player player(*mount, steps.below(1U << 30), false);
    std::string differs;
    for (const Step& step : steps.a_tree()) {
      if (!differs.empty()) break;
      taken.push_back(step);
      differs = player.take(step);
    }
    for (long i = 0; i < length && differs.empty(); ++i, ++steps_) {
      taken.push_back(steps.next(player.tree()));
      differs = player.take(taken.back());
    }
    questions_ += player.questions();
    not_refused_ += player.taken();
    stale_ += player.stale();
    const int code = mount->stop();
    return code == 0 || !differs.empty() ? differs : "the daemon's end: " + std::to_string(code) + "\n" + mount->log();
  }

  /// The same steps on a fresh tree; those after the one that shows a difference are left out.
  std::string replay(std::vector<Step>& steps) {
    const auto mount = fresh_mount();
    Player player(*mount, 1, true);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      std::string differs = player.take(steps[i]);
      if (differs.empty()) continue;
      steps.resize(i + 1);
      return differs;
    }
    return {};
  }

  /// The fewest steps that still show a difference, as far as leaving some out leads there.
  std::string shrink(std::vector<Step>& steps) {
    std::string differs = replay(steps);
    for (std::size_t part = steps.size() / 2; part > 0 && !differs.empty(); part /= 2) {
      for (std::size_t end = steps.size(); end > 0; end = end > part ? end - part : 0) {
        if (end > steps.size()) continue;
        const std::size_t begin = end > part ? end - part : 0;
        std::vector<Step> fewer(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(begin));
        fewer.insert(fewer.end(), steps.begin() + static_cast<std::ptrdiff_t>(end), steps.end());
        if (std::string still = replay(fewer); !still.empty()) {
          steps = std::move(fewer);
          differs = std::move(still);
        }
      }
    }
    return differs;
  }

  std::string summary() const {
    return std::to_string(steps_) + " steps, " + std::to_string(not_refused_) + " not refused, " + std::to_string(questions_) +
           " questions, " + std::to_string(stale_) + " times ESTALE, seed " + std::to_string(seed());
  }

  std::optional<LoopFs> disk_;
  std::optional<mode_t> former_umask_;
  long steps_ = 0;
  long not_refused_ = 0;
  long questions_ = 0;
  long stale_ = 0;
};

TEST_P(ModelTest, EveryUserMayWhatTheModelSaysAfterEveryStep) {
  constexpr long kEpisode = 150;  // as long as it takes to read what went wrong, and to find where
  Steps steps(seed());
  while (steps_ < wanted_steps()) {
    std::vector<Step> taken;
    const std::string differs = episode(steps, std::min(kEpisode, wanted_steps() - steps_), taken);
    if (differs.empty()) continue;
    std::vector<Step> fewest = taken;
    const std::string still = shrink(fewest);
    ADD_FAILURE() << "seed " << seed() << ", step " << steps_ << ": " << differs << "\n"
                  << (still.empty() ? "not when repeated; all steps:\n" + text_of(taken)
                                    : "these steps are enough, and the last one shows: " + still + "\n" + text_of(fewest));
    break;
  }
  RecordProperty("summary", summary());
  if (std::getenv("ACEFS_MODEL_STEPS") != nullptr) std::cout << name_of({GetParam(), 0}) << ": " << summary() << std::endl;
}

INSTANTIATE_TEST_SUITE_P(Backing, ModelTest,
                         ::testing::Values(Setting{"ext4", ""}, Setting{"tmpfs", ""}, Setting{"tmpfs", "statx"}), name_of);

}  // namespace
}  // namespace acefs::test
