// SPDX-License-Identifier: MIT
// Extended attributes; those that are grants are acl.cpp's neighbours in grant_write.cpp.
#include <sys/xattr.h>

#include <algorithm>

#include "fs/any_name.hpp"
#include "fs/ops.hpp"
#include "fs/virtual_xattr.hpp"
#include "fs/xattr_name.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

namespace {

constexpr std::size_t kListMax = 65'536;  // XATTR_LIST_MAX

/// Expired ones are not shown to NFSv4 clients.
bool has_aces(const acl::Acl& acl, acl::TimePoint now) {
  return std::any_of(acl.grants().begin(), acl.grants().end(),
                     [now](const acl::Grant& grant) { return !grant.ace || grant.ace->expires == 0 || now <= grant.ace->expires; });
}

/// A grant is shown to who has c, and to the one whom it names.
bool may_see(const At& at, const acl::Grant& grant, const acl::PrincipalTable& principals) {
  if (at.effective().has(Perm::ReadAcl)) return true;
  const auto who = principals.find(grant.key.principal);
  return who && at.who->is(*who);
}

/// The letter that it is read by.
Perm to_read(XattrKind kind) {
  return kind == XattrKind::User || kind == XattrKind::Reserved ? Perm::ReadNamed : Perm::ReadAcl;
}

}  // namespace

// `user.*`: n. Grants: c, one's own always. `security.*`: anybody (the kernel asks on everybody's behalf). POSIX ACLs: EOPNOTSUPP, but on
// what is exported none: nfs-ganesha 6 serves only what can have them.
Result<std::string> Ops::getxattr(const Request& rq, node::NodeId id, const std::string& name) {
  const XattrKind kind = xattr_kind(name, options_.prefix);
  if (kind == XattrKind::System) return Status::from(options_.nfs_export && name.starts_with("system.posix_acl_") ? ENODATA : EOPNOTSUPP);
  auto at = look_by_any_name(auth_, rq, id, node::Look::FilesIfInDoubt,
                             [kind](const At& by) { return by.effective().has(to_read(kind)); });
  if (!at) return at.status();
  if (name == kStatusName) return options_.status ? options_.status() : std::string();
  if (kind == XattrKind::Nfs4) return get_nfs4_acl(rq, *at, *nfs4_form_of(name));
  if (kind == XattrKind::Virtual) {
    if (is_grants_page(name)) auth_.tell(rq, *at, Perm::ReadAcl, at->effective().has(Perm::ReadAcl));
    at = auth_.with_names(rq, std::move(*at));
    return virtual_xattr(name, options_.prefix, *at->chain.acl,
                         [&](const acl::Grant& grant) { return may_see(*at, grant, auth_.principals()); });
  }
  if (kind == XattrKind::Grant) {
    const auto key = acl::parse_key(std::string_view(name).substr(options_.prefix.size()));
    at = auth_.with_names(rq, std::move(*at));
    for (const acl::Grant& grant : at->chain.acl->grants()) {
      if (grant.key != *key) continue;
      if (!may_see(*at, grant, auth_.principals())) return auth_.told(rq, *at, Perm::ReadAcl, Status::from(EACCES));
      auth_.tell(rq, *at, Perm::ReadAcl, true);
      return grant.value;
    }
    if (!at->effective().has(Perm::ReadAcl)) return auth_.told(rq, *at, Perm::ReadAcl, Status::from(EACCES));
    return Status::from(ENODATA);
  }
  if (kind == XattrKind::Marker) return Status::from(ENODATA);
  if (kind == XattrKind::User || kind == XattrKind::Reserved) {
    const bool reads = at->effective().has(Perm::ReadNamed);
    if (Status s = auth_.told(rq, *at, Perm::ReadNamed, reads ? Status::ok() : Status::from(EACCES)); !s) return s;
  }
  if (kind == XattrKind::Trusted && !at->is_root()) return Status::from(ENODATA);
  return walk_.xattr(at->chain, name.c_str());
}

