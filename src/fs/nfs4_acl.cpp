// SPDX-License-Identifier: MIT
// The ACL as NFSv4 clients know it: served on every node, and written as a whole.
#include <spdlog/spdlog.h>
#include <sys/xattr.h>


#include "acefs/base/printable.hpp"
#include "backing/acting.hpp"
#include "fs/nfs4_names.hpp"
#include "fs/ops.hpp"
#include "nfs4/accept.hpp"
#include "nfs4/inherited.hpp"
#include "nfs4/serve.hpp"

namespace acefs::fs {

using acl::Perm;

namespace {

/// The caller gets an errno; why, the log has for those who look.
Status refused(const At& at, const nfs4::Refusal& refusal) {
  const std::string_view name = at.chain.link ? at.chain.link->name() : "/";
  SPDLOG_INFO("{}: NFSv4 ACL: {}", printable(name), printable(refusal.reason));
  return Status::from(refusal.error);
}

}  // namespace

/// The ACL as it is served.
nfs4::Outcome<nfs4::AceList> Ops::nfs4_list(const At& at, nfs4::Form form, const nfs4::Names& names) const {
  const nfs4::Facts facts{.mode = at.mode(), .is_directory = at.is_directory(), .profile = auth_.profile()};
  if (form != nfs4::Form::Dacl) return nfs4::serve(*at.chain.acl, facts, wall_clock(), names, form);
  std::vector<acl::Segment> above = at.chain.segments();
  above.pop_back();
  return nfs4::serve_with_inherited(*at.chain.acl, above, facts, wall_clock(), names);
}

// Needs c. A node without ACEs has the ACL of its mode.
Result<std::string> Ops::get_nfs4_acl(const Request& rq, const At& at, nfs4::Form form) const {
  const bool reads = at.effective().has(Perm::ReadAcl);
  if (Status s = auth_.told(rq, at, Perm::ReadAcl, reads ? Status::ok() : Status::from(EACCES)); !s) return s;
  const NodeNames names(auth_.resolver(), options_.domain, *at.chain.acl);
  const auto list = nfs4_list(at, form, names);
  if (!list) return refused(at, list.error());
  auto bytes = nfs4::encode(form, *list);
  if (!bytes) return refused(at, bytes.error());
  return std::move(*bytes);
}

// For each grant that changes what plan_grant() says, for the mode what chmod needs; for a list that changes nothing C or o (EPERM).
Status Ops::set_nfs4_acl(const Request& rq, const At& at, nfs4::Form form, std::string_view bytes, int flags) {
  if ((flags & XATTR_CREATE) != 0) return Status::from(EEXIST);  // every node has one
  // First, for reading a list takes its time.
  if (!at.effective().intersects(Perm::AddAce | Perm::ChangeAce)) return auth_.told(rq, at, Perm::AddAce, Status::from(EPERM));
  auto list = nfs4::decode(form, bytes);
  if (!list) return refused(at, list.error());
  const NodeNames names(auth_.resolver(), options_.domain, *at.chain.acl);
  const auto empty = list->empty() ? nfs4::Empty::RemovesGrants : nfs4::Empty::GivesNothing;
  if (form == nfs4::Form::Dacl) {
    const auto served = nfs4_list(at, form, names);
    if (!served) return refused(at, served.error());
    *list = nfs4::own_part(*list, *served, [&](const nfs4::Ace& ace) {
      return (ace.flags & nfs4::kGroup) == 0 && !nfs4::is_special(ace.who) && auth_.resolver().number_of("u:" + ace.who) == at.chain.facts.uid;
    });
  }
  const nfs4::Facts facts{.mode = at.mode(), .is_directory = at.is_directory(), .profile = auth_.profile()};
  const auto change = nfs4::accept(*list, *at.chain.acl, facts, wall_clock(), names, form, empty);
  if (!change) return refused(at, change.error());

  std::vector<backing::Change> grants;
  acl::AccessMask need;
  const auto plan = [&](const acl::GrantKey& key, const std::optional<std::string>& value) {
    auto planned = plan_grant(rq, at, acl::format_key(key), value, 0);
    if (!planned) return planned.status();
    grants.push_back(std::move(planned->change));
    need |= planned->need;
    return Status::ok();
  };
  for (const acl::GrantKey& key : change->remove) {
    if (Status s = plan(key, std::nullopt); !s) return s;
  }
  for (const acl::Grant& grant : change->set) {
    if (Status s = plan(grant.key, grant.value); !s) return s;
  }
  const mode_t before = at.mode() & 07777;
  if (change->mode != before) {
    const SetAttr mode{.mode = change->mode, .uid = {}, .gid = {}, .size = {}, .atime = {}, .mtime = {}};
    const Status s = plan_setattr(rq, at, mode, false);
    if (!s) return auth_.told(rq, at, Perm::AddAce, s);
    need |= Perm::AddAce;
  }
  if (!need.empty()) auth_.tell(rq, at, need, true);
  return apply_nfs4_acl(at, grants, change->mode);
}

// What both modes give comes first: at no time, and after no crash, does the node give anybody what neither the old list nor the
// new one gives.
Status Ops::apply_nfs4_acl(const At& at, std::span<const backing::Change> grants, mode_t mode) {
  const mode_t before = at.mode() & 07777;
  const mode_t between = grants.empty() ? mode : before & mode;
  if (between != before) {
    if (Status s = change_mode(at, between); !s) return s;
  }
  if (!grants.empty()) {
    if (Status s = apply_grants(at, grants, 0); !s) {
      if (between != before) static_cast<void>(change_mode(at, before));
      return s;
    }
  }
  return between != mode ? change_mode(at, mode) : Status::ok();
}

/// To a mode with the setuid, setgid and sticky bits that it has: of these, those that a write has not taken away meanwhile.
Status Ops::change_mode(const At& at, mode_t mode) {
  auto fd = walk_.open_path(at.chain);
  if (!fd) return fd.status();
  const auto now = backing_.stat_at(fd->get(), "");
  if (!now) return now.status();
  mode &= 0777U | (now->st.st_mode & 07000U);
  const auto noted = changing(at.node());
  const backing::KeepSetgid setgid((mode & S_ISGID) != 0);
  if (Status s = backing_.chmod(fd->get(), mode); !s) return s;
  reach_changed(at.node());
  return Status::ok();
}

}  // namespace acefs::fs
