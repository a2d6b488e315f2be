// SPDX-License-Identifier: MIT
#include "nfs4/universe.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace acefs::nfs4::test {
namespace {

constexpr std::string_view kTypes = "ADUL";
constexpr std::string_view kFlags = "fdniSFg";  // from bit 0 on
constexpr std::pair<char, std::uint32_t> kLetters[] = {
    {'r', 0x1},  {'w', 0x2},   {'a', 0x4},     {'n', 0x8},     {'N', 0x10},    {'x', 0x20},    {'D', 0x40},
    {'t', 0x80}, {'T', 0x100}, {'d', 0x10000}, {'c', 0x20000}, {'C', 0x40000}, {'o', 0x80000}, {'y', 0x100000}};

bool names(const Ace& ace, const Person& person) {
  if (ace.who == "EVERYONE@") return true;
  if (ace.who == "OWNER@") return person.owner;
  if (ace.who == "GROUP@") return person.in_group;
  if ((ace.flags & kGroup) == 0) return ace.who == person.name;
  return std::find(person.groups.begin(), person.groups.end(), ace.who) != person.groups.end();
}

bool counts(const Ace& ace, acl::Scope scope, bool is_directory) {
  if (!is_directory) return scope == acl::Scope::Self;
  const bool files = (ace.flags & kFileInherit) != 0, directories = (ace.flags & kDirectoryInherit) != 0;
  const bool deep = (ace.flags & kNoPropagate) == 0;
  switch (scope) {
    case acl::Scope::Self: return (ace.flags & kInheritOnly) == 0;
    case acl::Scope::ChildDir: return directories;
    case acl::Scope::ChildFile: return files;
    case acl::Scope::DeepDir: return directories && deep;
    case acl::Scope::DeepFile: return files && deep;
  }
  return false;
}

bool matters(const Ace& ace, const Person& person, acl::Scope scope, bool is_directory) {
  return (ace.type == Type::Allow || ace.type == Type::Deny) && names(ace, person) && counts(ace, scope, is_directory);
}

}  // namespace

acl::Identity Person::identity(acl::PrincipalTable& table) const {
  acl::Identity who;
  who.uid = owner ? kSomebody : kSomebody + 1;
  who.gid = in_group ? kSomeGroup : kSomeGroup + 1;
  who.groups = {who.gid};
  who.principals.push_back(table.intern("u:" + name));
  for (const std::string& group : groups) who.principals.push_back(table.intern("g:" + group));
  std::sort(who.principals.begin(), who.principals.end());
  return who;
}

std::string Person::text() const {
  std::string text = name + (owner ? " owner" : "") + (in_group ? " in group" : "");
  for (const std::string& group : groups) text += " in " + group;
  return text;
}

std::vector<Person> everybody() {
  std::vector<Person> people;
  for (const std::string name : {"alice", "bob", "stranger"}) {
    for (unsigned bits = 0; bits < 16; ++bits) {
      Person person{name, (bits & 1u) != 0, (bits & 2u) != 0, {}};
      if ((bits & 4u) != 0) person.groups.emplace_back("staff");
      if ((bits & 8u) != 0) person.groups.emplace_back("guests");
      people.push_back(std::move(person));
    }
  }
  return people;
}

Verdict first_match(const AceList& list, const Person& person, acl::Scope scope, bool is_directory) {
  Verdict verdict;
  for (const Ace& ace : list) {
    if (!matters(ace, person, scope, is_directory)) continue;
    const std::uint32_t open = ace.mask & ~verdict.allowed & ~verdict.denied;
    (ace.type == Type::Allow ? verdict.allowed : verdict.denied) |= open;
  }
  return verdict;
}

Verdict denials_first(const AceList& list, const Person& person, acl::Scope scope, bool is_directory) {
  Verdict verdict;
  for (const Ace& ace : list) {
    if (matters(ace, person, scope, is_directory)) (ace.type == Type::Allow ? verdict.allowed : verdict.denied) |= ace.mask;
  }
  verdict.allowed &= ~verdict.denied;
  return verdict;
}

std::string Random::subset(std::string_view letters) {
  std::string chosen;
  for (char letter : letters) {
    if (coin()) chosen += letter;
  }
  return chosen;
}

acl::Grant Random::grant() {
  constexpr std::string_view kPrincipals[] = {"u:alice", "u:bob", "g:staff", "g:guests", "o:OWNER@", "o:GROUP@", "o:EVERYONE@", "o:X@"};
  constexpr std::string_view kKinds = "AAAADDULM";
  const std::string principal(kPrincipals[below(std::size(kPrincipals))]);
  const std::string flags = coin() ? subset("fdni") : "";
  const acl::TimePoint expires = below(4) == 0 ? static_cast<acl::TimePoint>(below(2 * kNow)) : 0;
  const std::string letters = coin() ? subset("rwaxdDtTnNcCoyuOV") : subset("rwxt");
  switch (const char kind = kKinds[below(kKinds.size())]) {
    case 'A': return acl::test::allow_who(principal, letters, flags, expires);
    case 'D': return coin() ? acl::test::deny_who(principal, letters, flags, expires) : acl::test::shut_out_who(principal, flags, expires);
    case 'M': return acl::test::malformed(subset("D").empty() ? principal : "U:" + principal);
    default:
      return acl::test::make_grant(kind == 'U' ? acl::KeyKind::Audit : acl::KeyKind::Alarm, principal, std::string(1, kind), letters,
                                   flags + subset("SF"), expires);
  }
}

