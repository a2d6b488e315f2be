// SPDX-License-Identifier: MIT
#include "acefs/acl/acl.hpp"

#include <algorithm>

namespace acefs::acl {
namespace {

constexpr std::uint8_t kEverywhere = 0x1f;  // every Scope

EntryKind kind_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::Plain: return EntryKind::Allow;
    case KeyKind::Deny: return EntryKind::Deny;
    case KeyKind::Audit: return EntryKind::Audit;
    case KeyKind::Alarm: return EntryKind::Alarm;
  }
  return EntryKind::Deny;
}

Entry malformed_entry() { return Entry{.kind = EntryKind::Deny, .scopes = kEverywhere, .letters = AccessMask::all()}; }

Entry well_formed_entry(const GrantKey& key, const Ace& ace, bool on_directory) {
  Entry entry{.kind = kind_of(key.kind),
              .scopes = scopes_of(ace.flags, on_directory),
              .on_success = ace.flags.find('S') != std::string::npos,
              .on_failure = ace.flags.find('F') != std::string::npos,
              .letters = mask_of(ace.permissions),
              .expires = ace.expires};
  if (is_full_denial(key, ace)) {
    entry.kind = EntryKind::Deny;
    entry.letters = AccessMask::all();
  } else if (entry.kind == EntryKind::Allow) {
    entry.letters = with_implied(entry.letters);
  }
  return entry;
}

/// An entry that can never make a difference: no known letter, or no place where it counts.
bool is_idle(const Entry& entry) { return entry.letters.empty() || entry.scopes == 0; }

struct ByWho {
  bool operator()(const Entry& a, const Entry& b) const { return a.who < b.who; }
  bool operator()(const Entry& a, PrincipalId b) const { return a.who < b; }
  bool operator()(PrincipalId a, const Entry& b) const { return a < b.who; }
};

}  // namespace

Acl::Acl(std::vector<Grant> grants, bool on_directory, PrincipalTable& principals)
    : principals_(&principals), grants_(std::move(grants)) {
  std::sort(grants_.begin(), grants_.end(), [](const Grant& a, const Grant& b) { return a.key < b.key; });
  entries_.reserve(grants_.size());
  for (std::size_t i = 0; i < grants_.size(); ++i) {
    const Grant& grant = grants_[i];
    Entry entry = grant.ace ? well_formed_entry(grant.key, *grant.ace, on_directory) : malformed_entry();
    if (is_idle(entry)) continue;
    entry.who = principals.acquire(grant.key.principal);
    entry.source = static_cast<std::uint32_t>(i);
    entries_.push_back(entry);
    const bool group = grant.key.principal.starts_with("g:");
    entries_.back().for_group = group;
    names_groups_ |= group || entry.who == kGroup;
    names_principals_ |= group || grant.key.principal.starts_with("u:");
    only_gives_ &= entry.kind == EntryKind::Allow && entry.expires == 0;
    audits_ |= (entry.kind == EntryKind::Audit || entry.kind == EntryKind::Alarm) && (entry.on_success || entry.on_failure);
  }
  std::stable_sort(entries_.begin(), entries_.end(), ByWho{});
}

Acl& Acl::operator=(Acl&& other) noexcept {
  std::swap(principals_, other.principals_);
  grants_.swap(other.grants_);
  entries_.swap(other.entries_);
  std::swap(names_groups_, other.names_groups_);
  std::swap(names_principals_, other.names_principals_);
  std::swap(audits_, other.audits_);
  std::swap(only_gives_, other.only_gives_);
  return *this;
}

Acl::~Acl() {
  for (const Entry& entry : entries_) principals_->release(entry.who);
}

std::span<const Entry> Acl::entries_of(PrincipalId who) const {
  const auto [first, last] = std::equal_range(entries_.begin(), entries_.end(), who, ByWho{});
  return {first, last};
}

}  // namespace acefs::acl
