// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

namespace acefs {

/// A mutex of 4 bytes (std::mutex has 40), for objects of which there are millions. Meets Lockable; waits in the kernel.
class SmallMutex {
 public:
  SmallMutex() = default;
  SmallMutex(const SmallMutex&) = delete;
  SmallMutex& operator=(const SmallMutex&) = delete;

  void lock() noexcept {
    if (try_lock()) return;
    // Whoever had to wait cannot know whether others do: it locks as if they did.
    while (state_.exchange(kWaitedFor, std::memory_order_acquire) != kFree) state_.wait(kWaitedFor, std::memory_order_relaxed);
  }
  bool try_lock() noexcept {
    std::uint32_t free = kFree;
    return state_.compare_exchange_strong(free, kLocked, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() noexcept {
    if (state_.exchange(kFree, std::memory_order_release) == kWaitedFor) state_.notify_one();
  }

 private:
  enum State : std::uint32_t { kFree, kLocked, kWaitedFor };
  std::atomic<std::uint32_t> state_{kFree};
};

}  // namespace acefs