std::vector<acl::Grant> Random::stored() {
  std::vector<acl::Grant> grants;
  std::set<acl::GrantKey> taken;
  for (std::size_t n = below(7); n > 0; --n) {
    acl::Grant one = grant();
    if (taken.insert(one.key).second) grants.push_back(std::move(one));
  }
  return grants;
}

Ace Random::ace(bool is_directory) {
  constexpr std::string_view kWho[] = {"alice", "bob", "staff", "guests", "OWNER@", "GROUP@", "EVERYONE@"};
  constexpr std::uint32_t kMasks[] = {0x1, 0x3, 0x20, 0x120089, 0x1601bf, 0x1200a9, kAllOfFile, kAllOfDirectory, 0x81};
  const std::size_t who = below(std::size(kWho));
  Ace ace;
  ace.type = below(3) == 0 ? Type::Deny : below(12) == 0 ? Type::Audit : Type::Allow;
  ace.who = kWho[who];
  ace.mask = kMasks[below(std::size(kMasks))];
  if (ace.who == "OWNER@" && ace.type == Type::Deny) ace.mask &= 0x3f;
  constexpr std::uint32_t kInherit[] = {0, 0, 3, 0xb, 1, 2, 7};
  if (is_directory) ace.flags = kInherit[below(std::size(kInherit))];
  if (ace.type == Type::Audit) ace.flags |= kOnFailure;
  if (who == 2 || who == 3) ace.flags |= kGroup;
  return ace;
}

AceList Random::written(bool is_directory) {
  AceList list;
  for (std::size_t n = below(6); n > 0; --n) list.push_back(ace(is_directory));
  if (below(4) != 0) {
    std::stable_sort(list.begin(), list.end(), [](const Ace& a, const Ace& b) { return a.type == Type::Deny && b.type != Type::Deny; });
  }
  if (coin()) {
    acl::PrincipalTable table;
    const auto tail = serve(acl::Acl({}, is_directory, table), {.mode = mode(), .is_directory = is_directory}, kNow, PlainNames());
    list.insert(coin() ? list.end() : list.begin(), tail->begin(), tail->end());
  }
  if (list.empty()) list.push_back(ace(is_directory));
  return list;
}

std::vector<acl::Grant> applied(const acl::Acl& stored, const Change& change) {
  std::map<acl::GrantKey, acl::Grant> by_key;
  for (const acl::Grant& grant : stored.grants()) by_key.insert_or_assign(grant.key, grant);
  for (const acl::GrantKey& key : change.remove) by_key.erase(key);
  for (const acl::Grant& grant : change.set) by_key.insert_or_assign(grant.key, grant);
  std::vector<acl::Grant> grants;
  for (auto& [key, grant] : by_key) grants.push_back(std::move(grant));
  return grants;
}

std::string text_of(const AceList& list) {
  std::string text;
  for (const Ace& ace : list) {
    text += text.empty() ? "" : ",";
    text += kTypes[static_cast<std::size_t>(ace.type)];
    text += ':';
    for (std::size_t i = 0; i < kFlags.size(); ++i) {
      if ((ace.flags >> i & 1u) != 0) text += kFlags[i];
    }
    text += ':' + ace.who + ':';
    for (const auto& [letter, bit] : kLetters) {
      if ((ace.mask & bit) != 0) text += letter;
    }
  }
  return text;
}

std::string text_of(const std::vector<acl::Grant>& grants) {
  std::string text;
  for (const acl::Grant& grant : grants) {
    text += acl::format_key(grant.key) + " ";
    text += grant.ace ? "t=" + grant.ace->type + " f=" + grant.ace->flags + " p=" + grant.ace->permissions +
                            " e=" + std::to_string(grant.ace->expires)
                      : "malformed";
    text += "; ";
  }
  return text;
}

AceList list_of(std::string_view text) {
  AceList list;
  while (!text.empty()) {
    std::string_view entry = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), entry.size() + 1));
    Ace ace;
    ace.type = static_cast<Type>(kTypes.find(entry[0]));
    entry.remove_prefix(2);
    for (; entry[0] != ':'; entry.remove_prefix(1)) ace.flags |= 1u << kFlags.find(entry[0]);
    entry.remove_prefix(1);
    ace.who = entry.substr(0, entry.find(':'));
    for (char letter : entry.substr(ace.who.size() + 1)) {
      for (const auto& [known, bit] : kLetters) ace.mask |= known == letter ? bit : 0;
    }
    list.push_back(std::move(ace));
  }
  return list;
}

}  // namespace acefs::nfs4::test
