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

/// Whose nodes the caller owns.
uid_t owner_of(const acl::Identity& who) { return who.user ? who.user->uid : who.uid; }

}  // namespace

// Needs r, w or both; execution: x; O_TRUNC: w. O_APPEND for writing: a suffices, and the handle is append-only; unless it could be mapped,
// because a mapping writes anywhere, and others who have mapped the file see that at once.
Result<std::unique_ptr<OpenFile>> Ops::open(const Request& rq, node::NodeId id, int flags) {
  const std::uint64_t epoch = auth_.resolver().epoch();
  AccessMask need = letters_for(flags);
  const int mode = flags & O_ACCMODE;
  const bool may_append = (flags & O_APPEND) != 0 && (flags & O_TRUNC) == 0 && (mode == O_WRONLY || (mode == O_RDWR && !maps_all_));
  const AccessMask to_append = (need - Perm::WriteData) | Perm::AppendData;
  auto at = auth_.authorize_if(
      rq, id, [&](const At& node) { return node.may(need) || (may_append && node.may(to_append)); }, node::Look::IfInDoubt, need);
  if (!at) return at.status();
  // Created on the backing since the kernel looked: it opens what is not a regular file by itself, not through here.
  if (!at->chain.is_regular()) return Status::from(ESTALE);
  const bool append_only = !at->may(need);
  if (append_only) need = to_append;
  auth_.tell(rq, *at, need, true);
  auto share = handles_.take(rq.caller.uid);
  if (!share) return Status::from(ENFILE);
  // O_DIRECT is between the caller and the kernel's page cache for the mount: buffers here are not aligned for it.
  // O_APPEND can be taken off by fcntl(2), of which nothing is heard: each write says whether it appends. A handle that may
  // only append always does.
  const int kept = (flags & (O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC | O_NOATIME | O_NONBLOCK)) | (append_only ? O_APPEND : 0);
  auto fd = walk_.open_file(at->chain, kept | O_NOCTTY);
  if (!fd) return fd.status();
  const AccessMask base = at->decision.base;
  return make_handle(rq, std::move(*share), std::move(*at), std::make_shared<const UniqueFd>(std::move(*fd)), need, base, epoch);
}

Result<std::unique_ptr<OpenFile>> Ops::make_handle(const Request& rq, Shares::Share share, At at, node::SharedFd fd, AccessMask need,
                                                   AccessMask base, std::uint64_t epoch) {
  auto file = std::make_unique<OpenFile>();
  file->node = at.node();
  file->share = std::move(share);
  if (walk_.is_vouched(at.chain)) {
    file->proven = at.chain.proof.epoch;
    file->stamp = at.chain.stamp;
  }
  file->fd = std::move(fd);
  file->opener = rq.caller;
  file->need = need;
  file->base = base;
  file->user_base = at.decision.user_base;
  file->base_of = owner_of(*at.who);
  file->append_only = need.has(Perm::AppendData) && !need.has(Perm::WriteData);
  file->above = file->opened_above = at.chain.above;
  file->opened_facts = at.chain.facts;
  file->acl = at.chain.acl;
  file->who = at.who;
  file->next_expiry = at.decision.next_expiry;
  file->epoch = epoch;
  node::opened(*file->node, file->fd);
  return file;
}

void Ops::release(std::unique_ptr<OpenFile> file) {
  const node::NodePtr node = file->node;
  locker_.drop_all(*file);
  file.reset();
  node::closed(*node);
}

Status Ops::recheck(OpenFile& file) {
  if (!auth_.checks()) return Status::ok();
  const acl::TimePoint now = wall_clock();
  if (auth_.resolver().resolve(file.opener, principal::Detail::Numbers, now)->refused) return refuse_handle(file);
  if (is_as_proved(file, now)) return Status::ok();
  // A name that turns out to be gone is repaired by the walk that finds it so, or by the rename that is under way: look again.
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    std::optional<node::Chain> refused;
    for (const node::LinkPtr& link : walk_.links_of(file.node)) {
      auto chain = walk_.chain_of(file.node, link, node::Look::IfInDoubt, file.fd);
      if (!chain && chain.error().errno_value() == ESTALE) continue;
      if (!chain) return chain.error();
      if (!still_granted(file, *chain, now)) {
        refused = std::move(*chain);
        continue;
      }
      const std::lock_guard lock(file.mutex);
      file.proven = walk_.is_vouched(*chain) ? chain->proof.epoch : 0;
      file.stamp = chain->stamp;
      return Status::ok();
    }
    if (refused) return refuse_handle(file, &*refused);
  }
  return Status::from(ESTALE);
}

