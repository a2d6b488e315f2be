// SPDX-License-Identifier: MIT
#include "timed_loop.hpp"

#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

namespace acefs::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// Repeats for `seconds`, at least once; what it did per second. Stops at a failure, which it leaves in the worker.
double repeat(const Operation& operation, Worker& worker, double seconds) {
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  long done = 0;
  auto now = start;
  do {
    for (int i = 0; i < operation.batch && worker.error == 0; ++i) worker.error = operation.once(worker);
    done += operation.batch;
    now = Clock::now();
  } while (now < end && worker.error == 0);
  return static_cast<double>(done) / std::chrono::duration<double>(now - start).count();
}

}  // namespace

Rate measure(const Operation& operation, const Layout& layout, double seconds) {
  std::vector<Worker> workers;
  for (int t = 0; t < layout.threads; ++t) workers.emplace_back(layout, t);
  std::vector<double> rates(workers.size());
  std::barrier all_are_warm(layout.threads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < workers.size(); ++t) {
      threads.emplace_back([&, t] {
        Worker& worker = workers[t];
        if (operation.begin != nullptr) worker.error = operation.begin(worker);
        repeat(operation, worker, seconds / 4);
        all_are_warm.arrive_and_wait();
        rates[t] = repeat(operation, worker, seconds);
        if (worker.error == 0 && operation.end != nullptr) worker.error = operation.end(worker);
      });
    }
  }
  Rate sum;
  for (std::size_t t = 0; t < workers.size(); ++t) {
    sum.per_second += rates[t];
    if (workers[t].error != 0) sum.error = workers[t].error;
  }
  return sum;
}

}  // namespace acefs::bench
