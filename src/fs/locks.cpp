// SPDX-License-Identifier: MIT
#include "fs/locks.hpp"

#include <sys/file.h>

#include <algorithm>
#include <vector>

namespace acefs::fs {

Result<node::SharedFd> Locker::descriptor(OpenFile& file, std::uint64_t owner, bool make, pid_t pid) {
  const Key key{file.node, owner};
  {
    const std::lock_guard lock(mutex_);
    const auto it = owners_.find(key);
    if (it != owners_.end()) {
      if (pid != 0) it->second.pid = pid;
      return it->second.fd;
    }
  }
  if (!make) return node::SharedFd();
  // Either kind of lock may follow. A read-only backing or a running program refuses writing; reading then has to do.
  auto fd = backing_.reopen(file.fd->get(), O_RDWR | O_NONBLOCK);
  if (!fd) fd = backing_.reopen(file.fd->get(), O_RDONLY | O_NONBLOCK);
  if (!fd) return fd.status();
  const std::scoped_lock lock(mutex_, file.mutex);
  file.lock_owners.reserve(file.lock_owners.size() + 1);  // so that nothing fails once he is an owner
  const auto [it, is_new] = owners_.emplace(key, Owner{std::make_shared<const UniqueFd>(std::move(*fd)), pid, last_number_ + 1});
  if (is_new) file.lock_owners.emplace_back(owner, ++last_number_);
  return it->second.fd;
}

/// The process that alone has `byte` locked, or 0. Open file description locks do not tell, but whose lock it is finds none in his way.
pid_t Locker::holder(const OpenFile& file, off_t byte) {
  const std::lock_guard lock(mutex_);
  for (auto it = owners_.lower_bound({file.node, 0}); it != owners_.end() && it->first.first == file.node; ++it) {
    struct flock other {};
    other.l_type = F_WRLCK;
    other.l_whence = SEEK_SET;
    other.l_start = byte;
    other.l_len = 1;
    if (::fcntl(it->second.fd->get(), F_OFD_GETLK, &other) == 0 && other.l_type == F_UNLCK) return it->second.pid;
  }
  return 0;
}

Result<struct flock> Locker::get(OpenFile& file, std::uint64_t owner, struct flock lock) {
  auto fd = descriptor(file, owner, true, 0);
  if (!fd) return fd.status();
  lock.l_pid = 0;
  if (::fcntl((*fd)->get(), F_OFD_GETLK, &lock) < 0) return Status::last();
  if (lock.l_type != F_UNLCK && lock.l_pid < 0) lock.l_pid = holder(file, lock.l_start);
  return lock;
}

Status Locker::set(OpenFile& file, std::uint64_t owner, struct flock lock, bool wait) {
  auto fd = descriptor(file, owner, lock.l_type != F_UNLCK, lock.l_pid);
  if (!fd) return fd.status();
  if (!*fd) return Status::ok();  // nothing locked, nothing to unlock
  lock.l_pid = 0;
  if (::fcntl((*fd)->get(), wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) < 0) return Status::last();
  return Status::ok();
}

Status Locker::flock(OpenFile& file, int operation) {
  return ::flock(file.fd->get(), operation) < 0 ? Status::last() : Status::ok();
}

void Locker::unlock(std::map<Key, Owner>::iterator owner) {
  struct flock all {};
  all.l_type = F_UNLCK;
  all.l_whence = SEEK_SET;
  ::fcntl(owner->second.fd->get(), F_OFD_SETLK, &all);
  // A thread of the owner that waits for a lock now will hold it by this descriptor: then it stays, for a lock that no handle that was let
  // go of has to do with.
  if (owner->second.fd.use_count() == 1) owners_.erase(owner);
  else owner->second.number = ++last_number_;
}

void Locker::drop(OpenFile& file, std::uint64_t owner) {
  const std::lock_guard lock(mutex_);
  if (const auto it = owners_.find({file.node, owner}); it != owners_.end()) unlock(it);
}

void Locker::drop_all(OpenFile& file) {
  const std::scoped_lock lock(mutex_, file.mutex);
  for (const auto& [owner, number] : file.lock_owners) {
    const auto it = owners_.find({file.node, owner});
    if (it != owners_.end() && it->second.number == number) unlock(it);
  }
  file.lock_owners.clear();
}

}  // namespace acefs::fs
