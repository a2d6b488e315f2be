// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "acefs/base/result.hpp"
#include "fs/shares.hpp"
#include "fuse/libfuse.hpp"

namespace acefs::fuse {

/// Runs requests that wait for a lock, each in a thread of its own, so that those who wait do not keep others from being
/// served. An interrupted request ends with EINTR.
class LockWaiters {
 public:
  LockWaiters();
  ~LockWaiters();

  /// Interrupts those who still wait, and returns when all have been answered: before the session they answer to is destroyed.
  void stop();

  /// Runs `take` (a system call that EINTR ends) in a new thread and replies with its status. ENOLCK at once when too many wait, or too
  /// many of the caller's.
  void wait(fuse_req_t req, std::function<Status()> take) noexcept;

  /// How many wait.
  std::size_t size() const;

 private:
  struct Waiter {
    LockWaiters* owner = nullptr;
    fs::Shares::Share share{};
    pthread_t thread{};
    bool started = false;
    bool interrupted = false;
    bool done = false;
  };

  void start(fuse_req_t req, std::function<Status()> take);
  static void on_interrupt(fuse_req_t req, void* data);
  void run(fuse_req_t req, const std::shared_ptr<Waiter>& waiter, const std::function<Status()>& take);
  void prod_interrupted();

  fs::Shares shares_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::shared_ptr<Waiter>> waiters_;
  bool stopping_ = false;
  std::thread prodder_;
};

}  // namespace acefs::fuse
