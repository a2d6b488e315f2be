// SPDX-License-Identifier: MIT
// New nodes. They belong to the caller from their first moment, because the thread acts as the caller (backing/acting.hpp).
#include <optional>

#include "backing/acting.hpp"
#include "fs/ops.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

namespace {

/// While it lives the thread acts as whoever new nodes belong to, where that is not the caller: the user of a token.
std::optional<backing::ActAs> maker_of(const acl::Identity& who) {
  if (!who.user || !who.makes_for_user) return std::nullopt;
  const bool has_group = who.user->gid != static_cast<gid_t>(-1);
  return std::optional<backing::ActAs>(std::in_place, who.user->uid, has_group ? who.user->gid : who.gid);
}

/// The mode of a new node. What a token makes for its user runs no program as him.
mode_t new_mode(const std::optional<backing::ActAs>& maker, mode_t mode) {
  if (!maker) return mode;
  return mode & ~(S_ISDIR(mode) ? mode_t{S_ISUID} : mode_t{S_ISUID | S_ISGID});
}

}  // namespace

// Nothing new can be made in a directory that was removed behind the mount; the kernel should look where its name leads now.
Result<node::SharedFd> Ops::directory_for_new(const At& parent) {
  if (parent.chain.nameless) return Status::from(ESTALE);
  return walk_.directory(parent.chain);
}

Result<Entry> Ops::new_entry(const At& parent, const char* name) {
  auto dir = walk_.directory(parent.chain);
  if (!dir) return dir.status();
  auto attr = backing_.stat_at((*dir)->get(), name);
  if (!attr) {
    reach_changed(parent.node());  // the kernel may believe that the name is not there
    return attr.status();
  }
  auto link = node::Link::make(parent.node(), name);
  return entry_of(table_.obtain(node::InodeKey::of(*attr), std::move(link)), *attr);
}

// Needs a on the directory (nfs4_acl(5): append-data means create-subdirectory).
Result<Entry> Ops::mkdir(const Request& rq, node::NodeId parent, const char* name, mode_t mode) {
  auto at = auth_.directory(rq, parent, Perm::Execute | Perm::AppendData);
  if (!at) return at.status();
  if (is_hidden(*at, name)) return Status::from(EACCES);
  auto dir = directory_for_new(*at);
  if (!dir) return dir.status();
  const auto maker = maker_of(*at->who);
  if (Status s = backing_.mkdir_at((*dir)->get(), name, new_mode(maker, S_IFDIR | mode) & 07777); !s) return in_directory(*at, s);
  return new_entry(*at, name);
}

// Needs w on the directory. Device nodes only for those whom the kernel lets (CAP_MKNOD, asked before this).
Result<Entry> Ops::mknod(const Request& rq, node::NodeId parent, const char* name, mode_t mode, dev_t device) {
  auto at = auth_.directory(rq, parent, Perm::Execute | Perm::WriteData);
  if (!at) return at.status();
  if (is_hidden(*at, name)) return Status::from(EACCES);
  auto dir = directory_for_new(*at);
  if (!dir) return dir.status();
  const auto maker = maker_of(*at->who);
  if (Status s = backing_.mknod_at((*dir)->get(), name, new_mode(maker, mode), device); !s) return in_directory(*at, s);
  return new_entry(*at, name);
}

// Needs w on the directory.
Result<Entry> Ops::symlink(const Request& rq, const char* target, node::NodeId parent, const char* name) {
  auto at = auth_.directory(rq, parent, Perm::Execute | Perm::WriteData);
  if (!at) return at.status();
  if (is_hidden(*at, name)) return Status::from(EACCES);
  auto dir = directory_for_new(*at);
  if (!dir) return dir.status();
  const auto maker = maker_of(*at->who);
  if (Status s = backing_.symlink_at(target, (*dir)->get(), name); !s) return in_directory(*at, s);
  return new_entry(*at, name);
}

