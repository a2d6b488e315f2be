// SPDX-License-Identifier: MIT
// stat and what changes it.
#include "backing/acting.hpp"
#include "fs/ops.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

// Needs t. By a handle: what the handle was opened for (a cached read asks for the attributes first).
Result<backing::Attr> Ops::getattr(const Request& rq, node::NodeId id, OpenFile* file) {
  if (file != nullptr) {
    if (Status s = recheck(*file); !s) return s;
    return backing_.stat_at(file->fd->get(), "");
  }
  auto at = auth_.authorize(rq, id, Perm::ReadAttributes);
  if (!at) return at.status();
  return at->attr();
}

bool Ops::in_group(const Request& rq, gid_t group) {
  return rq.caller.gid == group || auth_.with_groups(rq)->in_group(group);
}

// chmod: owner or C. chown: as POSIX. utimens: owner or T (EPERM); to now also w (EACCES). truncate: w.
Status Ops::plan_setattr(const Request& rq, const At& at, const SetAttr& set, bool by_handle) const {
  const bool owner = at.is_owner() || at.is_root();
  const AccessMask have = at.effective();
  if (set.mode && !owner && !have.has(Perm::AddAce)) return Status::from(EPERM);
  if ((set.uid || set.gid) && !at.is_root()) {
    if (!at.is_owner()) return Status::from(EPERM);
    if (set.uid && *set.uid != at.attr().st.st_uid) return Status::from(EPERM);
    if (set.gid && *set.gid != at.attr().st.st_gid && !const_cast<Ops*>(this)->in_group(rq, *set.gid)) return Status::from(EPERM);
  }
  if (set.size && !by_handle && !have.has(Perm::WriteData)) return Status::from(EACCES);
  if (set.atime || set.mtime) {
    const bool now = (!set.atime || set.atime->tv_nsec == UTIME_NOW) && (!set.mtime || set.mtime->tv_nsec == UTIME_NOW);
    const bool with_size = set.size.has_value();  // truncate sets the times of what it truncates
    if (!with_size && !owner && !have.has(Perm::WriteAttributes) && !(now && have.has(Perm::WriteData)))
      return Status::from(now ? EACCES : EPERM);
  }
  return Status::ok();
}

Result<backing::Attr> Ops::setattr(const Request& rq, node::NodeId id, const SetAttr& set, OpenFile* file) {
  auto at = auth_.look(rq, id);
  if (!at) return at.status();
  if (Status s = plan_setattr(rq, *at, set, file != nullptr); !s) return s;
  if (file != nullptr && set.size) {
    if (Status s = recheck(*file); !s) return s;
    if (file->append_only) return Status::from(EACCES);
  }
  auto fd = walk_.open_path(at->chain);
  if (!fd) return fd.status();
  if (set.mode) {
    // The kernel keeps setgid for members of the group only, and knows of the caller's groups nothing but the first.
    const bool keep = (*set.mode & S_ISGID) != 0 && in_group(rq, set.gid.value_or(at->attr().st.st_gid));
    const backing::KeepSetgid setgid(keep);
    if (Status s = backing_.chmod(fd->get(), *set.mode & 07777); !s) return s;
  }
  if (set.uid || set.gid) {
    if (Status s = backing_.chown(fd->get(), set.uid.value_or(static_cast<uid_t>(-1)), set.gid.value_or(static_cast<gid_t>(-1))); !s)
      return s;
  }
  if (set.size) {
    if (Status s = backing_.truncate(fd->get(), *set.size); !s) return s;
  }
  if (set.atime || set.mtime) {
    const struct timespec omit{0, UTIME_OMIT};
    const struct timespec times[2] = {set.atime.value_or(omit), set.mtime.value_or(omit)};
    if (Status s = backing_.utimens(fd->get(), times); !s) return s;
  }
  return backing_.stat_at(fd->get(), "");
}

}  // namespace acefs::fs
