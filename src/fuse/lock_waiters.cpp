// SPDX-License-Identifier: MIT
#include "fuse/lock_waiters.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>

namespace acefs::fuse {
namespace {

constexpr std::size_t kMaxWaiters = 512;
constexpr int kWakeSignal = SIGUSR2;

extern "C" void acefs_wake_handler(int) {}

}  // namespace

LockWaiters::LockWaiters() : shares_(kMaxWaiters) {
  struct sigaction action {};
  action.sa_handler = acefs_wake_handler;  // without SA_RESTART: its only purpose is EINTR
  ::sigaction(kWakeSignal, &action, nullptr);
  prodder_ = std::thread([this] { prod_interrupted(); });
}

LockWaiters::~LockWaiters() { stop(); }

void LockWaiters::stop() {
  if (!prodder_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& waiter : waiters_) waiter->interrupted = true;
  }
  changed_.notify_all();
  prodder_.join();
}

void LockWaiters::wait(fuse_req_t req, std::function<Status()> take) noexcept {
  try {
    start(req, std::move(take));
  } catch (const std::exception&) {  // libfuse is C
    fuse_reply_err(req, ENOLCK);
  }
}

std::size_t LockWaiters::size() const {
  const std::lock_guard lock(mutex_);
  return waiters_.size();
}

void LockWaiters::start(fuse_req_t req, std::function<Status()> take) {
  auto waiter = std::make_shared<Waiter>();
  waiter->owner = this;
  auto share = shares_.take(fuse_req_ctx(req)->uid);
  if (share) waiter->share = std::move(*share);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || !share) {
      fuse_reply_err(req, ENOLCK);
      return;
    }
    waiters_.push_back(waiter);
  }
  try {
    std::thread([this, req, waiter, take = std::move(take)] { run(req, waiter, take); }).detach();
  } catch (const std::exception&) {
    const std::lock_guard lock(mutex_);
    waiters_.remove(waiter);
    throw;
  }
}

void LockWaiters::run(fuse_req_t req, const std::shared_ptr<Waiter>& waiter, const std::function<Status()>& take) {
  {
    const std::lock_guard lock(mutex_);
    waiter->thread = ::pthread_self();
    waiter->started = true;
  }
  fuse_req_interrupt_func(req, on_interrupt, waiter.get());
  auto interrupted = [&] {
    const std::lock_guard lock(mutex_);
    return waiter->interrupted;
  };
  Status status = Status::from(ENOMEM);
  try {
    status = take();
    while (status.errno_value() == EINTR && !interrupted()) status = take();  // another signal
  } catch (const std::exception&) {  // out of memory: nobody above this thread could catch it
  }
  fuse_req_interrupt_func(req, nullptr, nullptr);
  waiter->share = {};  // who hears that he waits no more may wait again
  fuse_reply_err(req, status.errno_value());
  const std::lock_guard lock(mutex_);
  waiter->done = true;
  waiters_.remove(waiter);
  changed_.notify_all();
}

void LockWaiters::on_interrupt(fuse_req_t, void* data) {
  auto* waiter = static_cast<Waiter*>(data);
  {
    const std::lock_guard lock(waiter->owner->mutex_);
    waiter->interrupted = true;
  }
  waiter->owner->changed_.notify_all();
}

void LockWaiters::prod_interrupted() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool pending = std::any_of(waiters_.begin(), waiters_.end(), [](const auto& w) { return w->interrupted; });
    if (stopping_ && waiters_.empty()) return;
    if (!pending) {
      changed_.wait(lock);
      continue;
    }
    // A signal that comes before the thread is in its system call is lost: again until it is heard.
    for (const auto& waiter : waiters_) {
      if (waiter->interrupted && waiter->started && !waiter->done) ::pthread_kill(waiter->thread, kWakeSignal);
    }
    changed_.wait_for(lock, std::chrono::milliseconds(5));
  }
}

}  // namespace acefs::fuse
