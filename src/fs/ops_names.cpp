// SPDX-License-Identifier: MIT
// Names come, go and move.
#include <linux/fs.h>

#include "fs/any_name.hpp"
#include "fs/ops.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

// d on the node or D on the directory (EACCES); in a sticky directory also owner of either, or d on the node (EPERM).
Status Ops::may_delete(const At& parent, const At& child) const {
  if (child.effective().has(Perm::Delete)) return Status::ok();
  if (!parent.effective().has(Perm::DeleteChild)) return Status::from(EACCES);
  const bool sticky = (parent.mode() & S_ISVTX) != 0;
  if (sticky && !parent.is_root() && !parent.is_owner() && !child.is_owner()) return Status::from(EPERM);
  return Status::ok();
}

bool Ops::pin_before_unlink(const At& child) {
  if (child.chain.link == nullptr) return false;
  node::Node& node = *child.node();
  if (node::has_further_links(node) || node::is_pinned(node)) return false;
  auto fd = walk_.open_path(child.chain);
  if (!fd) return false;
  node::pin(node, std::make_shared<const UniqueFd>(std::move(*fd)));
  return true;
}

void Ops::name_gone(const At& parent, const At& child, const char* name) {
  const bool none_left = node::remove_link(*child.node(), *parent.node(), name);
  if (none_left && (child.is_directory() || child.chain.attr->st.st_nlink <= 1)) {
    table_.disown(child.node());
  } else if (!none_left) {
    node::unpin(*child.node());
  }
}

Status Ops::remove(const Request& rq, node::NodeId parent, const char* name, int flags) {
  auto at = auth_.directory(rq, parent, Perm::Execute);
  if (!at) return at.status();
  if (is_hidden(*at, name)) return Status::from(ENOENT);
  auto child = auth_.child(rq, *at, name);
  if (!child) return child.status();
  if (Status s = auth_.told(rq, *child, Perm::Delete, may_delete(*at, *child), Perm::DeleteChild); !s) return s;
  auto dir = walk_.directory(at->chain);
  if (!dir) return dir.status();
  const bool pinned = pin_before_unlink(*child);
  const node::NameMoving moving(child->node(), at->node(), name);
  if (Status s = backing_.unlink_at((*dir)->get(), name, flags); !s) {
    if (pinned) node::unpin(*child->node());  // the name stayed, so the descriptor need not
    return s;
  }
  name_gone(*at, *child, name);
  changed(child->node());
  reach_changed(child->node());  // it may be reached by other names, of which fewer people know
  return Status::ok();
}

Status Ops::unlink(const Request& rq, node::NodeId parent, const char* name) { return remove(rq, parent, name, 0); }
Status Ops::rmdir(const Request& rq, node::NodeId parent, const char* name) { return remove(rq, parent, name, AT_REMOVEDIR); }

namespace {

/// What the new directory must give for a node of that kind to appear in it.
AccessMask to_receive(const At& node) { return node.is_directory() ? Perm::AppendData : Perm::WriteData; }

}  // namespace

// Both chains count, so the caller must be known as far as either asks for it.
bool Ops::widens(const Request& rq, const At& node, const At& new_parent) {
  if (node.is_root()) return false;
  return !acl::widened(node.chain.segments(), new_parent.chain.segments(), *auth_.with_groups(rq), wall_clock(), auth_.profile()).empty();
}

namespace {

/// What a node that gets another parent must itself give: its ".." is written.
AccessMask to_move(const At& node, bool same_parent) {
  return !same_parent && node.is_directory() ? AccessMask(Perm::WriteData) : AccessMask();
}

}  // namespace

