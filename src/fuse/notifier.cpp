// SPDX-License-Identifier: MIT
#include "fuse/notifier.hpp"

#include <spdlog/spdlog.h>

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

void Notifier::stale_name(node::NodeId parent, const std::string& name) { push({parent, name}); }
void Notifier::revoked(node::NodeId id) { push({id, {}}); }

void Notifier::push(Notice notice) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kMaxQueue) return;
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
    lock.unlock();
    {
      const std::lock_guard session_lock(session_mutex_);
      const auto ino = static_cast<fuse_ino_t>(notice.id);
      if (session_ != nullptr && notice.name.empty()) {
        fuse_lowlevel_notify_inval_inode(session_, ino, 0, 0);
      } else if (session_ != nullptr) {
        fuse_lowlevel_notify_inval_entry(session_, ino, notice.name.c_str(), notice.name.size());
      }
    }
    lock.lock();
  }
}

}  // namespace acefs::fuse
