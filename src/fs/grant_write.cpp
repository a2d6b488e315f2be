// SPDX-License-Identifier: MIT
// Grants written through the mount: who may, and what is stored.
#include <sys/xattr.h>

#include <algorithm>
#include <array>

#include "acefs/acl/granted_role.hpp"
#include "backing/acting.hpp"
#include "backing/side_map.hpp"
#include "fs/ops.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

namespace {

/// What the grant gives (allow) or takes (denial) as stored, as far as it counts now.
struct Effect {
  bool denies = false;
  AccessMask letters;
};

Effect effect_of(const acl::Grant& grant, acl::TimePoint now) {
  if (!grant.ace) return {true, AccessMask::all()};
  if (grant.ace->expires != 0 && now > grant.ace->expires) return {};
  if (acl::is_full_denial(grant.key, *grant.ace)) return {true, AccessMask::all()};
  const AccessMask letters = acl::mask_of(grant.ace->permissions);
  switch (grant.key.kind) {
    case acl::KeyKind::Plain:
      return {false, acl::with_implied(letters)};
    case acl::KeyKind::Deny:
      return {true, letters};
    case acl::KeyKind::Audit:
    case acl::KeyKind::Alarm:
      return {};
  }
  return {};
}

const acl::Grant* find(const acl::Acl& acl, const acl::GrantKey& key) {
  const auto it = std::find_if(acl.grants().begin(), acl.grants().end(), [&](const acl::Grant& g) { return g.key == key; });
  return it == acl.grants().end() ? nullptr : &*it;
}

/// x by ACEs on a file that nobody can execute because its mode has no x. It is his as soon as the mode has one, as it then is of those
/// to whom he gives it: programs that give r give x with it, to files of any kind.
AccessMask unused_execute(const At& at, const acl::Identity& who, acl::TimePoint now, acl::Profile profile) {
  if (at.is_directory() || (at.mode() & 0111U) != 0) return {};
  profile.mode_gives_base = false;
  std::vector<acl::Segment> chain = at.chain.segments();
  chain.back().mode |= 0111U;
  return acl::decide(chain, who, {.need = {}, .now = now, .base = {}}, profile).effective & Perm::Execute;
}

/// What the caller may hand out. The owner could give himself whatever is not denied to him by chmod, so for this purpose he
/// holds it, on his directory and on what is below. Others hold below it only what ACEs give them there.
///
/// A token owns what its user owns, and might so take away the denial that confines it: of what a denial takes it holds only what it has.
AccessMask held_by(const At& at, const acl::Identity& who, bool lifts, bool reaches_below, acl::TimePoint now, const acl::Profile& profile) {
  if (at.is_owner() && !(lifts && at.who->user)) return AccessMask::all() - at.decision.denied;
  if (!reaches_below || !at.is_directory()) return at.effective() | unused_execute(at, who, now, profile);
  return at.effective() & acl::held_below(at.chain.segments(), who, now, profile);
}

bool reaches_below(const acl::Grant* grant) {
  if (grant == nullptr) return false;
  if (!grant->ace) return true;
  return (acl::scopes_of(grant->ace->flags, true) & ~static_cast<unsigned>(acl::Scope::Self)) != 0;
}

bool same_reach(const acl::Ace& a, const acl::Ace& b) { return a.flags == b.flags && a.expires == b.expires && a.type == b.type; }

/// Letters that somebody has after the change and had not before, by this grant alone.
AccessMask gained(const acl::Grant* before, const acl::Grant* after, acl::TimePoint now) {
  const Effect was = before ? effect_of(*before, now) : Effect{};
  const Effect is = after ? effect_of(*after, now) : Effect{};
  const bool comparable = before && after && before->ace && after->ace && same_reach(*before->ace, *after->ace);
  AccessMask more;
  if (!is.denies) more |= comparable && !was.denies ? is.letters - was.letters : is.letters;
  // A denial that counts elsewhere, or not as long, does not stand in for the one that it replaces.
  if (was.denies) more |= comparable && is.denies ? was.letters - is.letters : was.letters;
  return more;
}

/// Whether the letters are those of the role that the ACE names.
bool is_as_its_role(const acl::Ace& ace, const principal::Config& config) {
  const auto letters = config.role(acl::granted_role(ace).value_or(""));
  return letters && acl::mask_of(*letters) == acl::mask_of(ace.permissions);
}

/// A role counts when its letters change and somebody has all that was granted by it rewritten: whoever could name one as he likes would
/// be given its letters then. EINVAL: the ACE says that it is by a role and is not. One that was, and now counts elsewhere or for
/// longer, is by that role no more.
Status check_role(acl::Ace& ace, const acl::Ace* before, const principal::Config& config) {
  if (!acl::granted_role(ace) || is_as_its_role(ace, config)) return Status::ok();
  const bool as_before = before != nullptr && acl::granted_role(*before) == acl::granted_role(ace) &&
                         acl::mask_of(before->permissions) == acl::mask_of(ace.permissions);
  if (!as_before) return Status::from(EINVAL);
  if (!same_reach(*before, ace)) acl::remember_role(ace, {});
  return Status::ok();
}

}  // namespace

