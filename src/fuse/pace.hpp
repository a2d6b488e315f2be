// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace acefs::fuse {

/// How long requests usually take, by who asks and for what: to tell beforehand which one others should not have to wait for. Some share a
/// place, which costs them nothing but a wrong guess. Thread-safe.
class Pace {
 public:
  /// Longer than a request takes that only looks at names, and than it takes to have another thread receive instead.
  static constexpr std::chrono::microseconds kSlow{60};

  bool is_slow(uid_t uid, std::uint32_t operation) const {
    return usual_[place_of(uid, operation)].load(std::memory_order_relaxed) > ticks(kSlow);
  }

  /// One that took so long. The last few count most.
  void took(uid_t uid, std::uint32_t operation, std::chrono::nanoseconds time) {
    std::atomic<std::uint32_t>& usual = usual_[place_of(uid, operation)];
    const std::uint64_t before = usual.load(std::memory_order_relaxed);
    usual.store(static_cast<std::uint32_t>((3 * before + ticks(time)) / 4), std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t kPlaces = 1024;
  /// Longer ones are as slow as these.
  static constexpr std::chrono::seconds kLongest{1};

  static std::uint32_t ticks(std::chrono::nanoseconds time) {
    return static_cast<std::uint32_t>((time < kLongest ? time : std::chrono::nanoseconds(kLongest)).count());
  }
  static std::size_t place_of(uid_t uid, std::uint32_t operation) { return (std::size_t{uid} * 61 + operation) % kPlaces; }

  std::array<std::atomic<std::uint32_t>, kPlaces> usual_{};  ///< nanoseconds
};

}  // namespace acefs::fuse
