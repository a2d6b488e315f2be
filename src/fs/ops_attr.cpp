// SPDX-License-Identifier: MIT
// stat and what changes it.
#include "backing/acting.hpp"
#include "fs/any_name.hpp"
#include "fs/ops.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

// Needs t. By a handle: what the handle was opened for (a cached read asks for the attributes first).
Result<Stat> Ops::getattr(const Request& rq, node::NodeId id, OpenFile* file) {
  if (file != nullptr) {
    if (Status s = recheck(*file); !s) return s;
    const auto attr = backing_.stat_at(file->fd->get(), "");
    if (!attr) return attr.status();
    return Stat{*attr, false};
  }
  auto at = auth_.authorize(rq, id, Perm::ReadAttributes);
  if (!at) return at.status();
  const auto attr = walk_.attributes(at->chain);
  if (!attr) return attr.status();
  return Stat{*attr, auth_.is_for_everyone(at->chain)};
}

bool Ops::in_group(const Request& rq, gid_t group) {
  if (rq.caller.gid != group && !auth_.with_groups(rq)->in_group(group)) return false;
  const auto user = auth_.resolver().resolve(rq.caller, principal::Detail::Numbers, wall_clock())->user;
  return !user || user->in_group(group);  // a token gives no group what its user could not
}

namespace {

/// Whether the change takes setuid and setgid away and does nothing else. That is what the kernel asks for in the name of whoever
/// writes to the file, unless it leaves that to us (Linux 5.12, HANDLE_KILLPRIV_V2).
bool only_strips_setid(mode_t from, mode_t to) {
  const mode_t gone = (from ^ to) & 07777 & ~S_ISVTX;  // a FUSE inode's mode is kept without the sticky bit
  return gone != 0 && (gone & ~(S_ISUID | S_ISGID)) == 0 && (from & gone) == gone;
}

/// Setuid and setgid bits that the caller may not give: by them others act as the owner, or in the group. Nobody but the owner may, and
/// his token is not he. On a directory setgid says only whose group new files get.
mode_t setid_kept_from(const At& at) {
  if (at.is_root() || (at.is_owner() && !at.who->user)) return 0;
  return at.is_owner() && at.is_directory() ? S_ISUID : S_ISUID | S_ISGID;
}

bool sets_times_to_now(const SetAttr& set) {
  return (!set.atime || set.atime->tv_nsec == UTIME_NOW) && (!set.mtime || set.mtime->tv_nsec == UTIME_NOW);
}

}  // namespace

// chmod: owner or C. chown: as POSIX. utimens: owner or T (EPERM); to now also w (EACCES). truncate: w.
Status Ops::plan_setattr(const Request& rq, const At& at, const SetAttr& set, bool by_handle) const {
  const bool owner = at.is_owner() || at.is_root();
  const AccessMask have = at.effective();
  if (set.mode && !owner && !have.has(Perm::AddAce)) {
    const bool writes = have.intersects(Perm::WriteData | Perm::AppendData) ||
                        node::is_open(*at.node());  // whoever writes may have got the handle from somebody else
    if (!writes || !S_ISREG(at.mode()) || !only_strips_setid(at.mode(), *set.mode)) return Status::from(EPERM);
  }
  if (set.mode && (*set.mode & ~at.mode() & setid_kept_from(at)) != 0) return Status::from(EPERM);
  if ((set.uid || set.gid) && !at.is_root()) {
    if (!at.is_owner()) return Status::from(EPERM);
    if (set.uid && *set.uid != at.chain.facts.uid) return Status::from(EPERM);
    if (set.gid && *set.gid != at.chain.facts.gid && !const_cast<Ops*>(this)->in_group(rq, *set.gid)) return Status::from(EPERM);
  }
  if (set.size && !by_handle && !have.has(Perm::WriteData)) return Status::from(EACCES);
  if (set.atime || set.mtime) {
    const bool now = sets_times_to_now(set);
    const bool with_size = set.size.has_value();  // truncate sets the times of what it truncates
    if (!with_size && !owner && !have.has(Perm::WriteAttributes) && !(now && have.has(Perm::WriteData)))
      return Status::from(now ? EACCES : EPERM);
  }
  return Status::ok();
}

