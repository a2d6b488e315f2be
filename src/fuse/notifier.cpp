// SPDX-License-Identifier: MIT
#include "fuse/notifier.hpp"

#include <linux/fuse.h>
#include <spdlog/spdlog.h>
#include <sys/uio.h>

#include <chrono>
#include <utility>

#include "acefs/base/printable.hpp"
#include "fuse/server.hpp"

namespace acefs::fuse {
namespace {
/// More than that is not worth keeping: every operation verifies names and handles by itself, and who comes by a name that the kernel was not
/// told of must look again each time.
constexpr std::size_t kMaxQueue = 65'536;
constexpr std::uint64_t kNever = UINT64_MAX;
/// How long an operation waits for the kernel to drop a name. Longer than a loaded machine needs; an operation for which the kernel
/// holds that very directory, which is rare, waits in vain.
constexpr std::chrono::seconds kPatience{1};
/// So many wait at most: the others of the at least four threads go on serving, maybe what the kernel waits for.
constexpr unsigned kMostWaiting = 2;

/// Has the kernel look up the name again before it uses it (FUSE_EXPIRE_ONLY, Linux 6.2; before that the name is dropped, and what is
/// mounted there). libfuse has a function for it from 3.16 on.
void expire_name(fuse_session* session, fuse_ino_t parent, const std::string& name) {
  fuse_out_header header{};
  header.error = FUSE_NOTIFY_INVAL_ENTRY;
  fuse_notify_inval_entry_out out{};
  out.parent = parent;
  out.namelen = static_cast<std::uint32_t>(name.size());
  out.flags = FUSE_EXPIRE_ONLY;
  header.len = static_cast<std::uint32_t>(sizeof header + sizeof out + name.size() + 1);
  const struct iovec parts[] = {
      {&header, sizeof header}, {&out, sizeof out}, {const_cast<char*>(name.c_str()), name.size() + 1}};
  // ENOENT: the kernel has no such name any more.
  static_cast<void>(::writev(fuse_session_fd(session), parts, 3));
}

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

std::uint64_t Notifier::stale_name(node::NodeId parent, const std::string& name) { return push(names_, {Notice::What::Name, parent, name}); }

bool Notifier::look_up_again(node::NodeId parent, const std::string& name) {
  return push(names_, {Notice::What::Expired, parent, name}) != kNever;
}

std::optional<std::chrono::steady_clock::time_point> Notifier::dropped(std::uint64_t number, bool patient) {
  std::unique_lock lock(mutex_);
  // The kernel may hold the directory for a request that waits for this one.
  if (names_.told < number && number != kNever && patient && waiting_ < kMostWaiting) {
    ++waiting_;
    told_.wait_for(lock, kPatience, [&] { return stopping_ || names_.told >= number; });
    --waiting_;
  }
  return names_.told >= number ? std::optional(names_.told_at) : std::nullopt;
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
      return kNever;
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
    queue.told_at = std::chrono::steady_clock::now();
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
    case Notice::What::Expired:
      expire_name(session_, ino, notice.name);
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