// n for `user.*`, c for grants (one's own always); what may not be read is not listed. EACCES if that leaves nothing to say.
Result<std::string> Ops::listxattr(const Request& rq, node::NodeId id) {
  auto at = look_by_any_name(auth_, rq, id, node::Look::FilesIfInDoubt,
                             [](const At& by) { return by.effective().intersects(Perm::ReadNamed | AccessMask(Perm::ReadAcl)); });
  if (!at) return at.status();
  at = auth_.with_names(rq, std::move(*at));
  std::string list;
  bool any_grant = false;
  for (const acl::Grant& grant : at->chain.acl->grants()) {
    if (!may_see(*at, grant, auth_.principals())) continue;
    any_grant = true;
    list += options_.prefix + acl::format_key(grant.key) + '\0';
  }
  // Only where there is more than the mode: ls(1) marks such nodes with +, and cp(1) fails where it cannot copy what is listed.
  const bool lists_nfs4 = options_.list_nfs4_acl && at->effective().has(Perm::ReadAcl);
  if (lists_nfs4 && has_aces(*at->chain.acl, wall_clock())) list += std::string(kNfs4AclName) + '\0';
  const bool reads_user = at->effective().has(Perm::ReadNamed);
  if (!reads_user && !any_grant && !at->effective().has(Perm::ReadAcl) && at->chain.can_have_acl())
    return auth_.told(rq, *at, Perm::ReadNamed, Status::from(EACCES));
  if (reads_user) auth_.tell(rq, *at, Perm::ReadNamed, true);
  auto fd = walk_.any_path(at->chain);
  if (!fd) return fd.status();
  auto names = backing_.list_xattrs((*fd)->get());
  if (!names) return names.status();
  for (const std::string& name : *names) {
    const XattrKind kind = xattr_kind(name, options_.prefix);
    const bool shown = kind == XattrKind::Security || (kind == XattrKind::Trusted && at->is_root()) ||
                       ((kind == XattrKind::User || kind == XattrKind::Reserved) && reads_user);
    if (shown) list += name + '\0';
  }
  if (list.size() > kListMax) return Status::from(E2BIG);
  return list;
}

namespace {

/// For the audit trail: the letter that the attribute is written by, if it is one.
AccessMask to_write(XattrKind kind) { return kind == XattrKind::User ? AccessMask(Perm::WriteNamed) : AccessMask(); }

/// Where values have room of their own (xfs, btrfs, tmpfs), names alone could pass what listxattr(2) can carry (64 KiB); the grants
/// behind them could not be read any more and the node would be nobody's.
Status leaves_names_readable(backing::Backing& backing, int fd, const std::string& name) {
  constexpr std::size_t kNamesMax = 32 * 1024;
  const auto names = backing.list_xattrs(fd);
  if (!names) return names.status();
  std::size_t size = name.size() + 1;
  for (const std::string& other : *names) {
    if (other == name) return Status::ok();
    size += other.size() + 1;
  }
  return size > kNamesMax ? Status::from(ENOSPC) : Status::ok();
}

// `user.*`: N, and in a sticky directory only its owner, as the kernel's xattr_permission(). The rest: root.
Status may_write_xattr(const At& at, XattrKind kind) {
  switch (kind) {
    case XattrKind::User: {
      if (!at.effective().has(Perm::WriteNamed)) return Status::from(EACCES);
      const bool sticky = at.is_directory() && (at.mode() & S_ISVTX) != 0;
      return sticky && !at.is_owner() && !at.is_root() ? Status::from(EPERM) : Status::ok();
    }
    case XattrKind::Security:
    case XattrKind::Trusted:
    case XattrKind::Reserved:
    case XattrKind::Marker:
      return at.is_root() ? Status::ok() : Status::from(EPERM);
    case XattrKind::System:
    case XattrKind::Virtual:
    case XattrKind::Nfs4:
    case XattrKind::Grant:
      break;
  }
  return Status::from(EOPNOTSUPP);
}

// Who writes to a file or gives it away takes the file capabilities off it: where the daemon has not promised to do so, the kernel asks for
// that on his behalf first. Who asks for no more than that without CAP_SETFCAP it refuses by itself (cap_inode_removexattr).
Status may_remove_xattr(const At& at, XattrKind kind, const std::string& name) {
  const bool changes_file = at.is_owner() || at.effective().has(Perm::WriteData) || at.effective().has(Perm::AppendData);
  if (name == "security.capability" && changes_file) return Status::ok();
  return may_write_xattr(at, kind);
}

/// Whether the chain that led to the node lets the caller write what that kind of attribute may say.
bool may_write_all(const At& at, XattrKind kind) {
  const AccessMask grants = Perm::AddAce | AccessMask(Perm::ChangeAce) | Perm::WriteDeny;
  const bool is_acl = kind == XattrKind::Nfs4 || kind == XattrKind::Virtual;
  return is_acl ? at.effective().contains(grants) : bool(may_write_xattr(at, kind));
}

}  // namespace

