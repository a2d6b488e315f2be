// SPDX-License-Identifier: MIT
#include "fuse/kernel_cache.hpp"

#include <unistd.h>

#include "node/names.hpp"

namespace acefs::fuse {
namespace {

constexpr double kForEver = 1e9;  // seconds

/// Makes the kernel look up every name again before it uses it (FUSE_NOTIFY_INC_EPOCH, Linux 6.16). libfuse 3.17 has no function for
/// it. Takes no lock that a request could hold, as the notification for a single name does.
bool outdate_names(fuse_session* session) {
  struct {
    std::uint32_t length;
    std::int32_t code;
    std::uint64_t unique;
  } const notification{sizeof notification, 8, 0};  // struct fuse_out_header
  return session != nullptr && ::write(fuse_session_fd(session), &notification, sizeof notification) == sizeof notification;
}

}  // namespace

void KernelCache::enable(fuse_session* session) {
  session_ = session;
  names_ = outdate_names(session);
  enabled_ = true;
}

void KernelCache::disable() {
  enabled_ = false;
  const std::unique_lock lock(mutex_);
  session_ = nullptr;
}

KernelCache::Hold::Hold(KernelCache& cache) : cache_(cache) {
  // Whoever waits must not wait for ever because others keep coming.
  if (cache.enabled() && cache.waiting_ == 0) lock_ = std::shared_lock(cache.mutex_);
}

double KernelCache::Hold::attributes(node::NodeId id, bool for_everyone) const {
  if (!lock_ || !for_everyone) return 0;
  cache_.keep(id);
  return kForEver;
}

double KernelCache::Hold::absence() const { return lock_ && cache_.names_ ? kForEver : 0; }

void KernelCache::keep(node::NodeId id) {
  const std::lock_guard lock(kept_mutex_);
  kept_.insert(static_cast<std::uint64_t>(id));
}

void KernelCache::forget(node::NodeId id) {
  if (!enabled()) return;
  const std::lock_guard lock(kept_mutex_);
  kept_.erase(static_cast<std::uint64_t>(id));
}

bool KernelCache::is_below(node::NodeId id, const node::Node& top) const {
  node::NodePtr at = table_.find(id);
  constexpr int kMaxDepth = 8192;
  for (int depth = 0; at && depth < kMaxDepth; ++depth) {
    if (at.get() == &top) return true;
    if (node::has_further_links(*at)) return true;  // by which of its names the kernel came to it is not known
    const node::LinkPtr link = node::link_of(*at);
    at = link ? link->parent : nullptr;
  }
  return false;
}

template <typename Concerned>
std::vector<node::NodeId> KernelCache::take(Concerned&& concerned) {
  ++waiting_;
  std::unique_lock alone(mutex_);
  --waiting_;
  std::vector<node::NodeId> taken;
  const std::lock_guard lock(kept_mutex_);
  for (auto it = kept_.begin(); it != kept_.end();) {
    const node::NodeId id{*it};
    if (!concerned(id)) {
      ++it;
      continue;
    }
    taken.push_back(id);
    it = kept_.erase(it);
  }
  return taken;
}

void KernelCache::tell(const std::vector<node::NodeId>& nodes) {
  fuse_session* const session = session_;
  if (session == nullptr) return;
  // A negative offset: attributes only, which waits for nothing.
  for (const node::NodeId id : nodes) fuse_lowlevel_notify_inval_inode(session, static_cast<fuse_ino_t>(id), -1, 0);
}

void KernelCache::drop(const node::NodePtr& node) {
  if (!enabled()) return;
  if (!node->is_directory()) return drop_attributes(node->id);
  tell(take([&](node::NodeId id) { return is_below(id, *node); }));
  drop_names();
}

void KernelCache::drop(node::NodeId id) {
  if (const node::NodePtr node = table_.find(id)) drop(node);
}

void KernelCache::drop_attributes(node::NodeId id) {
  if (!enabled()) return;
  {
    ++waiting_;
    const std::unique_lock alone(mutex_);
    --waiting_;
    const std::lock_guard lock(kept_mutex_);
    if (kept_.erase(static_cast<std::uint64_t>(id)) == 0) return;
  }
  tell({id});
}

void KernelCache::drop_names() {
  if (enabled() && names_) {
    outdate_names(session_);
  }
}

void KernelCache::drop_all() {
  if (!enabled()) return;
  tell(take([](node::NodeId) { return true; }));
  drop_names();
}

}  // namespace acefs::fuse
