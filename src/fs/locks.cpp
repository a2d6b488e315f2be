// SPDX-License-Identifier: MIT
#include "fs/locks.hpp"

#include <sys/file.h>

#include <algorithm>
#include <vector>

namespace acefs::fs {

Result<node::SharedFd> Locker::descriptor(OpenFile& file, std::uint64_t owner, bool make) {
  const Key key{file.node, owner};
  {
    const std::lock_guard lock(mutex_);
    const auto it = descriptors_.find(key);
    if (it != descriptors_.end()) return it->second;
  }
  if (!make) return node::SharedFd();
  {
    const std::lock_guard lock(file.mutex);
    if (std::find(file.lock_owners.begin(), file.lock_owners.end(), owner) == file.lock_owners.end()) file.lock_owners.push_back(owner);
  }
  // Either kind of lock may follow. A read-only backing or a running program refuses writing; reading then has to do.
  auto fd = backing_.reopen(file.fd->get(), O_RDWR | O_NONBLOCK);
  if (!fd) fd = backing_.reopen(file.fd->get(), O_RDONLY | O_NONBLOCK);
  if (!fd) return fd.status();
  const std::lock_guard lock(mutex_);
  return descriptors_.emplace(key, std::make_shared<const UniqueFd>(std::move(*fd))).first->second;
}

Result<struct flock> Locker::get(OpenFile& file, std::uint64_t owner, struct flock lock) {
  auto fd = descriptor(file, owner, true);
  if (!fd) return fd.status();
  lock.l_pid = 0;
  if (::fcntl((*fd)->get(), F_OFD_GETLK, &lock) < 0) return Status::last();
  return lock;
}

Status Locker::set(OpenFile& file, std::uint64_t owner, struct flock lock, bool wait) {
  auto fd = descriptor(file, owner, lock.l_type != F_UNLCK);
  if (!fd) return fd.status();
  if (!*fd) return Status::ok();  // nothing locked, nothing to unlock
  lock.l_pid = 0;
  if (::fcntl((*fd)->get(), wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) < 0) return Status::last();
  return Status::ok();
}

Status Locker::flock(OpenFile& file, int operation) {
  return ::flock(file.fd->get(), operation) < 0 ? Status::last() : Status::ok();
}

void Locker::drop(OpenFile& file, std::uint64_t owner) {
  const std::lock_guard lock(mutex_);
  const auto it = descriptors_.find({file.node, owner});
  if (it == descriptors_.end()) return;
  struct flock all {};
  all.l_type = F_UNLCK;
  all.l_whence = SEEK_SET;
  ::fcntl(it->second->get(), F_OFD_SETLK, &all);
  // A thread of the owner that waits for a lock now will hold it by this descriptor: then it stays.
  if (it->second.use_count() == 1) descriptors_.erase(it);
}

void Locker::drop_all(OpenFile& file) {
  std::vector<std::uint64_t> owners;
  {
    const std::lock_guard lock(file.mutex);
    owners.swap(file.lock_owners);
  }
  for (const std::uint64_t owner : owners) drop(file, owner);
}

}  // namespace acefs::fs
