// SPDX-License-Identifier: MIT
#include "facts.hpp"

#include <algorithm>

namespace acefs::principal {

namespace {

/// Whether a section is about the account with this number and this NSS name. A number in the section decides alone.
bool is_about(const UserEntry& user, uid_t uid, const std::optional<std::string>& account) {
  return user.uid ? *user.uid == uid : account && user.name == *account;
}

bool is_about(const GroupEntry& group, gid_t gid, const std::optional<std::string>& account) {
  return group.gid ? *group.gid == gid : account && group.name == *account;
}

/// What NSS calls an account or group. One that is called by a number is not the one with that number.
std::optional<std::string> name_of(std::optional<std::string> account) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (account && std::all_of(account->begin(), account->end(), is_digit)) account.reset();
  return account;
}

void add(PrincipalIds& to, acl::PrincipalTable& principals, const char* kind, const std::string& name) {
  to.push_back(principals.intern(kind + name));
}

template <typename Entry>
void add_section(PrincipalIds& to, acl::PrincipalTable& principals, const char* kind, const Entry& entry) {
  add(to, principals, kind, entry.name);
  for (const std::string& id : entry.ids) add(to, principals, kind, id);
}

/// All that a group of acefs.toml may be called, what NSS calls it included.
PrincipalIds section_facts(const GroupEntry& group, const Config& config, Accounts& accounts, acl::PrincipalTable& principals) {
  const auto gid = group.gid ? group.gid : accounts.group_id(group.name);
  PrincipalIds ids = gid ? group_facts(*gid, config, accounts, principals) : PrincipalIds{};
  add_section(ids, principals, "g:", group);
  return ids;
}

}  // namespace

void make_set(PrincipalIds& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

UserFacts user_facts(uid_t uid, const Token* token, const Config& config, Accounts& accounts, acl::PrincipalTable& principals) {
  const auto account = name_of(accounts.user_name(uid));
  std::vector<std::string> called{std::to_string(uid)};
  if (account) called.push_back(*account);

  UserFacts facts;
  for (const auto& [name, user] : config.users) {
    if (!is_about(user, uid, account)) continue;
    called.push_back(name);
    add_section(facts.names, principals, "u:", user);
    facts.refusal.add(refusal_of(user));
    if (facts.creator.empty() && !user.ids.empty()) facts.creator = user.ids.front();
  }
  if (token != nullptr) {
    add(facts.names, principals, "u:", token->name);
    facts.creator = token->name;
  }
  if (facts.creator.empty()) facts.creator = account ? *account : std::to_string(uid);
  for (const std::string& name : called) add(facts.names, principals, "u:", name);

  for (const auto& [name, group] : config.groups) {
    const bool is_member = std::any_of(group.members.begin(), group.members.end(), [&called](const std::string& member) {
      return std::find(called.begin(), called.end(), member) != called.end();
    });
    if (!is_member) continue;
    const PrincipalIds ids = section_facts(group, config, accounts, principals);
    facts.local_groups.insert(facts.local_groups.end(), ids.begin(), ids.end());
  }
  make_set(facts.names);
  make_set(facts.local_groups);
  return facts;
}

PrincipalIds group_facts(gid_t gid, const Config& config, Accounts& accounts, acl::PrincipalTable& principals) {
  const auto account = name_of(accounts.group_name(gid));
  PrincipalIds ids;
  add(ids, principals, "g:", std::to_string(gid));
  if (account) add(ids, principals, "g:", *account);
  for (const auto& [name, group] : config.groups) {
    if (is_about(group, gid, account)) add_section(ids, principals, "g:", group);
  }
  make_set(ids);
  return ids;
}

}  // namespace acefs::principal
