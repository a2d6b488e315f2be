// SPDX-License-Identifier: MIT
// Operations that find and look at nodes without opening them.
#include <unistd.h>

#include <cstring>

#include "fs/ops.hpp"
#include "principal/caller_intent.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

Ops::Ops(backing::Backing& backing, backing::GrantStore& store, Authorizer& authorizer, const Options& options, OpsEvents& events)
    : backing_(backing), store_(store), auth_(authorizer), walk_(authorizer.walk()), table_(authorizer.table()),
      options_(options), events_(events), handles_(options.handles), locker_(backing) {}

// Further down as well: a tree that is mounted by itself too has one there. What users made there for themselves is not meant.
bool Ops::is_hidden(const At& parent, std::string_view name) const {
  if (name != backing::kSideDir) return false;
  if (parent.node() == table_.root()) return true;
  const auto dir = walk_.directory(parent.chain);
  if (!dir) return true;
  const auto attr = backing_.stat_at((*dir)->get(), std::string(name).c_str());
  return attr && attr->is_directory() && attr->st.st_uid == 0 && (attr->st.st_mode & 077U) == 0;
}

Entry Ops::entry_of(const node::NodePtr& node, const backing::Attr& attr, bool for_everyone) {
  table_.count_lookup(node);
  return {node->id, attr, for_everyone};
}

// Needs x on the directory.
Result<Entry> Ops::lookup(const Request& rq, node::NodeId parent, const char* name) {
  // "." and ".." are how the kernel finds a node by number on behalf of NFS; it need not be a directory.
  const bool by_number = std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
  if (by_number) return lookup_by_number(rq, parent, std::strlen(name) == 2);
  auto at = auth_.directory(rq, parent, auth_.profile().traverse_is_strict ? AccessMask(Perm::Execute) : AccessMask());
  if (!at) return at.error().errno_value() == ESTALE ? lookup_below_stale(rq, parent, name) : at.status();
  if (is_hidden(*at, name)) return Status::from(ENOENT);
  auto dir = walk_.directory(at->chain);
  if (!dir) return dir.status();
  auto attr = backing_.stat_at((*dir)->get(), name);
  if (!attr) {
    const Status s = in_directory(*at, attr.status());
    if (s.errno_value() == ENOENT && auth_.is_listed_for_everyone(at->chain)) return Entry{};
    return s.errno_value() == ESTALE ? lookup_below_stale(rq, parent, name) : s;
  }
  const auto link = node::Link::make(at->node(), name);
  const Entry found{.id = {}, .attr = *attr};
  if (found.must_be_looked_up()) {
    if (Status s = may_reach_special(rq, *at, name); !s) return s;
  } else if (options_.public_cache) {
    // Its ACL has a say in whether the kernel may keep its attributes.
    auto child = walk_.child_of(at->chain, name);
    if (!child) return child.status();
    if (child->is_directory()) {
      node::add_link(*child->node, child->link);
    }
    auth_.looked_up(rq, child->node, child->link);
    return entry_of(child->node, *child->attr, auth_.is_for_everyone(*child));
  }
  const node::NodePtr node = walk_.node_of(node::InodeKey::of(*attr), link);
  auth_.looked_up(rq, node, link);
  return entry_of(node, *attr);
}

Result<Entry> Ops::lookup_by_number(const Request& rq, node::NodeId id, bool parent) {
  auto at = auth_.look(rq, id);
  if (!at) return at.status();
  if (!parent || !at->chain.link) {
    const auto attr = walk_.attributes(at->chain);
    if (!attr) return attr.status();
    // A removed file is kept for those who have it open, not for NFS clients that remember its number.
    if (attr->st.st_nlink == 0 && !node::is_open(*at->node())) return Status::from(ESTALE);
    return entry_of(at->node(), *attr);
  }
  const node::NodePtr up = at->chain.link->parent;
  auto chain = walk_.chain_of(up, nullptr);
  if (!chain) return chain.status();
  const auto attr = walk_.attributes(*chain);
  if (!attr) return attr.status();
  return entry_of(up, *attr);
}

