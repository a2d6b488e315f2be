// SPDX-License-Identifier: MIT
#include "principals.hpp"

#include <algorithm>

namespace acefs::tool::acectl {

namespace {

constexpr std::size_t kMostAnswers = 65536;

}  // namespace

bool KnownPrincipals::knows(const std::string& principal) {
  if (const auto known = answers_.find(principal); known != answers_.end()) return known->second;
  if (answers_.size() >= kMostAnswers) answers_.clear();
  return answers_.emplace(principal, ask(principal)).first->second;
}

bool KnownPrincipals::ask(const std::string& principal) {
  if (principal.starts_with("o:"))
    return principal == acl::kOwnerWho || principal == acl::kGroupWho || principal == acl::kEveryoneWho;
  if (settings_.resolver().number_of(principal)) return true;
  if (principal.starts_with("u:")) return settings_.config().tokens.contains(principal.substr(2));
  if (!principal.starts_with("g:")) return false;
  // A group that exists in acefs.toml only has no number.
  const std::string id = principal.substr(2);
  const auto& groups = settings_.config().groups;
  return std::any_of(groups.begin(), groups.end(), [&](const auto& item) {
    const auto& ids = item.second.ids;
    return item.first == id || std::find(ids.begin(), ids.end(), id) != ids.end();
  });
}

}  // namespace acefs::tool::acectl
