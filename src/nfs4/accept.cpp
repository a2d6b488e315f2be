// SPDX-License-Identifier: MIT
#include "nfs4/accept.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "nfs4/arrange.hpp"
#include "nfs4/flags.hpp"
#include "nfs4/letters.hpp"
#include "nfs4/lines.hpp"
#include "nfs4/mode_aces.hpp"
#include "nfs4/order.hpp"
#include "nfs4/split.hpp"

namespace acefs::nfs4 {
namespace {

constexpr mode_t kModeBits = 07777;
/// Of a list and all ways to read it: a fraction of a second.
constexpr std::size_t kMostPairs = 200'000;

Refusal refuse(int error, std::size_t position, const Ace& ace, const std::string& why) {
  return {error, "ACE " + std::to_string(position) + " (" + ace.who + "): " + why};
}

/// Turns who into principals, those that were served first: what a stored principal is called need not be what its name means.
class Principals {
 public:
  Principals(const std::vector<Line>& served, const Names& names) : names_(names) {
    for (const Line& line : served) {
      if (line.grant) served_.try_emplace({(line.ace.flags & kGroup) != 0, line.ace.who}, line.principal);
    }
  }
  /// `reason`: why there is none.
  std::optional<std::string> of(const Ace& ace, std::string& reason) {
    if (is_special(ace.who)) return "o:" + ace.who;
    const bool group = (ace.flags & kGroup) != 0;
    const auto found = served_.find({group, ace.who});
    if (found != served_.end()) return found->second;
    // Samba writes by number what was served by name. It must stay the same grant, or its expiry and all that would be lost.
    if (is_decimal(ace.who)) {
      const auto same = by_number().equal_range({group, ace.who});
      if (std::distance(same.first, same.second) > 1) reason = "several grants are for that number";
      if (same.first != same.second) return reason.empty() ? std::optional(same.first->second) : std::nullopt;
    }
    auto stored = names_.stored(group, ace.who);
    if (!stored) reason = group ? "no such group" : "no such user";
    return stored;
  }

 private:
  using Who = std::pair<bool, std::string>;

  static bool is_decimal(const std::string& who) { return who.find_first_not_of("0123456789") == std::string::npos; }
  /// Asked for when it is needed only: numbers are for the name service to know.
  const std::multimap<Who, std::string>& by_number() {
    if (numbers_) return *numbers_;
    numbers_.emplace();
    std::set<std::string> seen;
    for (const auto& [who, principal] : served_) {
      if (principal.starts_with("o:") || !seen.insert(principal).second) continue;
      if (const auto number = names_.number(principal)) numbers_->emplace(Who{who.first, std::to_string(*number)}, principal);
    }
    return *numbers_;
  }