// `user.*`: N. Grants: C, o, O as write_grant() says. Other reserved names, security.* and trusted.*: root (EPERM).
Status Ops::setxattr(const Request& rq, node::NodeId id, const std::string& name, std::string_view value, int flags) {
  const XattrKind kind = xattr_kind(name, options_.prefix);
  if (kind == XattrKind::System || (kind == XattrKind::Virtual && name != kApplyName)) return Status::from(EOPNOTSUPP);
  const auto may_set = [&](const At& by) {
    if (kind == XattrKind::Grant) {
      return bool(plan_grant(rq.untold(), by, name.substr(options_.prefix.size()), std::string(value), flags));
    }
    return may_write_all(by, kind);
  };
  auto at = look_by_any_name(auth_, rq, id, node::Look::Always, may_set);
  if (!at) return at.status();
  if (kind == XattrKind::Nfs4) return set_nfs4_acl(rq, *at, *nfs4_form_of(name), value, flags);
  if (kind == XattrKind::Virtual) return write_grants(rq, *at, value);
  for (int tries = 0; kind == XattrKind::Grant; ++tries) {
    const Status s = write_grant(rq, *at, name.substr(options_.prefix.size()), std::string(value), flags);
    if (s.errno_value() != EAGAIN || tries == 10) return s;
    at = look_by_any_name(auth_, rq, id, node::Look::Always, may_set);
    if (!at) return at.status();
  }
  if (Status s = auth_.told(rq, *at, to_write(kind), may_write_xattr(*at, kind)); !s) return s;
  auto fd = walk_.open_path(at->chain);
  if (!fd) return fd.status();
  if (kind == XattrKind::User) {
    if (Status s = leaves_names_readable(backing_, fd->get(), name); !s) return s;
  }
  const Status s = backing_.set_xattr(fd->get(), name.c_str(), value.data(), value.size(), flags);
  if (kind != XattrKind::User) acl_may_have_changed(at->node());
  return s;
}

// As setxattr(); security.capability also with w or a, or by the owner.
Status Ops::removexattr(const Request& rq, node::NodeId id, const std::string& name) {
  const XattrKind kind = xattr_kind(name, options_.prefix);
  if (kind == XattrKind::System || kind == XattrKind::Virtual) return Status::from(EOPNOTSUPP);
  auto at = look_by_any_name(auth_, rq, id, node::Look::Always, [&](const At& by) {
    if (kind == XattrKind::Grant) return bool(plan_grant(rq.untold(), by, name.substr(options_.prefix.size()), std::nullopt, 0));
    return may_write_all(by, kind);
  });
  if (!at) return at.status();
  if (kind == XattrKind::Grant) return write_grant(rq, *at, name.substr(options_.prefix.size()), std::nullopt, 0);
  // As the empty list: all grants go, and the mode is what there is.
  if (kind == XattrKind::Nfs4) return set_nfs4_acl(rq, *at, *nfs4_form_of(name), nfs4::empty_list(*nfs4_form_of(name)), 0);
  if (Status s = auth_.told(rq, *at, to_write(kind), may_remove_xattr(*at, kind, name)); !s) return s;
  auto fd = walk_.open_path(at->chain);
  if (!fd) return fd.status();
  const Status s = backing_.remove_xattr(fd->get(), name.c_str());
  if (kind != XattrKind::User) acl_may_have_changed(at->node());
  return s;
}

}  // namespace acefs::fs
