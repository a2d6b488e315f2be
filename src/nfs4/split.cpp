// SPDX-License-Identifier: MIT
#include "nfs4/split.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "nfs4/mode_aces.hpp"

namespace acefs::nfs4 {
namespace {

constexpr std::uint32_t kRead = 0x01, kWrite = 0x02, kExecute = 0x20;
constexpr std::size_t kMostOfMode = 5;  ///< ACEs that aces_of_mode() has at most
constexpr std::array kClasses = {ModeClass::Owner, ModeClass::Group, ModeClass::Other};

std::string_view who_of(ModeClass who) {
  switch (who) {
    case ModeClass::Owner: return kOwnerAt;
    case ModeClass::Group: return kGroupAt;
    case ModeClass::Other: break;
  }
  return kEveryoneAt;
}

ModeClass class_of(std::string_view special) {
  if (special == kOwnerAt) return ModeClass::Owner;
  return special == kGroupAt ? ModeClass::Group : ModeClass::Other;
}

bool may_say_mode(const Entry& entry) {
  return is_special(entry.ace.who) && gives_or_takes(entry.ace) && entry.scopes == static_cast<std::uint8_t>(acl::Scope::Self);
}

/// y is never checked, so it makes no difference between two modes.
std::uint32_t checked(std::uint32_t mask) { return mask & ~kSynchronize; }

/// What the list gives to all of a class: to those of it whom no other ACE names.
std::uint32_t given_to(ModeClass who, const Entries& entries) {
  std::uint32_t allowed = 0, decided = 0;
  for (const Entry& entry : entries) {
    const bool matches = entry.ace.who == who_of(who) || entry.ace.who == kEveryoneAt;
    if (!matches || !gives_or_takes(entry.ace) || !counts_here(entry.scopes)) continue;
    if (entry.ace.type == Type::Allow) allowed |= entry.ace.mask & ~decided;
    decided |= entry.ace.mask;
  }
  return allowed;
}

/// The bits of the mode that give the class nothing but what the list gives it.
mode_t harmless_bits(ModeClass who, const Entries& entries, const Facts& facts) {
  const std::uint32_t given = given_to(who, entries) | always_given(who, facts);
  mode_t rwx = 0;
  for (mode_t bit : {4u, 2u, 1u}) {
    if ((given_by_mode(bit, facts) & ~given) == 0) rwx |= bit;
  }
  return rwx;
}

/// The bits of the mode that an allow ACE would stand for if it said the mode.
mode_t bits_said(std::uint32_t mask) {
  return ((mask & kRead) != 0 ? 4u : 0) | ((mask & kWrite) != 0 ? 2u : 0) | ((mask & kExecute) != 0 ? 1u : 0);
}

mode_t mode_of(const Entries& entries, const Facts& facts) {
  if (!facts.profile.mode_gives_base) return facts.mode;  // nothing to say by it
  mode_t mode = facts.mode & 07000u;
  for (ModeClass who : kClasses) {
    const auto said = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
      return entry.says_mode && entry.ace.type == Type::Allow && entry.ace.who == who_of(who);
    });
    const mode_t rwx = said != entries.end() ? bits_said(said->ace.mask) : harmless_bits(who, entries, facts);
    mode |= rwx << (6 - 3 * static_cast<int>(who));
  }
  return mode;
}

/// Whether the mode's ACE `at` may be missing in a list: it says what everybody knows, what a grant of the same who gives, or what
/// the one for EVERYONE@ says again.
bool adds_nothing(const AceList& mode_aces, std::size_t at, const Entries& entries, const Facts& facts) {
  const Ace& ace = mode_aces[at];
  if (ace.type != Type::Allow) return false;
  std::uint32_t known = always_given(class_of(ace.who), facts);
  for (const Entry& entry : entries) {
    const bool grant = !entry.says_mode && entry.ace.type == Type::Allow && entry.ace.who == ace.who;
    if (grant && counts_here(entry.scopes)) known |= entry.ace.mask;
  }
  const bool denial_between = std::any_of(mode_aces.begin() + static_cast<std::ptrdiff_t>(at) + 1, mode_aces.end(),
                                          [](const Ace& later) { return later.type == Type::Deny; });
  if (ace.who != kEveryoneAt && mode_aces.back().who == kEveryoneAt && !denial_between) known |= mode_aces.back().mask;
  return checked(ace.mask & ~known) == 0;
}

