// SPDX-License-Identifier: MIT
#include "audit/outlet.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "audit/json_line.hpp"

namespace acefs::audit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{2};
/// So often at most the daemon's own log hears of losses.
constexpr std::chrono::seconds kBetweenWarnings{60};

acl::TimePoint wall_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

struct Outlet::State {
  std::string name;
  std::size_t capacity = 0;
  bool tells_losses = false;
  Write write;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<const std::string>> queue;
  bool closing = false;
  bool ended = false;

  std::atomic<std::uint64_t> written{0};
  std::atomic<std::uint64_t> lost{0};

  // Of the thread alone.
  std::uint64_t told = 0;    ///< losses that a line told of
  std::uint64_t warned = 0;  ///< losses that the daemon's log heard of
  Clock::time_point warned_at = Clock::time_point::min();

  bool try_write(const std::string& line) {
    try {
      return write(line);
    } catch (const std::exception& e) {
      spdlog::debug("{}: {}", name, e.what());
      return false;
    }
  }

  void let_out(const std::string& line) {
    // Told before the line that follows the gap.
    const std::uint64_t gone = lost;
    if (tells_losses && gone != told && try_write(lost_line(wall_clock(), gone - told))) told = gone;
    ++(try_write(line) ? written : lost);
    warn();
  }

  void warn() {
    const std::uint64_t gone = lost;
    const auto now = Clock::now();
    if (gone == warned || (warned != 0 && now - warned_at < kBetweenWarnings)) return;
    spdlog::warn("{}: {} records were lost", name, gone - warned);
    warned = gone;
    warned_at = now;
  }

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return closing || !queue.empty(); });
      if (queue.empty()) break;
      const auto line = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      let_out(*line);
      lock.lock();
    }
    ended = true;
    changed.notify_all();
  }
};

Outlet::Outlet(std::string name, std::size_t capacity, bool tells_losses, Write write) : state_(std::make_shared<State>()) {
  state_->name = std::move(name);
  state_->capacity = capacity;
  state_->tells_losses = tells_losses;
  state_->write = std::move(write);
  std::thread([state = state_] { state->run(); }).detach();
}

Outlet::~Outlet() {
  std::unique_lock lock(state_->mutex);
  state_->closing = true;
  state_->changed.notify_all();
  if (state_->changed.wait_for(lock, kPatience, [this] { return state_->ended; })) return;
  const std::size_t left = state_->queue.size();
  state_->queue.clear();  // should it ever come back
  lock.unlock();
  spdlog::warn("{}: does not take what it is given; {} records were not written", state_->name, left);
}

void Outlet::put(std::shared_ptr<const std::string> line) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->queue.size() >= state_->capacity) {
      ++state_->lost;
      return;
    }
    state_->queue.push_back(std::move(line));
  }
  state_->changed.notify_one();
}

void Outlet::lose() noexcept { ++state_->lost; }

std::uint64_t Outlet::written() const { return state_->written; }
std::uint64_t Outlet::lost() const { return state_->lost; }

std::size_t Outlet::queued() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

}  // namespace acefs::audit
