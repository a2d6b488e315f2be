// SPDX-License-Identifier: MIT
// Handles: made once, re-checked whenever they are used.
#include <algorithm>

#include "fs/ops.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

namespace {

/// The kernel's FMODE_EXEC: this open is an execve(2). FUSE passes it through in the flags.
constexpr int kOpenForExec = 040;

AccessMask letters_for(int flags) {
  if ((flags & kOpenForExec) != 0) return Perm::Execute;
  AccessMask need;
  if ((flags & O_ACCMODE) != O_WRONLY) need |= Perm::ReadData;
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0) need |= Perm::WriteData;
  return need;
}

}  // namespace

// Needs r, w or both; execution: x; O_TRUNC: w. O_APPEND for writing: a suffices, and the handle is append-only.
Result<std::unique_ptr<OpenFile>> Ops::open(const Request& rq, node::NodeId id, int flags) {
  const std::uint64_t epoch = auth_.resolver().epoch();
  AccessMask need = letters_for(flags);
  const bool may_append = (flags & O_APPEND) != 0 && (flags & O_ACCMODE) != O_RDONLY && (flags & O_TRUNC) == 0;
  const AccessMask to_append = (need - Perm::WriteData) | Perm::AppendData;
  auto at = auth_.authorize_if(
      rq, id, [&](const At& node) { return node.may(need) || (may_append && node.may(to_append)); }, EACCES);
  if (!at) return at.status();
  // Created on the backing since the kernel looked: it opens what is not a regular file by itself, not through here.
  if (!at->attr().is_regular()) return Status::from(ESTALE);
  const bool append_only = !at->may(need);
  if (append_only) need = to_append;
  auto path = walk_.open_path(at->chain);
  if (!path) return path.status();
  // O_DIRECT is between the caller and the kernel's page cache for the mount: buffers here are not aligned for it.
  // O_APPEND can be taken off by fcntl(2), of which nothing is heard: each write says whether it appends. A handle that may
  // only append always does.
  const int kept = (flags & (O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC | O_NOATIME | O_NONBLOCK)) | (append_only ? O_APPEND : 0);
  auto fd = backing_.reopen(path->get(), kept | O_NOCTTY);
  if (!fd) return fd.status();
  const AccessMask base = at->decision.base;
  return make_handle(rq, std::move(*at), std::move(*fd), need, base, epoch);
}

Result<std::unique_ptr<OpenFile>> Ops::make_handle(const Request& rq, At at, UniqueFd fd, AccessMask need, AccessMask base,
                                                   std::uint64_t epoch) {
  auto file = std::make_unique<OpenFile>();
  file->node = at.node();
  file->fd = std::make_shared<const UniqueFd>(std::move(fd));
  file->opener = rq.caller;
  file->need = need;
  file->base = base;
  file->append_only = need.has(Perm::AppendData) && !need.has(Perm::WriteData);
  remember(*file, at.chain, at.decision, at.who, epoch);
  const std::lock_guard lock(file->node->mutex);
  std::erase_if(file->node->opened, [](const auto& fd_ref) { return fd_ref.expired(); });
  file->node->opened.push_back(file->fd);
  return file;
}

void Ops::release(std::unique_ptr<OpenFile> file) {
  const node::NodePtr node = file->node;
  locker_.drop_all(*file);
  file.reset();
  const std::lock_guard lock(node->mutex);
  std::erase_if(node->opened, [](const auto& fd_ref) { return fd_ref.expired(); });
}

void Ops::remember(OpenFile& file, const node::Chain& chain, const acl::Decision& decision, IdentityPtr who, std::uint64_t epoch) {
  std::vector<OpenFile::Seen> seen;
  seen.reserve(chain.steps.size());
  for (std::size_t i = 0; i < chain.steps.size(); ++i) {
    const node::Step& step = chain.steps[i];
    OpenFile::Seen s{step.node, step.acl, step.attr.st.st_mode, step.attr.st.st_uid, step.attr.st.st_gid};
    // Modes stay those of the open: a change of mode never revokes a handle, a change of ACE does.
    if (i < file.seen.size() && file.seen[i].node == step.node) {
      s.mode = file.seen[i].mode;
      s.uid = file.seen[i].uid;
      s.gid = file.seen[i].gid;
    }
    seen.push_back(std::move(s));
  }
  file.seen = std::move(seen);
  file.who = std::move(who);
  file.next_expiry = decision.next_expiry;
  file.epoch = epoch;
}

Status Ops::recheck(OpenFile& file) {
  const acl::TimePoint now = wall_clock();
  if (auth_.resolver().resolve(file.opener, principal::Detail::Numbers, now)->refused) return refuse_handle(file);
  // A name that turns out to be gone is repaired by the walk that finds it so, or by the rename that is under way: look again.
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    bool decided = false;
    for (const node::LinkPtr& link : walk_.links_of(file.node)) {
      auto chain = walk_.chain_of(file.node, link, file.fd);
      if (!chain && chain.error().errno_value() == ESTALE) continue;
      if (!chain) return chain.error();
      decided = true;
      if (still_granted(file, *chain, now)) return Status::ok();
    }
    if (decided) return refuse_handle(file);
  }
  return Status::from(ESTALE);
}

Status Ops::refuse_handle(const OpenFile& file) {
  events_.revoked(file.node->id);
  return Status::from(EACCES);
}

bool Ops::still_granted(OpenFile& file, const node::Chain& chain, acl::TimePoint now) {
  const std::uint64_t epoch = auth_.resolver().epoch();
  const std::lock_guard lock(file.mutex);
  const bool same = epoch == file.epoch && (file.next_expiry == 0 || now <= file.next_expiry) &&
                    std::equal(chain.steps.begin(), chain.steps.end(), file.seen.begin(), file.seen.end(),
                               [](const node::Step& step, const OpenFile::Seen& seen) {
                                 return step.node == seen.node && step.acl == seen.acl;
                               });
  if (same) return true;
  std::vector<acl::Segment> segments = chain.segments;
  for (std::size_t i = 0; i < segments.size() && i < file.seen.size(); ++i) {
    if (file.seen[i].node != chain.steps[i].node) continue;
    segments[i].mode = file.seen[i].mode;
    segments[i].uid = file.seen[i].uid;
    segments[i].gid = file.seen[i].gid;
  }
  // The thread that opened the file may be gone: the groups it had are those that count.
  IdentityPtr who = file.who;
  if (epoch != file.epoch) who = who->groups_known ? auth_.resolver().refresh(*who, now) : nullptr;
  const acl::Decision decision = auth_.decide(file.opener, segments, {.need = file.need, .now = now, .base = file.base}, who);
  if (!decision.granted) return false;
  remember(file, chain, decision, std::move(who), epoch);
  return true;
}

}  // namespace acefs::fs
