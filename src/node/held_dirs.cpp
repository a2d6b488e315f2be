// SPDX-License-Identifier: MIT
#include "node/held_dirs.hpp"

#include "node/dir_chain.hpp"

#include <algorithm>

namespace acefs::node {

HeldDirs::HeldDirs(backing::Backing& backing, int mount_fd, dev_t mount_dev, std::size_t capacity)
    : backing_(backing), mount_fd_(mount_fd), mount_dev_(mount_dev), capacity_(std::max<std::size_t>(capacity, 4)) {}

SharedFd HeldDirs::peek(Node& node) {
  const std::lock_guard lock(node.mutex);
  if (node.held) node.used.store(true, std::memory_order_relaxed);
  return node.held;
}

SharedFd HeldDirs::reopen(const NodePtr& node) {
  backing::FileHandle handle;
  {
    const std::lock_guard lock(node->mutex);
    handle = node->handle;
  }
  if (handle.empty()) return nullptr;
  auto fd = backing_.open_handle(mount_fd_, handle, O_RDONLY | O_DIRECTORY);
  if (!fd) return nullptr;
  const auto attr = backing_.stat_at(fd->get(), "");
  if (!attr || InodeKey::of(*attr) != node->key || attr->st.st_nlink == 0) return nullptr;
  return hold(node, std::move(*fd));
}

SharedFd HeldDirs::hold(const NodePtr& node, UniqueFd fd) {
  auto shared = std::make_shared<const UniqueFd>(std::move(fd));
  {
    const std::lock_guard lock(node->mutex);
    if (node->held) return node->held;  // another thread was faster
    node->held = shared;
    node->used.store(true, std::memory_order_relaxed);
  }
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    ring_.push_back(node);
    full = ring_.size() > capacity_;
  }
  if (full) evict_one();
  return shared;
}

void HeldDirs::evict_one() {
  NodePtr victim;
  {
    const std::lock_guard lock(mutex_);
    // The clock algorithm: two rounds at most, since the first clears every mark.
    for (std::size_t tries = 0; tries < 2 * ring_.size() + 1 && !ring_.empty(); ++tries) {
      hand_ %= ring_.size();
      NodePtr candidate = ring_[hand_].lock();
      if (candidate && candidate->used.exchange(false, std::memory_order_relaxed)) {
        ++hand_;
        continue;
      }
      ring_[hand_] = std::move(ring_.back());
      ring_.pop_back();
      if (candidate) {
        victim = std::move(candidate);
        break;
      }
      if (ring_.size() <= capacity_) break;
    }
  }
  if (!victim) return;
  SharedFd held;
  DirChainPtr chain;  // of a directory that is not in use, it need not be remembered either
  bool wants_handle = false;
  {
    const std::lock_guard lock(victim->mutex);
    chain = std::move(victim->chain);
    held = std::move(victim->held);
    victim->chain.reset();
    victim->held.reset();
    wants_handle = victim->handle.empty() && victim->key.dev == mount_dev_;
  }
  if (!held || !wants_handle) return;
  auto handle = backing_.handle_of(held->get());
  if (!handle) return;
  const std::lock_guard lock(victim->mutex);
  victim->handle = std::move(*handle);
}

std::size_t HeldDirs::size() const {
  const std::lock_guard lock(mutex_);
  return ring_.size();
}

}  // namespace acefs::node
