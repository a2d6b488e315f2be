// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "fuse/libfuse.hpp"
#include "fuse/pace.hpp"

struct fuse_in_header;

namespace acefs::fuse {

/// Receives the kernel's requests and has them served by several threads.
///
/// One thread at a time receives. It serves what it received itself, and lets another receive meanwhile only if more requests
/// are waiting that somebody waits for, if this caller's requests of the kind usually take long, or when serving takes longer than a few
/// milliseconds. If all threads received, as libfuse's loop has it, each request
/// would go to the thread that has slept longest, most likely on another processor: a caller who does one thing after the
/// other would wait for a cold thread each time, twice as long.
class RequestLoop {
 public:
  explicit RequestLoop(fuse_session* session) : session_(session) {}

  /// Serves with that many threads until the session ends. A positive errno when it ended by an error, else 0.
  int run(unsigned threads);
  /// Makes run() return soon; the mount stays. From another thread.
  void stop();

 private:
  /// In `serving_` nobody is serving with the token in hand.
  static constexpr std::uint64_t kNobody = 0;

  void work();
  bool take_token();
  void give_token();
  void leave_to_others();
  void serve(const fuse_buf& buffer, const fuse_in_header& header);
  /// Receives and serves until the token is somebody else's.
  void receive(fuse_buf& buffer);
  bool more_waiting() const;
  void watch();
  void end(int error);

  fuse_session* session_;
  Pace pace_;
  std::mutex mutex_;
  std::condition_variable token_free_;
  std::condition_variable over_;
  bool token_ = true;   ///< nobody has the right to receive
  bool ended_ = false;
  int error_ = 0;

  std::atomic<unsigned> working_{0};              ///< threads that have not ended
  std::atomic<std::uint64_t> received_{0};        ///< requests so far
  std::atomic<std::uint64_t> serving_{kNobody};   ///< number of the request that is served with the token in hand
  std::atomic<bool> watching_{false};             ///< false: the watch sleeps until something is received
  std::vector<std::thread> workers_;
};

}  // namespace acefs::fuse
