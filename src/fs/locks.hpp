// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

#include "acefs/base/result.hpp"
#include "backing/backing.hpp"
#include "fs/handle.hpp"

namespace acefs::fs {

/// Takes locks on the backing files on behalf of the mount's users. Thread-safe.
///
/// A POSIX lock belongs to an owner (the kernel's number for a process's open files), not to a handle: each owner gets an open
/// file description of its own per node, and its locks are open file description locks, which conflict with
/// everybody else's of either kind (fcntl(2)). What is lost on that way is deadlock detection.
class Locker {
 public:
  explicit Locker(backing::Backing& backing) : backing_(backing) {}

  /// F_GETLK: the first lock in the way, or `l_type` F_UNLCK. `l_pid` is 0 for an open file description lock of a process on the
  /// backing, and where several processes share the lock.
  Result<struct flock> get(OpenFile& file, std::uint64_t owner, struct flock lock);
  /// F_SETLK, or F_SETLKW when `wait`: then EINTR when a signal interrupts the thread. `l_pid` is who asks.
  Status set(OpenFile& file, std::uint64_t owner, struct flock lock, bool wait);
  /// flock(2) with the same flags. A lock belongs to the handle.
  Status flock(OpenFile& file, int operation);
  /// The owner closed a descriptor of the file: all its locks on it go (POSIX).
  void drop(OpenFile& file, std::uint64_t owner);
  /// The handle is released: what was locked through it and not given back goes (open file description locks of the users).
  void drop_all(OpenFile& file);

 private:
  using Key = std::pair<node::NodePtr, std::uint64_t>;
  struct Owner {
    node::SharedFd fd;
    pid_t pid = 0;  // who locked last
    std::uint64_t number = 0;  // each has another one
  };
  Result<node::SharedFd> descriptor(OpenFile& file, std::uint64_t owner, bool make, pid_t pid);
  pid_t holder(const OpenFile& file, off_t byte);
  /// With the mutex held.
  void unlock(std::map<Key, Owner>::iterator owner);

  backing::Backing& backing_;
  std::mutex mutex_;
  std::map<Key, Owner> owners_;
  std::uint64_t last_number_ = 0;
};

}  // namespace acefs::fs
