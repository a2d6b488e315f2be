// SPDX-License-Identifier: MIT
#include "fuse/request_loop.hpp"

#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <cstring>

namespace acefs::fuse {
namespace {

using namespace std::chrono_literals;

/// A request that is still being served after this long leaves receiving to another thread.
constexpr auto kPatience = 1ms;
/// How long a thread without memory for a request waits before it tries again.
constexpr auto kShortage = 100ms;
/// The watch goes to sleep when nothing was received for so many times that long.
constexpr int kIdleRounds = 50;

/// What is done in no time and nobody waits for: not worth another thread. A caller who opens and closes files has the next request
/// waiting with each of these.
bool is_done_at_once(const fuse_in_header& header) {
  return header.opcode == FUSE_RELEASE || header.opcode == FUSE_RELEASEDIR || header.opcode == FUSE_FORGET || header.opcode == FUSE_BATCH_FORGET;
}

fuse_in_header header_of(const fuse_buf& request) {
  fuse_in_header header{};
  if ((request.flags & FUSE_BUF_IS_FD) == 0 && request.size >= sizeof header) std::memcpy(&header, request.mem, sizeof header);
  return header;
}

/// Whether receiving nothing is how a session ends. A connection that is cut while a request is on its way is heard of by ECONNABORTED,
/// else as 0.
bool is_the_end(int received) { return received >= 0 || received == -EINTR || received == -ECONNABORTED; }

}  // namespace

int RequestLoop::run(unsigned threads) {
  working_ = threads;
  workers_.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) workers_.emplace_back([this] { work(); });
  std::thread watch_thread([this] { watch(); });
  {
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return ended_; });
  }
  watching_ = true;
  watching_.notify_one();
  watch_thread.join();
  // Who receives may sleep in the kernel if the mount is still there. A signal that comes just before that is lost: once more.
  for (std::unique_lock lock(mutex_); !over_.wait_for(lock, kPatience, [this] { return working_ == 0; });) {
    for (std::thread& worker : workers_) ::pthread_kill(worker.native_handle(), SIGALRM);
  }
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  return error_;
}

void RequestLoop::stop() {
  fuse_session_exit(session_);
  end(0);
}

void RequestLoop::end(int error) {
  {
    const std::lock_guard lock(mutex_);
    if (!ended_) error_ = error;
    ended_ = true;
  }
  token_free_.notify_all();
  over_.notify_all();
}

bool RequestLoop::take_token() {
  std::unique_lock lock(mutex_);
  token_free_.wait(lock, [this] { return token_ || ended_; });
  if (ended_) return false;
  token_ = false;
  return true;
}

void RequestLoop::give_token() {
  {
    const std::lock_guard lock(mutex_);
    token_ = true;
  }
  token_free_.notify_one();
}

void RequestLoop::work() {
  fuse_buf buffer{};
  while (take_token()) receive(buffer);
  std::free(buffer.mem);
  const std::lock_guard lock(mutex_);
  if (--working_ == 0) over_.notify_all();
}

bool RequestLoop::more_waiting() const {
  struct pollfd device {.fd = fuse_session_fd(session_), .events = POLLIN, .revents = 0};
  return ::poll(&device, 1, 0) > 0 && (device.revents & POLLIN) != 0;
}

/// A thread gets its buffer when it first receives. Without memory for it nothing is received, and nothing lost.
void RequestLoop::leave_to_others() {
  give_token();
  std::unique_lock lock(mutex_);
  over_.wait_for(lock, kShortage, [this] { return ended_; });
}

void RequestLoop::serve(const fuse_buf& buffer, const fuse_in_header& header) {
  const auto begin = std::chrono::steady_clock::now();
  fuse_session_process_buf(session_, &buffer);
  pace_.took(header.uid, header.opcode, std::chrono::steady_clock::now() - begin);
}

void RequestLoop::receive(fuse_buf& buffer) {
  for (;;) {
    const int size = fuse_session_receive_buf(session_, &buffer);
    if (size == -EINTR && fuse_session_exited(session_) == 0) continue;
    if (size == -ENOMEM && fuse_session_exited(session_) == 0) return leave_to_others();
    if (size <= 0 || fuse_session_exited(session_) != 0) return end(is_the_end(size) ? 0 : -size);
    const std::uint64_t number = received_.fetch_add(1) + 1;
    const fuse_in_header header = header_of(buffer);
    if (!is_done_at_once(header) && (pace_.is_slow(header.uid, header.opcode) || more_waiting())) {
      give_token();
      serve(buffer, header);
      return;
    }
    serving_.store(number, std::memory_order_release);
    if (!watching_.load()) {
      watching_ = true;
      watching_.notify_one();
    }
    serve(buffer, header);
    // The watch may have given the token to another meanwhile.
    std::uint64_t mine = number;
    if (!serving_.compare_exchange_strong(mine, kNobody, std::memory_order_acq_rel)) return;
  }
}

void RequestLoop::watch() {
  std::uint64_t seen_serving = kNobody;
  std::uint64_t seen_received = 0;
  int idle = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (over_.wait_for(lock, kPatience, [this] { return ended_; })) return;
    }
    std::uint64_t serving = serving_.load(std::memory_order_acquire);
    if (serving != kNobody && serving == seen_serving && serving_.compare_exchange_strong(serving, kNobody, std::memory_order_acq_rel)) {
      give_token();
      serving = kNobody;
    }
    const std::uint64_t received = received_.load(std::memory_order_relaxed);
    idle = received == seen_received && serving == kNobody ? idle + 1 : 0;
    seen_serving = serving;
    seen_received = received;
    if (idle < kIdleRounds) continue;
    idle = 0;
    watching_ = false;
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return;  // run() has set watching_ before or will: whoever comes later wakes the wait
    }
    // What was received just before is still watched for.
    if (serving_.load() == kNobody && received_.load() == seen_received) watching_.wait(false);
    watching_ = true;
  }
}

}  // namespace acefs::fuse