namespace {

/// For the audit trail: setattr is many operations.
Request named(const Request& rq, const SetAttr& set) {
  if (rq.operation == nullptr) return rq;
  return {rq.caller, set.uid || set.gid ? "chown" : set.mode ? "chmod" : set.size ? "truncate" : "utimens"};
}

/// For the audit trail: the letters in question, also where it is ownership that counts. o is NFSv4's right to change the owner.
AccessMask letters_for(const At& at, const SetAttr& set, bool by_handle) {
  AccessMask need;
  const bool owner_changes = set.uid || set.gid;
  if (owner_changes) need |= Perm::ChangeAce;
  if (set.mode && !owner_changes) need |= Perm::AddAce;
  if (set.size && !by_handle) need |= Perm::WriteData;
  const bool by_writing = sets_times_to_now(set) && at.effective().has(Perm::WriteData);
  if ((set.atime || set.mtime) && !set.size) need |= by_writing ? Perm::WriteData : Perm::WriteAttributes;
  return need;
}

}  // namespace

Result<backing::Attr> Ops::truncate_open(OpenFile& file, const SetAttr& set) {
  if (Status s = recheck(file); !s) return s;
  if (file.append_only) return Status::from(EACCES);
  if (Status s = backing_.truncate(file.fd->get(), *set.size); !s) return s;
  if (set.atime || set.mtime) {
    const struct timespec omit{0, UTIME_OMIT};
    const struct timespec times[2] = {set.atime.value_or(omit), set.mtime.value_or(omit)};
    if (Status s = backing_.utimens(file.fd->get(), times); !s) return s;
  }
  return backing_.stat_at(file.fd->get(), "");
}

Result<backing::Attr> Ops::setattr(const Request& rq, node::NodeId id, const SetAttr& set, OpenFile* file) {
  // ftruncate(2): the handle has the right already, whatever became of the way to it.
  if (file != nullptr && set.size && !set.mode && !set.uid && !set.gid) return truncate_open(*file, set);
  // With a new mode comes the question which setuid bits were there, and writes clear these.
  const node::Look when = set.mode ? node::Look::Always : node::Look::FilesIfInDoubt;
  SetAttr wanted = set;
  if (set.uid || set.gid) wanted.mode.reset();
  auto at = look_by_any_name(auth_, rq, id, when, [&](const At& by) { return bool(plan_setattr(rq, by, wanted, file != nullptr)); });
  if (!at) return at.status();
  const Status may = auth_.told(named(rq, set), *at, letters_for(*at, set, file != nullptr), plan_setattr(rq, *at, wanted, file != nullptr));
  if (!may) return may;
  // A truncation of a setuid file comes with the mode less setuid: it is the handle that must allow it all the same.
  if (file != nullptr && set.size) {
    if (Status s = recheck(*file); !s) return s;
    if (file->append_only) return Status::from(EACCES);
  }
  auto fd = walk_.open_path(at->chain);
  if (!fd) return fd.status();
  const auto noted = changing(at->node());
  // With a change of owner comes the mode less setuid and setgid, as the kernel believes it to be; the backing clears these by
  // itself, and knows the mode better.
  if (wanted.mode) {
    // The kernel keeps setgid for members of the group only, and knows of the caller's groups nothing but the first.
    const bool keep = (*set.mode & S_ISGID) != 0 && in_group(rq, at->chain.facts.gid);
    const backing::KeepSetgid setgid(keep);
    if (Status s = backing_.chmod(fd->get(), *set.mode & 07777); !s) return s;
    if (at->is_directory()) reach_changed(at->node());
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