Status Ops::may_rename(const Request& rq, const At& source, const At& moved, const At& target, const At* replaced, bool exchange) {
  const bool same_parent = source.node() == target.node();
  // Each node is told of once: with what was refused, or, once all is granted, with all that it gave.
  struct Check {
    const At& at;
    AccessMask need;
    bool is_deleted;
    const At* parent;
  };
  std::vector<Check> checks = {{moved, to_move(moved, same_parent), true, &source}, {target, to_receive(moved), false, nullptr}};
  if (replaced) checks.push_back({*replaced, exchange ? to_move(*replaced, same_parent) : AccessMask(), true, &target});
  if (exchange) checks.push_back({source, to_receive(*replaced), false, nullptr});
  for (const Check& check : checks) {
    if (check.is_deleted) {
      if (Status s = may_delete(*check.parent, check.at); !s) return auth_.told(rq, check.at, Perm::Delete, s, Perm::DeleteChild);
    }
    if (!check.at.effective().contains(check.need)) return auth_.told(rq, check.at, check.need, Status::from(EACCES));
  }
  if (!same_parent) {
    if (widens(rq, moved, target) || (exchange && widens(rq, *replaced, source))) return auth_.told(rq, moved, {}, Status::from(EXDEV));
  }
  for (const Check& check : checks) {
    const AccessMask also = check.is_deleted ? AccessMask(Perm::Delete) : AccessMask();
    auth_.tell(rq, check.at, check.need | also, true, check.is_deleted ? AccessMask(Perm::DeleteChild) : AccessMask());
  }
  return Status::ok();
}

void Ops::name_moved(const At& source, const char* from, const At& moved, const At& target, const char* to) {
  const auto noted = changing(moved.node());
  node::remove_link(*moved.node(), *source.node(), from);
  node::add_link(*moved.node(), node::Link::make(target.node(), to));
  if (source.node() != target.node()) reach_changed(moved.node());
}

// Most renames find the new name free. The backing filesystem says so itself, and nobody can take the name between a look and the
// rename. Refusals are left to the long way, which knows what has the new name.
std::optional<Status> Ops::rename_to_free_name(const Request& rq, const At& source, const char* from, const At& moved, const At& target,
                                               const char* to) {
  const bool told = moved.chain.audits() || source.chain.audits() || target.chain.audits();
  if (told || !may_rename(rq.untold(), source, moved, target, nullptr, false)) return std::nullopt;
  auto from_fd = walk_.directory(source.chain);
  if (!from_fd) return from_fd.status();
  auto to_fd = directory_for_new(target);
  if (!to_fd) return to_fd.status();
  const node::NameMoving moving(moved.node(), source.node(), from);
  const Status s = backing_.rename_at((*from_fd)->get(), from, (*to_fd)->get(), to, RENAME_NOREPLACE);
  switch (s.errno_value()) {
    case 0:
      name_moved(source, from, moved, target, to);
      return s;
    case EEXIST:
    case ENOENT:  // which of the names, or the directory itself
    case EINVAL:  // or a filesystem that does not know the flag
      return std::nullopt;
    default:
      return s;
  }
}

