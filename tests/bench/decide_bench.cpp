// SPDX-License-Identifier: MIT
// What one decision costs without a mount: by the length of the chain and the ACEs on each of its segments.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "acefs/acl/decide.hpp"
#include "support/acl_builders.hpp"

namespace {

using namespace acefs::acl;

/// `count` ACEs, of which alice needs the first; the others are for people she is not.
std::vector<Grant> grants(std::int64_t count) {
  std::vector<Grant> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(test::allow(i == 0 ? "alice" : "other" + std::to_string(i), "rxt"));
  return all;
}

struct Case {
  explicit Case(const benchmark::State& state)
      : path(principals), alice(test::caller(principals, test::kAlice, {test::kStaff}, {"u:alice", "g:staff"})) {
    for (std::int64_t i = 1; i < state.range(0); ++i) path.dir({0755}, grants(state.range(1)));
    path.file({0644}, grants(state.range(1)));
  }

  PrincipalTable principals;
  test::Path path;
  Identity alice;
  Profile profile;
  Question question{.need = Perm::ReadData, .now = 1, .base = {}};
};

void decide_all(benchmark::State& state, Case& c) {
  for (auto unused : state) {
    (void)unused;
    benchmark::DoNotOptimize(decide(c.path.chain(), c.alice, c.question, c.profile));
  }
}

/// As when the caller's part of each ACL has to be found.
void DecideFirst(benchmark::State& state) {
  Case c(state);
  decide_all(state, c);
}

/// As on a warm chain: what each ACL gives the caller was kept.
void DecideAgain(benchmark::State& state) {
  Case c(state);
  std::vector<Contribution> kept;
  for (const Segment& segment : c.path.chain()) kept.push_back(contribution_of(*segment.acl, c.alice, c.question.now));
  for (std::size_t i = 0; i < kept.size(); ++i) c.path.segments()[i].known = &kept[i];
  decide_all(state, c);
}

void cases(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"depth", "aces"})->ArgsProduct({{1, 8, 32, 64}, {0, 3, 200}});
}

BENCHMARK(DecideFirst)->Apply(cases);
BENCHMARK(DecideAgain)->Apply(cases);

}  // namespace

BENCHMARK_MAIN();