  const Names& names_;
  std::map<Who, std::string> served_;
  std::optional<std::multimap<Who, std::string>> numbers_;
};

std::optional<Refusal> unenforceable_flags(const Ace& ace, std::size_t position, const std::vector<Line>& served, bool is_directory) {
  const std::uint32_t inherit = ace.flags & kInheritFlags;
  if (inherit != 0 && !is_directory) return refuse(EINVAL, position, ace, "f, d, n and i are for directories");
  if (gives_or_takes(ace) && (ace.flags & (kOnSuccess | kOnFailure)) != 0) {
    return refuse(EINVAL, position, ace, "S and F are for audits and alarms");
  }
  const bool inert = (inherit & kInheritOnly) != 0 && (inherit & (kFileInherit | kDirectoryInherit)) == 0;
  if (!inert) return std::nullopt;
  const bool was_served = std::any_of(served.begin(), served.end(), [&](const Line& line) { return line.ace == ace; });
  if (was_served) return std::nullopt;
  return refuse(EINVAL, position, ace, "i without f or d counts nowhere");
}

Outcome<Entry> understand(Ace ace, std::size_t position, const std::vector<Line>& served, Principals& principals,
                          const Facts& facts, Form form) {
  if (is_special(ace.who) && ace.who != kOwnerAt && ace.who != kGroupAt && ace.who != kEveryoneAt) {
    return refuse(EOPNOTSUPP, position, ace, "only OWNER@, GROUP@ and EVERYONE@ are known");
  }
  if (form == Form::Dacl && !gives_or_takes(ace)) return refuse(EINVAL, position, ace, "not for a DACL");
  if (is_special(ace.who)) ace.flags &= ~kGroup;
  ace.mask &= all_bits(facts.is_directory);
  if ((ace.flags & kInheritFlags) == kNoPropagate && facts.is_directory) ace.flags &= ~kNoPropagate;
  if (auto refusal = unenforceable_flags(ace, position, served, facts.is_directory)) return *refusal;
  std::string reason;
  auto principal = principals.of(ace, reason);
  if (!principal) return refuse(EINVAL, position, ace, reason);
  Entry entry;
  entry.scopes = scopes_of_flags(ace.flags, facts.is_directory);
  entry.ace = std::move(ace);
  entry.principal = *std::move(principal);
  entry.position = position;
  return entry;
}

/// A denial for OWNER@ of what the owner keeps, unless an allow before it says that he has it.
std::optional<Refusal> takes_from_owner(const Entries& entries, const Facts& facts) {
  for (const Entry& denial : entries) {
    if (denial.ace.type != Type::Deny || denial.principal != acl::kOwnerWho) continue;
    std::uint32_t taken = denial.ace.mask & kept_by_owner(facts);
    for (const Entry& allow : entries) {
      if (allow.position >= denial.position) break;
      const bool for_owner = allow.principal == acl::kOwnerWho || allow.principal == acl::kEveryoneWho;
      if (allow.ace.type == Type::Allow && for_owner && (denial.scopes & ~allow.scopes) == 0) taken &= ~allow.ace.mask;
    }
    if (taken != 0) return refuse(EOPNOTSUPP, denial.position, denial.ace, "the owner always has t T c C o");
  }
  return std::nullopt;
}

Change remove_everything(const acl::Acl& stored, const Facts& facts, Form form) {
  Change change;
  for (const acl::Grant& grant : stored.grants()) {
    const bool counts_accesses = grant.key.kind == acl::KeyKind::Audit || grant.key.kind == acl::KeyKind::Alarm;
    if (form == Form::Dacl && counts_accesses && grant.ace) continue;
    change.remove.push_back(grant.key);
  }
  change.mode = facts.mode & kModeBits;
  return change;
}

Outcome<Entries> understand_all(const AceList& written, const std::vector<Line>& served, const Facts& facts, const Names& names,
                                Form form) {
  Principals principals(served, names);
  Entries entries;
  for (const Ace& ace : written) {
    auto entry = understand(ace, entries.size() + 1, served, principals, facts, form);
    if (!entry) return entry.error();
    entries.push_back(*std::move(entry));
  }
  if (auto refusal = takes_from_owner(entries, facts)) return *refusal;
  return entries;
}

}  // namespace

Outcome<Change> accept(const AceList& written, const acl::Acl& stored, const Facts& facts, acl::TimePoint now, const Names& names,
                       Form form, Empty empty) {
  if (written.empty() && empty == Empty::RemovesGrants) return remove_everything(stored, facts, form);
  const auto served = lines_of(stored, facts, now, names, form);
  if (!served) return served.error();
  const auto entries = understand_all(written, *served, facts, names, form);
  if (!entries) return entries.error();
  std::optional<Refusal> first;
  std::size_t pairs = kMostPairs;
  for (const Split& way : ways_to_read(*entries, *served, facts)) {
    auto refusal = misplaced(way.entries, facts, names, pairs);
    if (!refusal) {
      auto change = arrange(way.entries, stored, *served, facts);
      if (change) {
        change->mode = way.mode & kModeBits;
        return change;
      }
      refusal = change.error();
    }
    if (!first) first = std::move(refusal);
  }
  return *first;
}

}  // namespace acefs::nfs4