/// The marked ACEs of `entries`. Allows alone may come in any order; sorted here as the mode's are.
std::vector<const Ace*> said_by(const Entries& entries) {
  std::vector<const Ace*> said;
  for (const Entry& entry : entries) {
    if (entry.says_mode) said.push_back(&entry.ace);
  }
  const bool allows_alone = std::all_of(said.begin(), said.end(), [](const Ace* ace) { return ace->type == Type::Allow; });
  if (allows_alone) {
    std::stable_sort(said.begin(), said.end(), [](const Ace* a, const Ace* b) { return class_of(a->who) < class_of(b->who); });
  }
  return said;
}

bool is_said(const Entries& entries, mode_t mode, Facts facts) {
  facts.mode = mode;
  const AceList mode_aces = aces_of_mode(facts);
  const auto said = said_by(entries);
  std::size_t next = 0;
  for (std::size_t i = 0; i < mode_aces.size(); ++i) {
    const Ace& ace = mode_aces[i];
    if (next < said.size() && said[next]->type == ace.type && said[next]->who == ace.who &&
        checked(said[next]->mask) == checked(ace.mask)) {
      ++next;
      continue;
    }
    if (!adds_nothing(mode_aces, i, entries, facts)) return false;
  }
  return next == said.size();
}

/// Indices of the ACEs that may say the mode, but for those that are grants already and came back as they were served.
std::vector<std::size_t> candidates(const Entries& written, const std::vector<Line>& served) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (may_say_mode(written[i])) open.push_back(i);
  }
  for (const Line& line : served) {
    if (!line.grant || !is_special(line.ace.who)) continue;
    const auto same = std::find_if(open.begin(), open.end(), [&](std::size_t i) { return written[i].ace == line.ace; });
    if (same != open.end()) open.erase(same);
  }
  return open;
}

bool is_about_mode(const Ace& ace, std::uint8_t scopes) {
  return is_special(ace.who) && gives_or_takes(ace) && counts_here(scopes);
}

/// Whether the list says of OWNER@, GROUP@ and EVERYONE@ on this node what was served, so that it says nothing of the mode.
bool came_back(const Entries& written, const std::vector<Line>& served) {
  AceList now, before;
  for (const Entry& entry : written) {
    if (is_about_mode(entry.ace, entry.scopes)) now.push_back(entry.ace);
  }
  for (const Line& line : served) {
    if (is_about_mode(line.ace, line.scopes)) before.push_back(line.ace);
  }
  return now == before;
}

/// The choices among `count` candidates of those that say the mode, as bit sets, largest first. Of very many only the last few may.
std::vector<std::uint32_t> choices(std::size_t count) {
  std::vector<std::uint32_t> sets;
  for (std::uint32_t set = 0; set < (1u << count); ++set) {
    if (static_cast<std::size_t>(std::popcount(set)) <= kMostOfMode) sets.push_back(set);
  }
  std::stable_sort(sets.begin(), sets.end(), [](std::uint32_t a, std::uint32_t b) { return std::popcount(a) > std::popcount(b); });
  return sets;
}

}  // namespace

std::vector<Split> ways_to_read(const Entries& written, const std::vector<Line>& served, const Facts& facts) {
  std::vector<std::size_t> open = candidates(written, served);
  constexpr std::size_t kMostTried = 6;
  if (open.size() > kMostTried) open.erase(open.begin(), open.end() - kMostTried);
  const bool unchanged = came_back(written, served);
  std::vector<Split> ways;
  Split way{written, facts.mode};
  for (const std::uint32_t set : choices(open.size())) {
    for (std::size_t i = 0; i < open.size(); ++i) way.entries[open[i]].says_mode = (set >> i & 1u) != 0;
    way.mode = unchanged ? facts.mode : mode_of(way.entries, facts);
    if (is_said(way.entries, way.mode, facts)) ways.push_back(way);
  }
  ways.push_back({written, mode_of(written, facts)});
  return ways;
}

}  // namespace acefs::nfs4
