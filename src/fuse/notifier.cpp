// SPDX-License-Identifier: MIT
#include "fuse/notifier.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "fuse/server.hpp"

namespace acefs::fuse {
namespace {
/// More than that is not worth keeping: every operation verifies names and handles by itself, the kernel's copies only make the
/// first one after a change slower or its cached pages live a little longer.
constexpr std::size_t kMaxQueue = 65'536;
}  // namespace

Notifier::Notifier() : thread_([this] { run(); }) {}

Notifier::~Notifier() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Notifier::attach(fuse_session* session) {
  const std::lock_guard lock(session_mutex_);
  session_ = session;
}

void Notifier::malformed_grant(const std::string& name, const acl::Grant& grant) {
  SPDLOG_WARN("malformed grant {} on \"{}\": {}; denying everything to its principal", acl::format_key(grant.key),
              name.empty() ? "the root or a nameless node" : name, grant.error);
}

void Notifier::stale_name(node::NodeId parent, const std::string& name) { push({Notice::What::Name, parent, name}); }
void Notifier::revoked(node::NodeId id) { push({Notice::What::Data, id}); }
void Notifier::changed_behind(node::NodeId id, bool reach) {
  push({reach ? Notice::What::Reach : Notice::What::Attributes, id});
}
void Notifier::names_changed_behind() { push({Notice::What::Names}); }
void Notifier::all_changed_behind() { push({Notice::What::Everything}); }

void Notifier::reach_changed(const node::NodePtr& node) {
  if (cache_ != nullptr) cache_->drop(node);
}

void Notifier::push(Notice notice) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kMaxQueue) {
      lost_ = true;
      return;
    }
    queue_.push_back(std::move(notice));
  }
  changed_.notify_one();
}

void Notifier::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const Notice notice = std::move(queue_.front());
    queue_.pop_front();
    const bool lost = std::exchange(lost_, false);
    lock.unlock();
    {
      const std::lock_guard session_lock(session_mutex_);
      tell(notice);
      if (lost) tell({Notice::What::Everything});
    }
    lock.lock();
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
