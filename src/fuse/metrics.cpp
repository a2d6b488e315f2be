// SPDX-License-Identifier: MIT
#include "fuse/metrics.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace acefs::fuse {
namespace {

constexpr unsigned kFirstWidth = 9;   // below 256 ns it is one class
constexpr unsigned kTickShift = 22;
constexpr std::uint64_t kNotTimed = 0;

std::uint64_t clock_now() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

#if defined(__x86_64__)
/// Half the cost of asking the clock.
std::uint64_t counter() { return __rdtsc(); }
/// That the processor counts at one pace does not say that all of its cores, or those of the next machine that this one is moved to, count
/// alike. The kernel watches that, and takes another clock where they do not.
bool counter_is_steady() {
  std::ifstream source("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  std::string name;
  return source >> name && name == "tsc";
}
#else
std::uint64_t counter() { return clock_now(); }
bool counter_is_steady() { return false; }
#endif

/// One moment by both clocks.
struct Moment {
  std::uint64_t time = 0;
  std::uint64_t ticks = 0;
};

/// Nothing when the two never came within a microsecond of one another: somebody else kept the processor each time.
std::optional<Moment> moment() {
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t before = clock_now();
    const std::uint64_t ticks = counter();
    const std::uint64_t between = clock_now() - before;
    if (between <= 1000) return Moment{before + between / 2, ticks};
  }
  return std::nullopt;
}

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

/// By the only thread that writes it.
void add(std::atomic<std::uint64_t>& to, std::uint64_t more) {
  to.store(to.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

std::uint64_t value_of(const std::atomic<std::uint64_t>& counter) { return counter.load(std::memory_order_relaxed); }

}  // namespace

unsigned Buckets::of(std::uint64_t nanoseconds) {
  const auto width = static_cast<unsigned>(std::bit_width(nanoseconds));
  if (width < kFirstWidth) return 0;
  const auto quarter = static_cast<unsigned>(nanoseconds >> (width - 3)) & 3U;
  return std::min((width - kFirstWidth) * 4 + quarter + 1, kCount - 1);
}

std::uint64_t Buckets::end_of(unsigned bucket) {
  if (bucket == 0) return std::uint64_t{1} << (kFirstWidth - 1);
  const unsigned width = kFirstWidth + (bucket - 1) / 4;
  return (std::uint64_t{1} << (width - 1)) + (std::uint64_t{(bucket - 1) % 4 + 1} << (width - 3));
}

std::uint64_t OperationCount::percentile(double share) const {
  if (timed == 0) return 0;
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(share * static_cast<double>(timed) + 0.5));
  std::uint64_t seen = 0;
  for (unsigned i = 0; i < Buckets::kCount; ++i) {
    seen += durations[i];
    if (seen >= wanted) return Buckets::end_of(i);
  }
  return Buckets::end_of(Buckets::kCount - 1);
}

Metrics::Metrics() : number_(next_number()), has_counter_(counter_is_steady()) {
  if (!has_counter_) return;
  const auto begun = moment();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const auto ended = moment();
  has_counter_ = begun && ended && ended->ticks > begun->ticks;
  if (has_counter_) nanoseconds_per_4m_ticks_ = ((ended->time - begun->time) << kTickShift) / (ended->ticks - begun->ticks);
}

std::uint64_t Metrics::ticks() const noexcept { return has_counter_ ? counter() : clock_now(); }

Metrics::Shard* Metrics::shard() noexcept {
  struct Mine {
    std::uint64_t number = 0;
    Shard* shard = nullptr;
  };
  thread_local Mine mine;
  if (mine.number == number_) return mine.shard;
  try {
    auto made = std::make_unique<Shard>();
    const std::lock_guard lock(mutex_);
    shards_.push_back(std::move(made));
    mine = {number_, shards_.back().get()};
    return mine.shard;
  } catch (const std::bad_alloc&) {
    return nullptr;  // not counted
  }
}

std::uint64_t Metrics::begin(unsigned operation) noexcept {
  const Shard* const mine = shard();
  if (mine == nullptr || value_of(mine->cells[operation].count) % kTimedOneIn != 0) return kNotTimed;
  return ticks();
}

void Metrics::count(unsigned operation, std::uint64_t begun, int error) noexcept {
  Shard* const mine = shard();
  if (mine == nullptr) return;
  Cell& cell = mine->cells[operation];
  add(cell.count, 1);
  if (begun != kNotTimed) time(cell, begun);
  if (error == 0) return;
  add(cell.of_error(error), 1);
}

Metrics::Counter& Metrics::Cell::of_error(int error) {
  switch (error) {
    case EACCES: return access;
    case EPERM: return permission;
    case EXDEV: return cross_device;
    case ENOENT:
    case ENODATA:
    case EEXIST:
    case ENOTEMPTY: return absent;
    default: return failed;
  }
}

void Metrics::time(Cell& cell, std::uint64_t begun) const noexcept {
  const std::uint64_t now = ticks();
  // A thread that moved to a core whose counter is behind took no time.
  const std::uint64_t passed = now > begun ? now - begun : 0;
  const std::uint64_t nanoseconds =
      has_counter_ ? (std::min(passed, UINT64_MAX >> (kTickShift + 4)) * nanoseconds_per_4m_ticks_) >> kTickShift : passed;
  add(cell.durations[Buckets::of(nanoseconds)], 1);
  add(cell.nanoseconds, nanoseconds);
}

std::array<OperationCount, kOperations.size()> Metrics::total() const {
  std::array<OperationCount, kOperations.size()> sums{};
  const std::lock_guard lock(mutex_);
  for (const auto& each : shards_) {
    for (std::size_t op = 0; op < kOperations.size(); ++op) {
      const Cell& cell = each->cells[op];
      OperationCount& sum = sums[op];
      sum.count += value_of(cell.count);
      sum.nanoseconds += value_of(cell.nanoseconds);
      sum.access += value_of(cell.access);
      sum.permission += value_of(cell.permission);
      sum.cross_device += value_of(cell.cross_device);
      sum.absent += value_of(cell.absent);
      sum.failed += value_of(cell.failed);
      for (unsigned i = 0; i < Buckets::kCount; ++i) {
        const std::uint64_t taken = value_of(cell.durations[i]);
        sum.durations[i] += taken;
        sum.timed += taken;
      }
    }
  }
  return sums;
}

}  // namespace acefs::fuse