/// Nothing happened since the last re-check to anything that it depends on.
bool Ops::is_as_proved(OpenFile& file, acl::TimePoint now) {
  const node::Proof proof = walk_.coherence().prove();
  if (!proof.holds) return false;
  const std::uint64_t epoch = auth_.resolver().epoch();
  const std::lock_guard lock(file.mutex);
  return file.proven == proof.epoch && file.stamp == walk_.coherence().stamp(*file.node) && file.epoch == epoch &&
         (file.next_expiry == 0 || now <= file.next_expiry);
}

Status Ops::refuse_handle(OpenFile& file, const node::Chain* by) {
  events_.revoked(file.node->id);
  if (by != nullptr) {
    At at{*by, nullptr, {}};
    {
      const std::lock_guard lock(file.mutex);
      at.who = file.who;
    }
    auth_.tell({file.opener, "handle"}, at, file.need, false);
  }
  return Status::from(EACCES);
}

namespace {

/// Whether both ways lead through the same nodes with the same ACLs.
bool same_acls(const node::DirChain* a, const node::DirChain* b) {
  for (; a != b; a = a->above.get(), b = b->above.get()) {
    if (a == nullptr || b == nullptr || a->id != b->id || a->acl != b->acl) return false;
  }
  return true;
}

/// The facts under which the handle met the node, which it is told now if it did not know it.
void as_first_seen(OpenFile& file, node::NodeId id, acl::Segment& segment) {
  for (const auto& [known, facts] : file.first_seen) {
    if (known != id) continue;
    segment.mode = facts.mode;
    segment.uid = facts.uid;
    segment.gid = facts.gid;
    return;
  }
  file.first_seen.emplace_back(id, node::Facts{segment.mode, segment.uid, segment.gid});
}

/// The chain as the ACLs are now and the modes were.
std::vector<acl::Segment> with_former_modes(OpenFile& file, const node::Chain& chain) {
  if (file.first_seen.empty()) {
    for (const node::DirChain* at = file.opened_above.get(); at != nullptr; at = at->above.get())
      file.first_seen.emplace_back(at->id, at->facts);
    file.first_seen.emplace_back(file.node->id, file.opened_facts);
  }
  std::vector<acl::Segment> segments = chain.segments();
  std::size_t i = segments.size() - 1;
  as_first_seen(file, chain.node->id, segments[i]);
  for (const node::DirChain* at = chain.above.get(); at != nullptr; at = at->above.get()) as_first_seen(file, at->id, segments[--i]);
  return segments;
}

}  // namespace

bool Ops::still_granted(OpenFile& file, const node::Chain& chain, acl::TimePoint now) {
  const std::uint64_t epoch = auth_.resolver().epoch();
  const std::lock_guard lock(file.mutex);
  const bool same = epoch == file.epoch && (file.next_expiry == 0 || now <= file.next_expiry) && chain.acl == file.acl &&
                    same_acls(chain.above.get(), file.above.get());
  if (same) return true;
  const std::vector<acl::Segment> segments = with_former_modes(file, chain);
  // The thread that opened the file may be gone: the groups it had are those that count.
  IdentityPtr who = file.who;
  if (epoch != file.epoch)
    who = who->groups_known ? auth_.resolver().refresh(*who, now) : auth_.resolver().resolve(file.opener, principal::Detail::Numbers, now);
  acl::Question question{.need = file.need, .now = now, .base = file.base, .user_base = file.user_base};
  // An account that is bound to a token, or to none any more, owns other nodes than it did when it opened this one.
  const bool same_owner = owner_of(*who) == file.base_of;
  if (!same_owner) question.base.reset();
  const acl::Decision decision = auth_.decide(file.opener, segments, question, who);
  if (!decision.granted) return false;
  if (!same_owner) {
    file.base = decision.base;
    file.user_base = decision.user_base;
    file.base_of = owner_of(*who);
  }
  file.above = chain.above;
  file.acl = chain.acl;
  file.who = std::move(who);
  file.next_expiry = decision.next_expiry;
  file.epoch = epoch;
  return true;
}

}  // namespace acefs::fs
