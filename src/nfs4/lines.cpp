// SPDX-License-Identifier: MIT
#include "nfs4/lines.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "nfs4/flags.hpp"
#include "nfs4/letters.hpp"
#include "nfs4/mode_aces.hpp"

namespace acefs::nfs4 {
namespace {

using acl::Grant;
using acl::KeyKind;
using acl::Perm;

bool is_for_special(std::string_view principal) { return principal.starts_with("o:"); }

/// An `o:` key other than the three, or no name at all: it can never concern anybody.
bool is_nobodys(std::string_view principal) {
  if (is_for_special(principal)) {
    return principal != acl::kOwnerWho && principal != acl::kGroupWho && principal != acl::kEveryoneWho;
  }
  return principal.size() == 2;
}

bool is_expired(const Grant& grant, acl::TimePoint now) {
  return grant.ace && grant.ace->expires != 0 && now > grant.ace->expires;
}

Type type_of(const Grant& grant) {
  if (!grant.ace || acl::is_full_denial(grant.key, *grant.ace)) return Type::Deny;
  switch (grant.key.kind) {
    case KeyKind::Plain: return Type::Allow;
    case KeyKind::Deny: return Type::Deny;
    case KeyKind::Audit: return Type::Audit;
    case KeyKind::Alarm: return Type::Alarm;
  }
  return Type::Deny;
}

std::uint32_t mask_of(const Grant& grant, const Facts& facts) {
  const std::uint32_t all = full_denial_of(grant.key.principal, facts);
  if (!grant.ace || acl::is_full_denial(grant.key, *grant.ace)) return all;
  acl::AccessMask letters = acl::mask_of(grant.ace->permissions);
  switch (grant.key.kind) {
    case KeyKind::Deny:
      return bits_of(letters) & all;
    case KeyKind::Plain:
      // That r gives t too need not be said where everyone has t.
      if (letters.has(Perm::ReadData) && !facts.profile.mode_gives_base) letters |= Perm::ReadAttributes;
      [[fallthrough]];
    default:
      return bits_of(letters) & all_bits(facts.is_directory);
  }
}

Line line_of(const Grant& grant, std::size_t index, const Facts& facts) {
  Line line;
  line.principal = grant.key.principal;
  line.grant = index;
  line.ace.type = type_of(grant);
  line.ace.mask = mask_of(grant, facts);
  // A malformed ACE counts everywhere, as no flags do.
  line.ace.flags = flags_of_stored(grant.ace ? std::string_view(grant.ace->flags) : std::string_view(), facts.is_directory);
  if (gives_or_takes(line.ace)) line.ace.flags &= ~(kOnSuccess | kOnFailure);
  line.scopes = scopes_of_flags(line.ace.flags, facts.is_directory);
  if (line.principal.starts_with("g:")) line.ace.flags |= kGroup;
  return line;
}

/// Denials, allows, audits, alarms; of each users, groups, and the special ones from the narrowest on.
auto rank_of(const Line& line) {
  constexpr std::string_view kClasses = "ugo";
  const auto special = line.principal == acl::kGroupWho ? 1 : line.principal == acl::kEveryoneWho ? 2 : 0;
  return std::make_tuple(line.ace.type == Type::Deny ? -1 : static_cast<int>(line.ace.type), kClasses.find(line.principal[0]),
                         special, std::string_view(line.principal));
}

std::string principal_of_special(std::string_view who) { return "o:" + std::string(who); }

/// What each principal is called. Where two would be called the same, by their ids, so that what is written back finds its grant.
std::map<std::string, std::string> who_by_name(const std::vector<Line>& lines, const Names& names) {
  std::map<std::string, std::string> who;
  for (const Line& line : lines) {
    if (!is_for_special(line.principal)) who.try_emplace(line.principal, names.shown(line.principal));
  }
  for (bool again = true; again;) {
    again = false;
    std::map<std::pair<char, std::string>, int> uses;
    for (const auto& [principal, name] : who) ++uses[{principal[0], name}];
    for (auto& [principal, name] : who) {
      if (uses[{principal[0], name}] < 2 || name == principal.substr(2)) continue;
      name = principal.substr(2);
      again = true;
    }
  }
  return who;
}

Refusal cannot_show(const std::string& principal, const std::string& why) {
  return {EOPNOTSUPP, "the ACE of " + principal + " cannot be shown: " + why};
}

std::optional<Refusal> name_by_name(std::vector<Line>& lines, const Names& names) {
  const auto who = who_by_name(lines, names);
  for (Line& line : lines) {
    line.ace.who = is_for_special(line.principal) ? line.principal.substr(2) : who.at(line.principal);
    if (is_for_special(line.principal)) continue;
    if (line.ace.who.empty() || line.ace.who.find('\0') != std::string::npos) return cannot_show(line.principal, "its name");
    if (is_special(line.ace.who)) return cannot_show(line.principal, "a name that ends in '@' is a special one");
  }
  return std::nullopt;
}

std::optional<Refusal> name_by_number(std::vector<Line>& lines, const Names& names) {
  std::map<std::pair<char, std::uint32_t>, std::string> taken;
  for (Line& line : lines) {
    if (is_for_special(line.principal)) {
      line.ace.who = line.principal.substr(2);
      continue;
    }
    const auto number = names.number(line.principal);
    if (!number) return cannot_show(line.principal, "no uid or gid");
    const auto [other, first] = taken.try_emplace({line.principal[0], *number}, line.principal);
    if (!first && other->second != line.principal) return cannot_show(line.principal, "its number is that of " + other->second);
    line.ace.who = std::to_string(*number);
  }
  return std::nullopt;
}

void add_mode(std::vector<Line>& lines, const Facts& facts) {
  const std::size_t stored = lines.size();
  for (Ace& ace : aces_of_mode(facts)) {
    const bool needless = std::any_of(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(stored),
                                      [&](const Line& line) { return makes_needless(line.ace, line.scopes, ace); });
    if (needless) continue;
    std::string principal = principal_of_special(ace.who);
    lines.push_back({std::move(ace), std::move(principal), static_cast<std::uint8_t>(acl::Scope::Self), std::nullopt});
  }
}

}  // namespace

std::uint32_t full_denial_of(std::string_view principal, const Facts& facts) {
  const std::uint32_t all = all_bits(facts.is_directory);
  return principal == acl::kOwnerWho ? all & ~bits_of(facts.profile.owner_always) : all;
}

bool makes_needless(const Ace& allow, std::uint8_t scopes, const Ace& of_mode) {
  return allow.type == Type::Allow && of_mode.type == Type::Allow && allow.who == of_mode.who && counts_here(scopes) &&
         (of_mode.mask & ~allow.mask & ~kSynchronize) == 0;
}

Outcome<std::vector<Line>> lines_of(const acl::Acl& stored, const Facts& facts, acl::TimePoint now, const Names& names, Form form) {
  std::vector<Line> lines;
  for (std::size_t i = 0; i < stored.grants().size(); ++i) {
    const Grant& grant = stored.grants()[i];
    if (is_expired(grant, now) || is_nobodys(grant.key.principal)) continue;
    Line line = line_of(grant, i, facts);
    if (form == Form::Dacl && !gives_or_takes(line.ace)) continue;
    lines.push_back(std::move(line));
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return rank_of(a) < rank_of(b); });
  if (auto refusal = form == Form::Numbers ? name_by_number(lines, names) : name_by_name(lines, names)) return *refusal;
  add_mode(lines, facts);
  return lines;
}

}  // namespace acefs::nfs4
