// SPDX-License-Identifier: MIT
#include "nfs4/arrange.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "nfs4/edit.hpp"
#include "nfs4/merge.hpp"

namespace acefs::nfs4 {
namespace {

using acl::GrantKey;
using acl::KeyKind;

/// What one principal is to have, and what he has that was shown.
struct Holding {
  std::map<Type, std::vector<Ace>> written;
  std::map<Type, std::size_t> first_position;
  std::vector<const Line*> served;
};

/// Lays out what one principal is to have under its keys.
class Slots {
 public:
  Slots(std::string principal, const Holding& holding, const acl::Acl& stored, bool is_directory, std::uint32_t full_denial)
      : principal_(std::move(principal)), holding_(holding), stored_(stored), is_directory_(is_directory), full_(full_denial) {}

  std::optional<Refusal> fill() {
    if (auto refusal = fill_one(Type::Allow, KeyKind::Plain)) return refusal;
    if (auto refusal = fill_one(Type::Audit, KeyKind::Audit)) return refusal;
    if (auto refusal = fill_one(Type::Alarm, KeyKind::Alarm)) return refusal;
    return fill_denials();
  }

  /// Adds what differs from what is stored. Keys that were not shown stay, unless something else comes to be stored there.
  void into(Change& change) && {
    for (const Line* line : holding_.served) {
      const GrantKey& key = grant_of(*line).key;
      if (!kept_.contains(*line->grant) && !set_.contains(key)) change.remove.push_back(key);
    }
    for (auto& [key, ace] : set_) change.set.push_back(acl::Grant::read(key, acl::encode(ace)));
  }

 private:
  const acl::Grant& grant_of(const Line& line) const { return stored_.grants()[*line.grant]; }

  std::span<const Ace> written(Type type) const {
    const auto found = holding_.written.find(type);
    return found == holding_.written.end() ? std::span<const Ace>() : found->second;
  }

  bool came_back(const Line& line) const {
    const auto aces = written(line.ace.type);
    return std::any_of(aces.begin(), aces.end(),
                       [&](const Ace& ace) { return ace.flags == line.ace.flags && ace.mask == line.ace.mask; });
  }

  Refusal does_not_fit(Type type) const {
    return {EOPNOTSUPP, "ACE " + std::to_string(holding_.first_position.at(type)) + " (" + "ADUL"[static_cast<int>(type)] + " for " +
                            written(type).front().who + "): more than one of that type, with flags that cannot be put together"};
  }

  bool means_the_same(const std::vector<const Line*>& lines, Type type) const {
    std::vector<Ace> aces;
    for (const Line* line : lines) aces.push_back(line->ace);
    return coverage_of(aces, is_directory_) == coverage_of(written(type), is_directory_);
  }

  /// The line of the grant that may be edited into one of that type and key, if there is one.
  const Line* editable(Type type, KeyKind kind) const {
    for (const Line* line : holding_.served) {
      const acl::Grant& grant = grant_of(*line);
      if (line->ace.type == type && grant.key.kind == kind && grant.ace) return line;
    }
    return nullptr;
  }

  void put(Type type, const Wanted& wanted) {
    const Line* line = editable(type, wanted.key.kind);
    const auto before = line ? grant_of(*line).ace : std::nullopt;
    const auto ace = edited(before, wanted, is_directory_);
    if (!ace) return;
    used_.insert(wanted.key.kind);
    if (before && *ace == *before) {
      kept_.insert(*line->grant);
    } else {
      set_[wanted.key] = *ace;
    }
  }

  void keep(const Line& line) {
    kept_.insert(*line.grant);
    used_.insert(grant_of(line).key.kind);
  }

  std::optional<Refusal> fill_one(Type type, KeyKind kind) {
    if (written(type).empty()) return std::nullopt;
    const Line* line = editable(type, kind);
    if (line && came_back(*line) && means_the_same({line}, type)) {
      keep(*line);
      return std::nullopt;
    }
    const auto part = merge(written(type), is_directory_);
    if (!part) return does_not_fit(type);
    put(type, {.key = {kind, principal_}, .part = *part});
    return std::nullopt;
  }

  std::optional<Refusal> fill_denials() {
    if (written(Type::Deny).empty()) return std::nullopt;
    std::vector<const Line*> back;
    for (const Line* line : holding_.served) {
      if (line->ace.type == Type::Deny && came_back(*line) && !used_.contains(grant_of(*line).key.kind)) back.push_back(line);
    }
    if (!back.empty() && means_the_same(back, Type::Deny)) {
      for (const Line* line : back) keep(*line);
      return std::nullopt;
    }
    if (used_.contains(KeyKind::Plain)) return fill_denial_key();
    const auto parts = merge_with_full(written(Type::Deny), full_, is_directory_);
    if (!parts) return does_not_fit(Type::Deny);
    if (parts->full) put(Type::Deny, {.key = {KeyKind::Plain, principal_}, .part = *parts->full, .full_denial = true});
    if (parts->rest) put(Type::Deny, {.key = {KeyKind::Deny, principal_}, .part = *parts->rest});
    return std::nullopt;
  }

  /// The plain key is taken by an allow ACE: a full denial goes under the D key then, with every letter.
  std::optional<Refusal> fill_denial_key() {
    const auto part = merge(written(Type::Deny), is_directory_);
    if (!part) return does_not_fit(Type::Deny);
    put(Type::Deny, {.key = {KeyKind::Deny, principal_}, .part = *part, .full_denial = part->mask == full_});
    return std::nullopt;
  }

  std::string principal_;
  const Holding& holding_;
  const acl::Acl& stored_;
  bool is_directory_;
  std::uint32_t full_;
  std::set<std::size_t> kept_;    ///< grants that stay as they are
  std::set<KeyKind> used_;        ///< kinds of keys that hold something in the end
  std::map<GrantKey, acl::Ace> set_;
};

}  // namespace

Outcome<Change> arrange(const Entries& entries, const acl::Acl& stored, const std::vector<Line>& served, const Facts& facts) {
  std::map<std::string, Holding> holdings;
  for (const Line& line : served) {
    if (line.grant) holdings[line.principal].served.push_back(&line);
  }
  for (const Entry& entry : entries) {
    if (entry.says_mode) continue;
    Holding& holding = holdings[entry.principal];
    Ace ace = entry.ace;
    // What is never taken from the owner was checked before; it is not stored.
    if (ace.type == Type::Deny) ace.mask &= full_denial_of(entry.principal, facts);
    holding.written[ace.type].push_back(std::move(ace));
    holding.first_position.try_emplace(entry.ace.type, entry.position);
  }
  Change change;
  for (const auto& [principal, holding] : holdings) {
    Slots slots(principal, holding, stored, facts.is_directory, full_denial_of(principal, facts));
    if (auto refusal = slots.fill()) return *refusal;
    std::move(slots).into(change);
  }
  return change;
}

}  // namespace acefs::nfs4
