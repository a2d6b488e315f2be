// SPDX-License-Identifier: MIT
#include "daemon/signals.hpp"

#include <pthread.h>
#include <signal.h>

namespace acefs::daemon {
namespace {

constexpr int kEnd = SIGUSR1;  // ends the waiting thread

sigset_t awaited() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, kEnd}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals(std::function<void()> on_stop, std::function<void()> on_reload)
    : on_stop_(std::move(on_stop)), on_reload_(std::move(on_reload)) {
  const sigset_t set = awaited();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this, set] {
    for (int signal = 0; ::sigwait(&set, &signal) == 0 && !ending_;) {
      if (signal == SIGHUP) on_reload_();
      if (signal == SIGTERM || signal == SIGINT) on_stop_();
    }
  });
}

Signals::~Signals() {
  ending_ = true;
  ::pthread_kill(thread_.native_handle(), kEnd);
  thread_.join();
}

}  // namespace acefs::daemon
