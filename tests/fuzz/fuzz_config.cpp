// SPDX-License-Identifier: MIT
// acefs.toml.
#include <algorithm>
#include <set>
#include <string>

#include "acefs/acl/perm.hpp"
#include "acefs/principal/config.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
namespace {

using principal::Config;
using principal::ConfigProblem;

bool is_usable(const std::string& text) { return !text.empty() && text.find('\0') == std::string::npos; }

/// Whether a problem is told of `section`, "user.alice", which no other of `names` could be meant by.
template <typename Sections>
bool has_problem(const Config& config, const Sections& sections, const std::string& kind, const std::string& name) {
  const std::string told = name + ": ";
  for (const auto& [other, entry] : sections)
    if (other != name && (other.starts_with(told) || name.starts_with(other + ": "))) return false;
  return std::any_of(config.problems.begin(), config.problems.end(),
                     [&](const ConfigProblem& problem) { return problem.message.starts_with(kind + "." + told); });
}

/// Ids are texts, and belong to one section only.
template <typename Sections>
void check_ids(const Sections& sections) {
  std::set<std::string> seen;
  for (const auto& [name, entry] : sections) {
    must(entry.name == name, "an entry has the name of its section");
    for (const std::string& id : entry.ids) {
      must(is_usable(id), "an id is a text");
      must(seen.insert(id).second, "an id belongs to one section");
      must(id == name || !sections.contains(id), "an id is not the name of another section");
    }
  }
}

void check_roles(const Config& config) {
  for (const auto& [name, role] : config.roles) {
    must(!config.broken_roles.contains(name), "a role is not broken");
    must(config.role(name) == role.permissions, "a role has the letters that the file gives it");
    for (const char letter : role.permissions) must(acl::perm_of(letter).has_value(), "a role has known letters");
  }
  for (const std::string& name : config.broken_roles) must(!config.role(name), "a broken role gives nothing");
}

bool is_root(const std::string& account) { return account == "root" || account == "0"; }

void check_tokens(const Config& config) {
  std::set<std::string> accounts;
  for (const auto& [name, token] : config.tokens) {
    must(token.name == name, "an entry has the name of its section");
    must(!config.users.contains(name) || !config.users.find(name)->second.enabled, "no user is named as a token");
    for (const auto& [other, user] : config.users)
      must(std::find(user.ids.begin(), user.ids.end(), name) == user.ids.end(), "no user has the name of a token as an id");
    if (!token.enabled) continue;
    must(!has_problem(config, config.tokens, "token", name), "a section with a mistake disables its token");
    must(is_usable(token.account) && accounts.insert(token.account).second, "a token has an account to itself");
    must(name.starts_with(token.user + '!') && is_usable(token.user) && token.user != token.account, "a token is somebody else's");
    must(!is_root(token.account) && !is_root(token.user), "root is no token and has none");
  }
}

}  // namespace

void fuzz_config(std::string_view text) {
  const auto config = Config::parse(text);
  if (!config) {
    must(config.error().offset <= text.size() && !config.error().message.empty(), "an error is somewhere in the text");
    return;
  }
  for (const ConfigProblem& problem : config->problems)
    must(problem.line > 0 && !problem.message.empty(), "a problem is in some line");
  check_ids(config->users);
  check_ids(config->groups);
  check_roles(*config);
  check_tokens(*config);
  for (const auto& [name, user] : config->users)
    must(!user.enabled || (is_usable(name) && !has_problem(*config, config->users, "user", name)),
         "a section with a mistake disables its user");
  for (const auto& [name, group] : config->groups)
    must(group.members.empty() || !has_problem(*config, config->groups, "group", name), "a section with a mistake empties its group");
}

}  // namespace acefs::fuzz
