// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace acefs::node {

/// Gives the memory of forgotten nodes back to the system. free(3) alone keeps it: small pieces are not joined again until something
/// large is wanted, and only what is free at the end of a heap goes. Walking the heaps takes a while, so it is done seldom.
class Trimmer {
 public:
  /// `before` is called each time before memory is given back, to free what can be.
  explicit Trimmer(std::function<void()> before);
  ~Trimmer();
  Trimmer(const Trimmer&) = delete;
  Trimmer& operator=(const Trimmer&) = delete;

  /// From now on nothing is given back. By one thread.
  void stop();
  /// One more node was freed. From any thread.
  void freed() noexcept;

 private:
  void run();

  const std::function<void()> before_;
  std::atomic<std::uint32_t> freed_{0};  ///< since memory was last given back
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace acefs::node
