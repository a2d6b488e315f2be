// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace acefs::daemon {

/// Waits for signals in a thread of its own, so that what they cause may do anything. Make it before any other thread: it
/// blocks the signals for the calling thread and all that it starts.
class Signals {
 public:
  /// `on_stop`: SIGTERM, SIGINT; `on_reload`: SIGHUP.
  Signals(std::function<void()> on_stop, std::function<void()> on_reload);
  ~Signals();

 private:
  std::function<void()> on_stop_;
  std::function<void()> on_reload_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace acefs::daemon
