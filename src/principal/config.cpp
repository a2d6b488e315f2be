// SPDX-License-Identifier: MIT
#include "acefs/principal/config.hpp"

#include <algorithm>
#include <cstring>

#include "acefs/acl/text.hpp"
#include "config_toml.hpp"
#include "read_file.hpp"

namespace acefs::principal {

namespace {

void refuse(UserEntry& user) { user.enabled = false; }
void refuse(GroupEntry& group) { group.members.clear(); }

template <typename Entry>
using Entries = std::map<std::string, Entry, std::less<>>;

/// What stands for a token means nobody else, neither as a section's name nor as an id.
void check_names(Config& config, const std::map<std::string, int, std::less<>>& lines) {
  for (auto& [name, user] : config.users) {
    if (!config.tokens.contains(name)) continue;
    refuse(user);
    config.problems.push_back({.line = lines.find(name)->second, .message = "user." + name + ": is the name of a token"});
  }
}

/// An id that two sections claim, or that is the name of another one, is given to none of those who claim it. As it may be
/// the one that a denial names, they are treated as sections with a mistake are. `others`: names of what is of another kind, but could be
/// meant by the id.
template <typename Entry, typename Other>
void check_ids(Entries<Entry>& entries, const Entries<Other>& others, const std::map<std::string, int, std::less<>>& lines, const std::string& kind,
               std::vector<ConfigProblem>& problems) {
  std::map<std::string, std::vector<Entry*>> claims;
  for (auto& [name, entry] : entries) {
    for (const std::string& id : entry.ids) claims[id].push_back(&entry);
  }
  for (const auto& [id, claimants] : claims) {
    const auto named = entries.find(id);
    const bool is_name = named != entries.end();
    const bool is_name_of_another = others.contains(id) || (is_name && (claimants.size() > 1 || claimants.front() != &named->second));
    if (claimants.size() == 1 && !is_name_of_another) continue;
    for (Entry* claimant : claimants) {
      if (is_name && claimant == &named->second && !others.contains(id)) continue;
      std::erase(claimant->ids, id);
      refuse(*claimant);
      const std::string owner = others.contains(id) ? "is the name of a token" : "belongs to another " + kind + " as well";
      const std::string message = kind + "." + claimant->name + ": id '" + id + "' " + owner;
      problems.push_back({.line = lines.find(claimant->name)->second, .message = message});
    }
  }
}

/// Requests come from accounts: one that stands for two tokens could be either.
void check_accounts(Config& config, const std::map<std::string, int, std::less<>>& lines) {
  std::map<std::string, std::vector<TokenEntry*>> bound;
  for (auto& [name, token] : config.tokens) {
    if (!token.account.empty()) bound[token.account].push_back(&token);
  }
  for (const auto& [account, tokens] : bound) {
    if (tokens.size() == 1) continue;
    for (TokenEntry* token : tokens) {
      token->enabled = false;
      config.problems.push_back({.line = lines.find(token->name)->second,
                                 .message = "token." + token->name + ": account '" + account + "' belongs to another token as well"});
    }
  }
}

}  // namespace

Parsed<Config> Config::parse(std::string_view toml) {
  auto text = read_toml(toml);
  if (!text) return text.error();
  Config config = std::move(text->config);
  check_names(config, text->user_lines);
  check_ids(config.users, config.tokens, text->user_lines, "user", config.problems);
  check_ids(config.groups, Entries<GroupEntry>{}, text->group_lines, "group", config.problems);
  check_accounts(config, text->token_lines);
  std::stable_sort(config.problems.begin(), config.problems.end(),
                   [](const ConfigProblem& a, const ConfigProblem& b) { return a.line < b.line; });
  return config;
}

std::string message_of(const std::string& file, std::string_view text, const ParseError& error) {
  const std::string_view before = text.substr(0, error.offset);
  return file + ':' + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ": " + error.message;
}

Parsed<Config> Config::load(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return ParseError{.message = file + ": " + std::strerror(text.error().errno_value())};
  auto config = parse(*text);
  if (!config) return ParseError{.message = message_of(file, *text, config.error()), .offset = config.error().offset};
  return config;
}

std::optional<std::string> Config::role(std::string_view name) const {
  if (const auto own = roles.find(name); own != roles.end()) return own->second.permissions;
  if (broken_roles.contains(name)) return std::nullopt;
  return acl::builtin_role(name);
}

}  // namespace acefs::principal
