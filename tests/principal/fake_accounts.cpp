// SPDX-License-Identifier: MIT
#include "fake_accounts.hpp"

#include <algorithm>
#include <stdexcept>

namespace acefs::test {

void FakeAccounts::add_user(uid_t uid, const std::string& name, gid_t primary, std::vector<gid_t> groups) {
  const std::lock_guard lock(mutex_);
  users_[uid] = {.name = name, .primary = primary, .groups = std::move(groups)};
}

void FakeAccounts::add_group(gid_t gid, const std::string& name) {
  const std::lock_guard lock(mutex_);
  groups_[gid] = name;
}

void FakeAccounts::add_thread(pid_t pid, std::vector<gid_t> groups, uid_t uid, gid_t gid) {
  const std::lock_guard lock(mutex_);
  threads_[pid] = {.uid = uid, .gid = gid, .groups = std::move(groups)};
}

void FakeAccounts::set_away(bool away) {
  const std::lock_guard lock(mutex_);
  away_ = away;
}

std::optional<std::string> FakeAccounts::user_name(uid_t uid) {
  ++names_;
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(uid);
  return away_ || found == users_.end() ? std::nullopt : std::optional(found->second.name);
}

std::optional<uid_t> FakeAccounts::user_id(const std::string& name) {
  ++names_;
  const std::lock_guard lock(mutex_);
  if (away_) return std::nullopt;
  for (const auto& [uid, user] : users_) {
    if (user.name == name) return uid;
  }
  return std::nullopt;
}

std::optional<gid_t> FakeAccounts::primary_group(uid_t uid) {
  ++names_;
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(uid);
  return away_ || found == users_.end() ? std::nullopt : std::optional(found->second.primary);
}

std::optional<std::string> FakeAccounts::group_name(gid_t gid) {
  ++names_;
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(gid);
  return away_ || found == groups_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<gid_t> FakeAccounts::group_id(const std::string& name) {
  ++names_;
  const std::lock_guard lock(mutex_);
  if (away_) return std::nullopt;
  for (const auto& [gid, group] : groups_) {
    if (group == name) return gid;
  }
  return std::nullopt;
}

std::optional<std::vector<gid_t>> FakeAccounts::groups_of(const std::string& user, gid_t primary) {
  ++names_;
  const std::lock_guard lock(mutex_);
  if (away_) return std::nullopt;
  for (const auto& [uid, known] : users_) {
    if (known.name != user) continue;
    auto groups = known.groups;
    groups.push_back(primary);
    return groups;
  }
  return std::nullopt;
}

std::optional<std::vector<gid_t>> FakeAccounts::groups_of(const principal::Caller& caller) {
  ++threads_asked_;
  const std::lock_guard lock(mutex_);
  const auto found = threads_.find(caller.pid);
  if (found == threads_.end() || found->second.uid != caller.uid || found->second.gid != caller.gid) return std::nullopt;
  return found->second.groups;
}

std::shared_ptr<const principal::Config> config_of(std::string_view toml) {
  auto config = principal::Config::parse(toml);
  if (!config) throw std::invalid_argument(config.error().message);
  if (!config->problems.empty()) throw std::invalid_argument(config->problems.front().message);
  return std::make_shared<const principal::Config>(std::move(*config));
}

std::string called(const acl::Identity& identity, const acl::PrincipalTable& principals) {
  std::vector<std::string> names;
  for (const acl::PrincipalId id : identity.principals) names.push_back(principals.name(id));
  std::sort(names.begin(), names.end());
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : " ") + name;
  return joined;
}

}  // namespace acefs::test
