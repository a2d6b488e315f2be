// SPDX-License-Identifier: MIT
#include "nfs4/inherited.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "nfs4/letters.hpp"
#include "nfs4/lines.hpp"

namespace acefs::nfs4 {
namespace {

bool has(std::uint8_t scopes, acl::Scope scope) { return (scopes & static_cast<unsigned>(scope)) != 0; }

/// Whether an ACE with these scopes counts on a node so many levels below its own.
bool reaches(std::uint8_t scopes, std::size_t levels, bool is_directory) {
  if (levels == 1) return has(scopes, is_directory ? acl::Scope::ChildDir : acl::Scope::ChildFile);
  return has(scopes, is_directory ? acl::Scope::DeepDir : acl::Scope::DeepFile);
}

/// The ACE as the node below has it.
Ace passed_on(const Line& line, const Facts& facts) {
  Ace ace = line.ace;
  ace.flags = (ace.flags & kGroup) | kInherited;
  if (facts.is_directory && has(line.scopes, acl::Scope::DeepFile)) ace.flags |= kFileInherit;
  if (facts.is_directory && has(line.scopes, acl::Scope::DeepDir)) ace.flags |= kDirectoryInherit;
  ace.mask &= all_bits(facts.is_directory);
  return ace;
}

Outcome<AceList> inherited(std::span<const acl::Segment> above, const Facts& facts, acl::TimePoint now, const Names& names) {
  AceList list;
  for (std::size_t i = above.size(); i-- > 0;) {
    if (above[i].acl == nullptr) continue;
    const Facts directory{.mode = above[i].mode, .is_directory = true, .profile = facts.profile};
    const auto lines = lines_of(*above[i].acl, directory, now, names, Form::Dacl);
    if (!lines) return lines.error();
    for (const Line& line : *lines) {
      if (line.grant && reaches(line.scopes, above.size() - i, facts.is_directory)) list.push_back(passed_on(line, facts));
    }
  }
  return list;
}

}  // namespace

Outcome<AceList> serve_with_inherited(const acl::Acl& stored, std::span<const acl::Segment> above, const Facts& facts, acl::TimePoint now,
                                      const Names& names) {
  const auto own = lines_of(stored, facts, now, names, Form::Dacl);
  if (!own) return own.error();
  const auto from_above = inherited(above, facts, now, names);
  if (!from_above) return from_above.error();
  AceList list;
  std::set<std::tuple<Type, std::uint32_t, std::uint32_t, std::string>> seen;
  for (const Type type : {Type::Deny, Type::Allow}) {
    for (const Line& line : *own) {
      if (line.grant && line.ace.type == type) list.push_back(line.ace);
    }
    for (const Ace& ace : *from_above) {
      if (ace.type == type && seen.insert({ace.type, ace.flags, ace.mask, ace.who}).second) list.push_back(ace);
    }
  }
  for (const Line& line : *own) {
    if (!line.grant) list.push_back(line.ace);
  }
  return list;
}

namespace {

/// What denials from above take, by whom they name. Each is looked at once: whoever may write a list decides how long it is.
class TakenAbove {
 public:
  TakenAbove(const AceList& served, const std::function<bool(const Ace&)>& is_owner) : served_(served), is_owner_(is_owner) {
    for (const Ace& ace : served) {
      if (is_denial_from_above(ace)) by_who_[who(ace)] |= ace.mask;
    }
  }

  std::uint32_t from(const Ace& denial) {
    const auto same = by_who_.find(who(denial));
    const std::uint32_t mask = same == by_who_.end() ? 0 : same->second;
    return denial.who == kOwnerAt ? mask | from_owner() : mask;
  }

 private:
  using Who = std::pair<bool, std::string>;
  static Who who(const Ace& ace) { return {(ace.flags & kGroup) != 0, ace.who}; }
  static bool is_denial_from_above(const Ace& ace) { return (ace.flags & kInherited) != 0 && ace.type == Type::Deny; }

  std::uint32_t from_owner() {
    if (!from_owner_) {
      from_owner_ = 0;
      for (const Ace& ace : served_) {
        if (is_denial_from_above(ace) && is_owner_(ace)) *from_owner_ |= ace.mask;
      }
    }
    return *from_owner_;
  }

  const AceList& served_;
  const std::function<bool(const Ace&)>& is_owner_;
  std::map<Who, std::uint32_t> by_who_;
  std::optional<std::uint32_t> from_owner_;
};

}  // namespace

AceList own_part(const AceList& written, const AceList& served, const std::function<bool(const Ace&)>& is_owner) {
  TakenAbove taken(served, is_owner);
  AceList own;
  for (const Ace& ace : written) {
    const bool marked = (ace.flags & kInherited) != 0;
    if (marked && (ace.type != Type::Deny || (ace.mask & ~taken.from(ace)) == 0)) continue;
    own.push_back(ace);
    own.back().flags &= ~kInherited;
  }
  return own;
}

}  // namespace acefs::nfs4