// Deletion right on the source; w (a directory: a) on the new parent; deletion right on what is replaced; w on a directory that
// gets another parent (its ".." is written). EXDEV when the move would give the caller rights that he lacks now.
Status Ops::rename(const Request& rq, node::NodeId from_dir, const char* from, node::NodeId to_dir, const char* to, unsigned flags) {
  auto source = auth_.directory(rq, from_dir, Perm::Execute, Tell::OnRefusal);
  if (!source) return source.status();
  std::optional<At> other;
  if (to_dir != from_dir) {
    auto found = auth_.directory(rq, to_dir, Perm::Execute, Tell::OnRefusal);
    if (!found) return found.status();
    other = std::move(*found);
  }
  const At* const target = other ? &*other : &*source;
  if (is_hidden(*source, from)) return Status::from(ENOENT);
  if (is_hidden(*target, to)) return Status::from(EACCES);
  if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0) return Status::from(EINVAL);
  const bool exchange = (flags & RENAME_EXCHANGE) != 0;

  // The kernel moves what it believes to have the names: if that is not so it must look again first.
  auto moved = auth_.child(rq, *source, from, true);
  if (!moved) return moved.status();
  if (!exchange) {
    if (auto done = rename_to_free_name(rq, *source, from, *moved, *target, to)) return *done;
  }
  auto replaced = auth_.child(rq, *target, to, true);
  if (!replaced && replaced.error().errno_value() != ENOENT) return replaced.status();
  if (replaced && (flags & RENAME_NOREPLACE) != 0) return Status::from(EEXIST);
  if (!replaced && exchange) return Status::from(ENOENT);

  if (Status s = may_rename(rq, *source, *moved, *target, replaced ? &*replaced : nullptr, exchange); !s) return s;

  auto from_fd = walk_.directory(source->chain);
  if (!from_fd) return from_fd.status();
  auto to_fd = directory_for_new(*target);
  if (!to_fd) return to_fd.status();
  const bool pinned = replaced && !exchange && replaced->node() != moved->node() && pin_before_unlink(*replaced);
  const node::NameMoving moving(moved->node(), source->node(), from);
  std::optional<node::NameMoving> replacing;
  if (replaced) replacing.emplace(replaced->node(), target->node(), to);
  if (Status s = backing_.rename_at((*from_fd)->get(), from, (*to_fd)->get(), to, flags); !s) {
    if (pinned) node::unpin(*replaced->node());
    return s;
  }
  if (replaced && replaced->node() == moved->node()) return Status::ok();  // two names of one inode: nothing moved
  const auto replaced_noted = changing(replaced ? replaced->node() : moved->node());
  if (exchange) {
    node::remove_link(*replaced->node(), *target->node(), to);
    name_moved(*source, from, *moved, *target, to);
    node::add_link(*replaced->node(), node::Link::make(source->node(), from));
    if (source->node() != target->node()) reach_changed(replaced->node());
    return Status::ok();
  }
  if (replaced) {
    name_gone(*target, *replaced, to);
    reach_changed(replaced->node());
  }
  name_moved(*source, from, *moved, *target, to);
  return Status::ok();
}

// w on the new directory; owner of the node, or w on it (EPERM). EXDEV when the new name would give the caller rights that he
// lacks now. What the kernel's fs.protected_hardlinks forbids (setuid and setgid programs, special files) stays forbidden.
Result<Entry> Ops::link(const Request& asked, node::NodeId id, node::NodeId to_dir, const char* to) {
  const Request rq = asked.in_directory();
  auto target = auth_.directory(rq, to_dir, Perm::Execute | Perm::WriteData, Tell::OnRefusal);
  if (!target) return target.status();
  if (is_hidden(*target, to)) return Status::from(EACCES);
  const auto lacks_right = [](const At& node) {
    const mode_t mode = node.mode();
    const bool unsafe = !S_ISREG(mode) || (mode & S_ISUID) != 0 || (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
    return !node.is_root() && !node.is_owner() && (unsafe || !node.effective().has(Perm::WriteData));
  };
  auto at = look_by_any_name(auth_, rq, id, node::Look::Always,
                             [&](const At& by) { return !lacks_right(by) && !widens(rq, by, *target); });
  if (!at) return at.status();
  if (lacks_right(*at)) return auth_.told(rq, *at, Perm::WriteData, Status::from(EPERM));
  if (widens(rq, *at, *target)) return auth_.told(rq, *at, {}, Status::from(EXDEV));
  auth_.tell(rq, *at, Perm::WriteData, true);
  auth_.tell(rq, *target, Perm::Execute | Perm::WriteData, true);
  auto fd = walk_.open_path(at->chain);
  if (!fd) return fd.status();
  auto dir = directory_for_new(*target);
  if (!dir) return dir.status();
  if (Status s = backing_.link_at(fd->get(), (*dir)->get(), to); !s) return in_directory(*target, s);
  changed(at->node());
  return new_entry(*target, to);
}

}  // namespace acefs::fs
