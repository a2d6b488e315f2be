// SPDX-License-Identifier: MIT
#include "acefs/principal/config.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "acefs/acl/text.hpp"
#include "acefs/base/unique_fd.hpp"
#include "config_toml.hpp"

namespace acefs::principal {

namespace {

void refuse(UserEntry& user) { user.enabled = false; }
void refuse(GroupEntry& group) { group.members.clear(); }

template <typename Entry>
using Entries = std::map<std::string, Entry, std::less<>>;

/// An id that two sections claim, or that is the name of another one, is given to none of those who claim it. As it may be
/// the one that a denial names, they are treated as sections with a mistake are.
template <typename Entry>
void check_ids(Entries<Entry>& entries, const std::map<std::string, int, std::less<>>& lines, const std::string& kind,
               std::vector<ConfigProblem>& problems) {
  std::map<std::string, std::vector<Entry*>> claims;
  for (auto& [name, entry] : entries) {
    for (const std::string& id : entry.ids) claims[id].push_back(&entry);
  }
  for (const auto& [id, claimants] : claims) {
    const auto named = entries.find(id);
    const bool is_name_of_another = named != entries.end() && (claimants.size() > 1 || claimants.front() != &named->second);
    if (claimants.size() == 1 && !is_name_of_another) continue;
    for (Entry* claimant : claimants) {
      if (is_name_of_another && claimant == &named->second) continue;
      std::erase(claimant->ids, id);
      refuse(*claimant);
      const std::string message = kind + "." + claimant->name + ": id '" + id + "' belongs to another " + kind + " as well";
      problems.push_back({.line = lines.find(claimant->name)->second, .message = message});
    }
  }
}

Result<std::string> read_file(const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Status::last();
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0) return Status::last();
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Parsed<Config> Config::parse(std::string_view toml) {
  auto text = read_toml(toml);
  if (!text) return text.error();
  Config config = std::move(text->config);
  check_ids(config.users, text->user_lines, "user", config.problems);
  check_ids(config.groups, text->group_lines, "group", config.problems);
  std::stable_sort(config.problems.begin(), config.problems.end(),
                   [](const ConfigProblem& a, const ConfigProblem& b) { return a.line < b.line; });
  return config;
}

Parsed<Config> Config::load(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return ParseError{.message = file + ": " + std::strerror(text.error().errno_value())};
  auto config = parse(*text);
  if (!config) return ParseError{.message = file + ": " + config.error().message, .offset = config.error().offset};
  return config;
}

std::optional<std::string> Config::role(std::string_view name) const {
  if (const auto own = roles.find(name); own != roles.end()) return own->second;
  if (broken_roles.contains(name)) return std::nullopt;
  return acl::builtin_role(name);
}

}  // namespace acefs::principal
