// SPDX-License-Identifier: MIT
#include "fuse/notifier.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "acefs/base/printable.hpp"
#include "fuse/server.hpp"

namespace acefs::fuse {
namespace {
/// More than that is not worth keeping: every operation verifies names and handles by itself, the kernel's copies only make the
/// first one after a change slower or its cached pages live a little longer.
constexpr std::size_t kMaxQueue = 65'536;
/// How long an operation waits for the kernel to drop a name. Longer than a loaded machine needs; an operation for which the kernel
/// holds that very directory, which is rare, waits in vain.
constexpr std::chrono::seconds kPatience{1};
/// So many wait at most: the others of the at least four threads go on serving, maybe what the kernel waits for.
constexpr unsigned kMostWaiting = 2;
}  // namespace

Notifier::Notifier() {
  for (Queue* queue : {&names_, &kept_}) queue->thread = std::thread([this, queue] { run(*queue); });
}

Notifier::~Notifier() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  told_.notify_all();
  for (Queue* queue : {&names_, &kept_}) queue->thread.join();
}

void Notifier::attach(fuse_session* session) {
  const std::lock_guard lock(session_mutex_);
  session_ = session;
}

void Notifier::malformed_grant(const std::string& name, const acl::Grant& grant) {
  SPDLOG_WARN("malformed grant {} on \"{}\": {}; denying everything to its principal", printable(acl::format_key(grant.key)),
              name.empty() ? "the root or a nameless node" : printable(name), printable(grant.error));
}

void Notifier::stale_name(node::NodeId parent, const std::string& name) {
  const std::uint64_t number = push(names_, {Notice::What::Name, parent, name});
  // The kernel may hold the directory for a request that waits for this one.
  std::unique_lock lock(mutex_);
  if (waiting_ >= kMostWaiting) return;
  ++waiting_;
  told_.wait_for(lock, kPatience, [&] { return stopping_ || names_.told >= number; });
  --waiting_;
}
void Notifier::revoked(node::NodeId id) { push(names_, {Notice::What::Data, id}); }
void Notifier::changed_behind(node::NodeId id, bool reach) {
  push(kept_, {reach ? Notice::What::Reach : Notice::What::Attributes, id});
}
void Notifier::names_changed_behind() { push(kept_, {Notice::What::Names}); }
void Notifier::all_changed_behind() { push(kept_, {Notice::What::Everything}); }

void Notifier::reach_changed(const node::NodePtr& node) {
  if (cache_ != nullptr) cache_->drop(node);
}

std::uint64_t Notifier::push(Queue& queue, Notice notice) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (queue.notices.size() >= kMaxQueue) {
      queue.lost = true;
      return queue.pushed;
    }
    queue.notices.push_back(std::move(notice));
    number = ++queue.pushed;
  }
  changed_.notify_all();
  return number;
}

void Notifier::run(Queue& queue) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !queue.notices.empty(); });
    if (stopping_) return;
    const Notice notice = std::move(queue.notices.front());
    queue.notices.pop_front();
    const bool lost = std::exchange(queue.lost, false);
    lock.unlock();
    {
      const std::shared_lock session_lock(session_mutex_);
      tell(notice);
      if (lost) tell({Notice::What::Everything});
    }
    lock.lock();
    ++queue.told;
    told_.notify_all();
  }
}

void Notifier::tell(const Notice& notice) {
  if (session_ == nullptr) return;
  const auto ino = static_cast<fuse_ino_t>(notice.id);
  switch (notice.what) {
    case Notice::What::Name:
      fuse_lowlevel_notify_inval_entry(session_, ino, notice.name.c_str(), notice.name.size());
      break;
    case Notice::What::Data:
      fuse_lowlevel_notify_inval_inode(session_, ino, 0, 0);
      break;
    case Notice::What::Attributes:
      if (cache_ != nullptr) cache_->drop_attributes(notice.id);
      break;
    case Notice::What::Reach:
      if (cache_ != nullptr) cache_->drop(notice.id);
      break;
    case Notice::What::Names:
      if (cache_ != nullptr) cache_->drop_names();
      break;
    case Notice::What::Everything:
      if (cache_ != nullptr) cache_->drop_all();
      break;
  }
}

}  // namespace acefs::fuse