// Adding: C. Changing or removing: o. Writing a denial: O. All EPERM, and nobody hands out letters that he does not hold (EPERM).
// Not a valid ACE: EINVAL, and nothing changes. The audit trail is told of refusals; of what is granted, by whoever applies it.
Result<PlannedGrant> Ops::plan_grant(const Request& rq, const At& at, const std::string& key_text,
                                       const std::optional<std::string>& value, int flags) const {
  if (!at.chain.can_have_acl()) return Status::from(EPERM);  // as setxattr(2) for user.* on such nodes
  const auto key = acl::parse_key(key_text);
  if (!key) return Status::from(EINVAL);
  const acl::TimePoint now = wall_clock();
  const acl::Grant* before = find(*at.chain.acl, *key);
  if (!value && !before) return Status::from(ENODATA);
  if (value && before && (flags & XATTR_CREATE) != 0) return Status::from(EEXIST);
  if (value && !before && (flags & XATTR_REPLACE) != 0) return Status::from(ENODATA);

  std::optional<acl::Grant> after;
  if (value) {
    after = acl::Grant::read(*key, *value);
    if (!after->ace) return Status::from(EINVAL);
    const std::string_view who = key->principal;
    if (who.starts_with("o:") && who != acl::kOwnerWho && who != acl::kGroupWho && who != acl::kEveryoneWho) return Status::from(EINVAL);
    if (acl::role_fields(*after->ace) > 1) return Status::from(EINVAL);
  }
  const AccessMask have = at.effective();
  const bool denies = after && effect_of(*after, now).denies;
  AccessMask need;
  if (before) need |= Perm::ChangeAce;
  if (denies) need |= Perm::WriteDeny;
  if (!before && !denies) need |= Perm::AddAce;
  const Status refused = Status::from(EPERM);
  if (!have.contains(need)) return auth_.told(rq, at, need, refused);
  if (after && !at.is_root()) {
    const acl::Ace* old = before && before->ace ? &*before->ace : nullptr;
    if (Status s = check_role(*after->ace, old, *auth_.resolver().config()); !s) return s;
  }
  const bool lifts = before && effect_of(*before, now).denies;
  // The owner is never shut out by a denial (his part of the rights stays), so he may also lift it. His token may not.
  const bool owner_lifts = lifts && !value && at.is_owner() && !at.who->user;
  if (!at.is_root() && !owner_lifts) {
    const acl::Grant* then = after ? &*after : nullptr;
    const bool below = reaches_below(before) || reaches_below(then);
    if (!held_by(at, *auth_.with_groups(rq), lifts, below, now, auth_.profile()).contains(gained(before, then, now)))
      return auth_.told(rq, at, need, refused);
  }

  backing::Change change{key_text, std::nullopt};
  if (after) {
    if (after->ace->creator.empty()) after->ace->creator = auth_.resolver().creator_name(rq.caller.uid);
    if (after->ace->share_time == 0) after->ace->share_time = now / 1'000'000'000;
    change.value = acl::encode(*after->ace);
    if (!acl::Grant::read(*key, *change.value).ace) return Status::from(EINVAL);  // what cannot be said again is not stored
  }
  return PlannedGrant{std::move(change), need};
}

Status Ops::apply_grants(const At& at, std::span<const backing::Change> changes, int flags) {
  auto fd = walk_.open_path(at.chain);
  if (!fd) return fd.status();
  // Who may only add was judged by what was there: if another administrator came first, that changes nothing of his.
  const bool adds = flags == 0 && std::none_of(changes.begin(), changes.end(), [&](const backing::Change& change) {
    return find(*at.chain.acl, *acl::parse_key(change.key)) != nullptr;
  });
  const backing::ActAsDaemon daemon;
  const Status s = store_.apply(fd->get(), changes, adds ? XATTR_CREATE : flags);
  changed(at.node());
  reach_changed(at.node());
  return adds && s.errno_value() == EEXIST ? Status::from(EAGAIN) : s;
}

Status Ops::write_grant(const Request& rq, const At& at, const std::string& key, const std::optional<std::string>& value, int flags) {
  auto planned = plan_grant(rq, at, key, value, flags);
  if (!planned) return planned.status();
  auth_.tell(rq, at, planned->need, true);
  // Adding needs another letter than changing: if another administrator came first, the verdict was on something else.
  const bool adds = find(*at.chain.acl, *acl::parse_key(key)) == nullptr;
  const Status s = apply_grants(at, std::array{std::move(planned->change)}, !value ? 0 : adds ? XATTR_CREATE : XATTR_REPLACE);
  const bool raced = flags == 0 && value && s.errno_value() == (adds ? EEXIST : ENODATA);
  return raced ? Status::from(EAGAIN) : s;
}

// Each change needs what it would need by itself; one that is refused refuses all.
Status Ops::write_grants(const Request& rq, const At& at, std::string_view packed) {
  const auto wanted = backing::unpack(packed);
  if (!wanted) return Status::from(EINVAL);
  std::vector<backing::Change> changes;
  AccessMask need;
  for (const auto& [key, value] : *wanted) {
    auto planned = plan_grant(rq, at, key, value.empty() ? std::nullopt : std::optional(value), 0);
    if (!planned && value.empty() && planned.error().errno_value() == ENODATA) continue;  // gone already
    if (!planned) return planned.status();
    changes.push_back(std::move(planned->change));
    need |= planned->need;
  }
  if (!changes.empty()) auth_.tell(rq, at, need, true);
  return changes.empty() ? Status::ok() : apply_grants(at, changes, 0);
}

}  // namespace acefs::fs
