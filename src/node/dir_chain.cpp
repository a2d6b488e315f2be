// SPDX-License-Identifier: MIT
#include "node/dir_chain.hpp"

#include <mutex>
#include <utility>

namespace acefs::node {

DirChain::DirChain(DirChainPtr parent, const Node& directory, LinkPtr by, const Facts& read, AclPtr stored)
    : above(std::move(parent)), id(directory.id), dev(directory.key().dev), link(std::move(by)), facts(read), acl(std::move(stored)),
      depth(above ? above->depth + 1 : 0), is_open((!above || (above->is_open && above->dev == dev)) && (facts.mode & 0111U) == 0111U && acl->only_gives()),
      audits(acl->audits() || (above && above->audits)) {
  any_names_ = acl->names_principals() || (above && above->any_names_);
  any_groups_ = acl->names_groups() || (above && above->any_groups_);
  modes_differ_ = ((facts.mode >> 3) & 7U) != (facts.mode & 7U) || (above && above->modes_differ_);
}

DirChain::~DirChain() {
  // One after the other: a long way that nobody else needs would else be a deep recursion.
  DirChainPtr up = std::move(above);
  while (up.is_last()) up = std::exchange(up->above, nullptr);
}

bool DirChain::depends_on_names(const acl::Identity& who, const acl::Profile& profile) const {
  return any_names_ && !who.refused && !(who.uid == 0 && profile.root_has_all);
}

bool DirChain::depends_on_groups(const acl::Identity& who, const acl::Profile& profile) const {
  if (!any_groups_ && !modes_differ_) return false;
  for (const DirChain* at = this; at != nullptr; at = at->above.get()) {
    const acl::Segment segment = at->segment();
    if (acl::depends_on_groups({&segment, 1}, who, profile)) return true;
  }
  return false;
}

acl::Descended DirChain::descended(const IdentityPtr& who, acl::TimePoint now, const acl::Profile& profile) const {
  std::vector<const DirChain*> unknown;
  acl::Descended way;
  bool by_numbers = true;
  for (const DirChain* at = this; at != nullptr; at = at->above.get()) {
    if (auto known = at->recall(who, now)) {
      if (unknown.empty()) return known->descended;
      way = known->descended;
      by_numbers = !known->who;
      break;
    }
    unknown.push_back(at);
  }
  for (auto it = unknown.rbegin(); it != unknown.rend(); ++it) {
    const DirChain& at = **it;
    const acl::Segment segment = at.segment();
    acl::Contribution kept;
    acl::descend(way, with_contribution(segment, *at.acl, who, now, kept), *who, now, profile);
    by_numbers = by_numbers && !at.acl->names_principals() && !acl::depends_on_groups({&segment, 1}, *who, profile);
    at.remember(who, by_numbers, way);
  }
  return way;
}

std::optional<DirChain::Recent> DirChain::recall(const IdentityPtr& who, acl::TimePoint now) const {
  const std::lock_guard lock(mutex_);
  if (!recent_) return std::nullopt;
  for (const Recent& recent : *recent_) {
    const bool same = recent.set && recent.uid == who->uid && recent.gid == who->gid && (!recent.who || recent.who == who);
    if (same && (recent.descended.next_expiry == 0 || now <= recent.descended.next_expiry)) return recent;
  }
  return std::nullopt;
}

void DirChain::remember(const IdentityPtr& who, bool by_numbers, const acl::Descended& descended) const {
  IdentityPtr replaced;  // dies without the lock
  const std::lock_guard lock(mutex_);
  if (!recent_) recent_ = std::make_unique<std::array<Recent, kRecent>>();
  Recent& slot = (*recent_)[next_++ % kRecent];
  replaced = std::move(slot.who);
  slot = {true, who->uid, who->gid, by_numbers ? nullptr : who, descended};
}

acl::Segment with_contribution(acl::Segment segment, const KnownAcl& acl, const IdentityPtr& who, acl::TimePoint now,
                               acl::Contribution& kept) {
  if (acl.empty()) return segment;
  kept = acl.contribution(who, now);
  segment.known = &kept;
  return segment;
}

}  // namespace acefs::node
