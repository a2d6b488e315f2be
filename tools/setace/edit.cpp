// SPDX-License-Identifier: MIT
#include "edit.hpp"

#include <map>

#include "acefs/acl/acl.hpp"
#include "acefs/acl/granted_role.hpp"
#include "acefs/acl/perm.hpp"
#include "common/quoting.hpp"
#include "common/time_text.hpp"

namespace acefs::tool::setace {

namespace {

using acl::AccessMask;
using acl::Perm;

std::optional<acl::Grant> grant_of(const GrantMap& grants, const acl::GrantKey& key) {
  const auto found = grants.find(acl::format_key(key));
  if (found == grants.end()) return std::nullopt;
  return acl::Grant::read(key, found->second);
}

bool counts_as_full_denial(const acl::Grant& grant) { return !grant.ace || acl::is_full_denial(grant.key, *grant.ace); }

acl::Ace ace_of(const NewAce& wanted, const Stamp& stamp) {
  acl::Ace ace;
  ace.type = wanted.entry.type;
  ace.flags = wanted.entry.flags;
  ace.principal = wanted.entry.key.principal;
  ace.permissions = wanted.entry.permissions;
  ace.creator = stamp.creator;
  ace.expires = wanted.expires;
  ace.share_time = stamp.share_time;
  ace.label = wanted.label.value_or("");
  return ace;
}

/// Whether `old` already says all that `wanted` says, whoever wrote it and whenever.
bool is_as_wanted(const acl::Ace& old, acl::Ace wanted, bool creator_matters) {
  if (!creator_matters) wanted.creator = old.creator;
  wanted.share_time = old.share_time;
  return old == wanted;
}

void note_what_is_lost(const acl::Grant& old, const acl::Ace& ace, acl::TimePoint now, std::vector<std::string>& notes) {
  const std::string who = quote_name(acl::format_key(old.key)) + ": ";
  if (!old.ace) {
    notes.push_back(who + "replaces a malformed grant, which counted as a full denial");
  } else if (acl::is_full_denial(old.key, *old.ace) && !acl::is_full_denial(old.key, ace)) {
    notes.push_back(who + "replaces a full denial");
  } else if (old.ace->expires > now && ace.expires == 0) {
    notes.push_back(who + "expired on " + format_time(old.ace->expires) + ", now never");
  }
}

AccessMask letters_of(const acl::Ace& ace) { return acl::mask_of(ace.permissions); }

bool counts_on_itself(const acl::Ace& ace) {
  return (acl::scopes_of(ace.flags, true) & static_cast<std::uint8_t>(acl::Scope::Self)) != 0;
}

/// Counts on the directory itself and nowhere else, so that letters added to it are given nowhere else.
bool counts_only_on_itself(const acl::Ace& ace) {
  return acl::scopes_of(ace.flags, true) == static_cast<std::uint8_t>(acl::Scope::Self);
}

bool lasts_until(const acl::Ace& ace, acl::TimePoint end) {
  return ace.expires == 0 || (end != 0 && ace.expires >= end);
}

}  // namespace

Outcome edit(const GrantMap& current, const Edit& asked, const Stamp& stamp, acl::TimePoint now) {
  Outcome outcome;
  std::map<std::string, std::optional<std::string>, std::less<>> changes;  // the last word on a key counts
  if (asked.remove_all)
    for (const auto& [key, value] : current) changes[key] = std::nullopt;
  for (const acl::GrantKey& key : asked.remove) {
    const std::string name = acl::format_key(key);
    if (current.contains(name)) changes[name] = std::nullopt;
  }
  for (const NewAce& wanted : asked.modify) {
    const std::string name = acl::format_key(wanted.entry.key);
    const auto removed = changes.find(name);
    const bool starts_anew = removed != changes.end() && !removed->second;
    acl::Ace ace = ace_of(wanted, stamp);
    const auto old = starts_anew ? std::nullopt : grant_of(current, wanted.entry.key);
    if (old && old->ace) {
      if (!wanted.label) ace.label = old->ace->label;
      ace.password_hash = old->ace->password_hash;
      ace.unknown_fields = old->ace->unknown_fields;
    }
    acl::remember_role(ace, wanted.entry.role);
    if (const auto before = grant_of(current, wanted.entry.key)) {
      if (before->ace && is_as_wanted(*before->ace, ace, stamp.creator_matters)) {
        changes.erase(name);
        continue;
      }
      note_what_is_lost(*before, ace, now, outcome.notes);
    }
    changes[name] = acl::encode(ace);
  }
  for (auto& [key, value] : changes) outcome.changes.push_back({key, std::move(value)});
  return outcome;
}

std::vector<backing::Change> restore(const GrantMap& current, const std::vector<ListedGrant>& listed) {
  GrantMap wanted;
  for (const ListedGrant& grant : listed) wanted.insert_or_assign(grant.key, grant.value);
  std::vector<backing::Change> changes;
  for (const auto& [key, value] : current)
    if (!wanted.contains(key)) changes.push_back({key, std::nullopt});
  for (const auto& [key, value] : wanted) {
    const auto old = current.find(key);
    if (old == current.end() || old->second != value) changes.push_back({key, value});
  }
  return changes;
}

GrantMap after(GrantMap current, const std::vector<backing::Change>& changes) {
  for (const backing::Change& change : changes) {
    if (change.value) current.insert_or_assign(change.key, *change.value);
    else current.erase(change.key);
  }
  return current;
}

bool is_denial_to_reva(const acl::TextEntry& entry) {
  const AccessMask unknown_to_reva =
      Perm::DeleteChild | Perm::WriteAttributes | Perm::ReadNamed | Perm::WriteNamed | AccessMask(Perm::Synchronize);
  const AccessMask letters = acl::mask_of(entry.permissions);
  return entry.type == "A" && !letters.empty() && unknown_to_reva.contains(letters);
}

TraverseAce traverse_ace(const GrantMap& current, const NewAce& ace, const Stamp& stamp, acl::TimePoint now) {
  NewAce wanted = ace;
  wanted.entry.flags = wanted.entry.key.principal.starts_with("g:") ? "gn" : "n";
  wanted.entry.permissions = "x";
  wanted.label.reset();
  const std::string key = acl::format_key(wanted.entry.key);
  const auto old = grant_of(current, wanted.entry.key);
  if (!old) return {backing::Change{key, acl::encode(ace_of(wanted, stamp))}, {}};

  const std::string who = quote_name(key) + ": ";
  const bool expired = old->ace && old->ace->expires != 0 && now > old->ace->expires;
  if (counts_as_full_denial(*old)) return {{}, who + "is denied everything here: ask the administrator"};
  const bool gives_x = counts_on_itself(*old->ace) && letters_of(*old->ace).has(Perm::Execute);
  if (gives_x && lasts_until(*old->ace, ace.expires)) return {};

  acl::Ace merged = *old->ace;
  const bool is_ours = letters_of(merged) == AccessMask(Perm::Execute);
  if (!counts_only_on_itself(merged) || (!is_ours && (expired || !lasts_until(merged, ace.expires))))
    return {{}, who + "has the ACE '" + acl::format_entry(old->key, *old->ace) +
                    "' here, and x cannot be added to it without giving more than that: ask the administrator"};
  acl::remember_role(merged, {});
  merged.permissions = acl::stored_letters_of(letters_of(merged) | AccessMask(Perm::Execute));
  if (is_ours) merged.expires = wanted.expires;  // only ever later, see lasts_until
  return {backing::Change{key, acl::encode(merged)}, {}};
}

}  // namespace acefs::tool::setace
