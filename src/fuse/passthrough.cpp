// SPDX-License-Identifier: MIT
#include "fuse/passthrough.hpp"

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
#include <linux/fuse.h>
#include <sys/ioctl.h>
#ifndef FUSE_DEV_IOC_BACKING_CLOSE  // kernel headers before 6.9
#define FUSE_DEV_IOC_BACKING_CLOSE _IOW(FUSE_DEV_IOC_MAGIC, 2, std::uint32_t)
#endif
#endif

#include "backing/acting.hpp"

namespace acefs::fuse {
namespace {

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
int lend(fuse_req_t req, int fd) {
  // The kernel writes with the credentials that this thread has now, whoever the writer is: without the right to leave setuid and
  // setgid alone, which root would have.
  const backing::LoseSetid setid;
  return fuse_passthrough_open(req, fd);
}
/// By the device itself: the library's function wants a request, and there is none when a reply was not delivered.
void take_back(int device, int backing_id) { ::ioctl(device, FUSE_DEV_IOC_BACKING_CLOSE, &backing_id); }
#else
int lend(fuse_req_t, int) { return 0; }
void take_back(int, int) {}
#endif

}  // namespace

int Passthrough::open(fuse_req_t req, node::NodeId id, int fd) {
  if (!enabled_) return 0;
  const std::lock_guard lock(mutex_);
  Lent& lent = lent_[static_cast<std::uint64_t>(id)];
  if (lent.handles++ == 0) lent.backing_id = lend(req, fd);
  return lent.backing_id;
}

void Passthrough::close(int device, node::NodeId id) {
  if (!enabled_) return;
  const std::lock_guard lock(mutex_);
  const auto it = lent_.find(static_cast<std::uint64_t>(id));
  if (it == lent_.end() || --it->second.handles > 0) return;
  if (it->second.backing_id != 0) take_back(device, it->second.backing_id);
  lent_.erase(it);
}

}  // namespace acefs::fuse
