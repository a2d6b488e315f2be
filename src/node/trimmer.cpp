// SPDX-License-Identifier: MIT
#include "node/trimmer.hpp"

#include <malloc.h>

#include <chrono>
#include <utility>

namespace acefs::node {
namespace {

/// So many nodes (about 0.7 MB) wake it up.
constexpr std::uint32_t kWorthIt = 4096;
/// So few let it sleep again.
constexpr std::uint32_t kFew = 256;
/// Awake, it waits before each time: whoever forgets many is not done at once.
constexpr std::chrono::seconds kPause{2};

}  // namespace

Trimmer::Trimmer(std::function<void()> before) : before_(std::move(before)), thread_([this] { run(); }) {}

Trimmer::~Trimmer() { stop(); }

void Trimmer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Trimmer::freed() noexcept {
  if (freed_.fetch_add(1, std::memory_order_relaxed) + 1 != kWorthIt) return;
  { const std::lock_guard lock(mutex_); }  // between its look at the count and its sleep it would not hear
  changed_.notify_all();
}

void Trimmer::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return stopping_ || freed_.load(std::memory_order_relaxed) >= kWorthIt; });
    // Until few come any more: those that are freed last may be what kept all other pages.
    for (std::uint32_t freed = kFew; freed >= kFew && !stopping_;) {
      changed_.wait_for(lock, kPause, [this] { return stopping_; });
      freed = freed_.exchange(0, std::memory_order_relaxed);
      lock.unlock();
      before_();
      ::malloc_trim(0);
      lock.lock();
    }
  }
}

}  // namespace acefs::node