Status Ops::in_directory(const At& parent, Status s) {
  if (s.errno_value() != ENOENT || parent.chain.attr) return s;
  const Status there = walk_.confirm(parent.chain);
  return there ? s : there;
}

// mkdir, mknod, symlink and link look up their last name without trying again on ESTALE; they do try again when the operation
// itself fails so. If what now has the stale directory's name does not have `name`, ENOENT is true and lets them get that far.
Status Ops::lookup_below_stale(const Request& rq, node::NodeId parent, const char* name) {
  const Status stale = Status::from(ESTALE);
  const node::NodePtr node = table_.find(parent);
  if (!node) return stale;
  const node::LinkPtr link = node::last_link(*node);
  if (!link || link->name().empty()) return stale;
  auto above = auth_.look(rq.untold(), link->parent->id);
  if (!above) return stale;
  auto now = auth_.child(rq, *above, std::string(link->name()));
  if (!now || !now->is_directory() || !now->may(Perm::Execute)) return stale;
  auto dir = walk_.directory(now->chain);
  if (!dir) return stale;
  const auto attr = backing_.stat_at((*dir)->get(), name);
  return !attr && attr.error().errno_value() == ENOENT ? attr.error() : stale;
}

// A fifo, socket or device, for a call that is going to open it: r, w or both.
Status Ops::may_reach_special(const Request& rq, const At& parent, const char* name) {
  auto child = auth_.child(rq, parent, name);
  if (!child) return child.status();
  const AccessMask have = child->effective();
  const AccessMask both = Perm::ReadData | Perm::WriteData;
  // What it is named for costs a look at /proc, which is spared where it changes nothing and nobody wants to know.
  if ((child->is_root() || have.contains(both)) && !child->chain.audits()) return Status::ok();
  AccessMask need = both;
  switch (principal::intent_of(rq.caller.pid)) {
    case principal::Intent::Name:
      return Status::ok();
    case principal::Intent::Read:
      need = Perm::ReadData;
      break;
    case principal::Intent::Write:
      need = Perm::WriteData;
      break;
    case principal::Intent::Anything:
      break;
  }
  return auth_.told(rq, *child, need, child->is_root() || have.contains(need) ? Status::ok() : Status::from(EACCES));
}

bool Ops::forget(node::NodeId id, std::uint64_t count) { return table_.forget(id, count); }

// access(2): r; w (a directory: w, a or D); x; existence: t. A question and no attempt, so the audit trail does not hear of it.
Status Ops::access(const Request& rq, node::NodeId id, int mask) {
  auto enough = [mask](const At& at) {
    const AccessMask have = at.effective();
    if (mask == F_OK) return have.has(Perm::ReadAttributes);
    const AccessMask writing =
        at.is_directory() ? Perm::WriteData | Perm::AppendData | AccessMask(Perm::DeleteChild) : AccessMask(Perm::WriteData);
    return ((mask & R_OK) == 0 || have.has(Perm::ReadData)) && ((mask & W_OK) == 0 || have.intersects(writing)) &&
           ((mask & X_OK) == 0 || have.has(Perm::Execute));
  };
  return auth_.authorize_if(rq.untold(), id, enough).status();
}

// Needs t.
Result<std::string> Ops::readlink(const Request& rq, node::NodeId id) {
  auto at = auth_.authorize(rq, id, Perm::ReadAttributes, node::Look::FilesIfInDoubt);
  if (!at) return at.status();
  auto fd = walk_.open_path(at->chain);
  if (!fd) return fd.status();
  return backing_.read_link(fd->get());
}

// Needs nothing: anybody may know how full the disk is.
Result<struct statvfs> Ops::statfs(const Request&, node::NodeId) { return backing_.stat_filesystem(walk_.root_fd()->get()); }

}  // namespace acefs::fs