// Needs w on the directory. Who creates a file gets the handle he asked for, whatever its mode.
Result<Created> Ops::create(const Request& asked, node::NodeId parent, const char* name, mode_t mode, int flags) {
  const Request rq = asked.in_directory();
  const std::uint64_t epoch = auth_.resolver().epoch();
  const AccessMask to_create = Perm::Execute | Perm::WriteData;
  auto at = auth_.directory(rq.untold(), parent, to_create);
  const auto refused = [&] {
    const auto told = auth_.directory(rq, parent, to_create, Tell::OnRefusal);
    return told ? at.status() : told.status();
  };
  if (!at && at.error().errno_value() == EACCES && (flags & O_EXCL) == 0) {
    // The file may have come into being behind the kernel's back: then this is an open, which needs nothing of the directory
    // but the way through it.
    auto entry = lookup(rq.untold(), parent, name);
    if (!entry && entry.error().errno_value() != ENOENT) return entry.status();
    if (!entry || entry->id == node::NodeId{}) return refused();
    auto file = open(rq, entry->id, flags & ~(O_CREAT | O_EXCL));
    if (!file) {
      forget(entry->id, 1);
      return file.status();
    }
    return Created{*entry, std::move(*file)};
  }
  if (!at) return refused();
  if (is_hidden(*at, name)) return Status::from(EACCES);
  auth_.tell(rq, *at, to_create, true);
  auto dir = directory_for_new(*at);
  if (!dir) return dir.status();
  auto share = handles_.take(rq.caller.uid);
  if (!share) return Status::from(ENFILE);
  auto maker = maker_of(*at->who);
  const int open_flags = O_CREAT | O_EXCL | (flags & (O_ACCMODE | O_SYNC | O_DSYNC | O_NOATIME));
  auto fd = backing_.open_at((*dir)->get(), name, open_flags, new_mode(maker, mode) & 07777);
  maker.reset();
  if (!fd) {
    if (fd.error().errno_value() != EEXIST || (flags & O_EXCL) != 0) return in_directory(*at, fd.status());
    auto entry = lookup(rq.untold(), parent, name);
    if (!entry) return entry.status();
    if (entry->id == node::NodeId{}) return Status::from(ENOENT);
    share.reset();
    auto file = open(rq, entry->id, flags & ~O_CREAT);
    if (!file) {
      forget(entry->id, 1);
      return file.status();
    }
    return Created{*entry, std::move(*file)};
  }
  const auto opened = std::make_shared<const UniqueFd>(std::move(*fd));
  auto made = auth_.new_child(rq, *at, name, opened);
  if (!made) {
    reach_changed(at->node());  // the kernel may believe that the name is not there
    return made.status();
  }
  AccessMask need;
  if ((flags & O_ACCMODE) != O_WRONLY) need |= Perm::ReadData;
  if ((flags & O_ACCMODE) != O_RDONLY) need |= Perm::WriteData;
  const node::NodePtr node = made->node();
  const AccessMask base = made->decision.base | need;
  made->decision.user_base |= need;
  const backing::Attr attr = *made->chain.attr;
  auto file = make_handle(rq, std::move(*share), std::move(*made), opened, need, base, epoch);
  if (!file) return file.status();
  return Created{entry_of(node, attr), std::move(*file)};
}

// Needs w on the directory: a file without a name, which link may give it one.
Result<Created> Ops::tmpfile(const Request& rq, node::NodeId parent, mode_t mode, int flags) {
  const std::uint64_t epoch = auth_.resolver().epoch();
  auto at = auth_.directory(rq, parent, Perm::Execute | Perm::WriteData);
  if (!at) return at.status();
  auto dir = directory_for_new(*at);
  if (!dir) return dir.status();
  auto share = handles_.take(rq.caller.uid);
  if (!share) return Status::from(ENFILE);
  const auto maker = maker_of(*at->who);
  auto fd = backing_.open_at((*dir)->get(), ".", O_TMPFILE | (flags & (O_ACCMODE | O_EXCL)), new_mode(maker, mode) & 07777);
  if (!fd) return fd.status();
  const auto attr = backing_.stat_at(fd->get(), "");
  if (!attr) return attr.status();
  auto pinned = backing_.reopen(fd->get(), O_PATH);
  if (!pinned) return pinned.status();
  const node::NodePtr node = table_.obtain(node::InodeKey::of(*attr), nullptr);
  node::pin(*node, std::make_shared<const UniqueFd>(std::move(*pinned)));
  node::set_last_link(*node, node::Link::make(at->node(), ""));
  auto chain = walk_.chain_of(node, nullptr);
  if (!chain) return chain.status();
  AccessMask need = Perm::WriteData;
  if ((flags & O_ACCMODE) == O_RDWR) need |= Perm::ReadData;
  At made{std::move(*chain), at->who, {}};
  made.decision = auth_.decide(rq.caller, made.chain, {.need = {}, .now = wall_clock(), .base = {}}, made.who);
  const AccessMask base = made.decision.base | need;
  made.decision.user_base |= need;
  auto file = make_handle(rq, std::move(*share), std::move(made), std::make_shared<const UniqueFd>(std::move(*fd)), need, base, epoch);
  if (!file) return file.status();
  return Created{entry_of(node, *attr), std::move(*file)};
}

}  // namespace acefs::fs
