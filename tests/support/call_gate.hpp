// SPDX-License-Identifier: MIT
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "acefs/base/unique_fd.hpp"

struct seccomp_notif;

namespace acefs::test {

/// A system call of the daemon on something in its backing tree, before it is made.
struct Call {
  std::string_view name;  ///< "renameat"
  std::string on;         ///< the path that it is about, as far as descriptor and first name tell
};

/// What becomes of it.
struct Verdict {
  enum class Kind { Pass, Fail, Hang, Kill };
  Kind kind = Kind::Pass;
  int error = 0;

  static Verdict pass() { return {}; }
  static Verdict fail(int error) { return {Kind::Fail, error}; }
  static Verdict hang() { return {Kind::Hang, 0}; }  ///< until CallGate::let_go()
  static Verdict kill() { return {Kind::Kill, 0}; }  ///< the whole daemon; the call is not made
};

/// Stands between a daemon and the system calls that it makes on its backing tree: as a disk that is full, broken or slow would answer,
/// or a power cut between two of them. By seccomp's notifications: the daemon is the real one, and knows nothing of it.
///
/// Must be there before the Mount and go after it.
class CallGate {
 public:
  using Judge = std::function<Verdict(const Call&)>;

  /// `below`: where the backing tree is.
  explicit CallGate(std::string below);
  CallGate(const CallGate&) = delete;
  CallGate& operator=(const CallGate&) = delete;
  ~CallGate();

  /// For MountOptions::before_exec. Allocates nothing.
  void stand_before_this_process() const;

  /// From now on each call is for `judge` to decide, one at a time, in another thread. Without one all of them pass.
  void judge_by(Judge judge);
  /// Lets all pass that hang, and those that come.
  void let_go();
  /// Waits until so many calls hang; false: they did not come in time.
  bool wait_until_hanging(std::size_t count);

 private:
  void watch();
  void answer(const seccomp_notif& asked);
  void pass(std::uint64_t id);

  std::string below_;
  std::vector<sock_filter> filter_;
  UniqueFd for_daemon_;
  UniqueFd for_watch_;
  UniqueFd over_;
  UniqueFd listener_;
  std::mutex mutex_;
  Judge judge_;
  std::vector<std::uint64_t> hanging_;
  std::condition_variable one_hangs_;
  std::thread thread_;
};

}  // namespace acefs::test
