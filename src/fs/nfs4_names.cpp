// SPDX-License-Identifier: MIT
#include "fs/nfs4_names.hpp"

namespace acefs::fs {
namespace {

bool is_special(std::string_view principal) { return principal.starts_with("o:"); }

}  // namespace

NodeNames::NodeNames(principal::Resolver& resolver, const std::string& domain, const acl::Acl& stored)
    : resolver_(resolver), plain_(domain), config_(resolver.config()) {
  for (const auto& [name, user] : config_->users) {
    for (const std::string& id : user.ids) sections_.emplace("u:" + id, "u:" + name);
  }
  for (const auto& [name, group] : config_->groups) {
    for (const std::string& id : group.ids) sections_.emplace("g:" + id, "g:" + name);
  }
  // Who is stored under his own name has it; of several others that would be called the same the first.
  for (const bool by_own_name : {true, false}) {
    for (const acl::Grant& grant : stored.grants()) {
      const std::string& principal = grant.key.principal;
      if (is_special(principal) || shown_.contains(principal)) continue;
      const std::string name = name_of(principal);
      if ((name == principal) != by_own_name) continue;
      const bool taken = !stored_.emplace(name, principal).second;
      if (taken) stored_.emplace(principal, principal);
      shown_.emplace(principal, (taken ? principal : name).substr(2));
    }
  }
}

std::string NodeNames::name_of(const std::string& principal) const {
  const auto section = sections_.find(principal);
  return section != sections_.end() ? section->second : principal;
}

std::string NodeNames::shown(const std::string& principal) const {
  const auto known = shown_.find(principal);
  return known != shown_.end() ? known->second : plain_.shown(name_of(principal));
}

std::optional<std::string> NodeNames::stored(bool group, std::string_view who) const {
  auto named = plain_.stored(group, who);
  if (!named) return named;
  if (const auto known = stored_.find(*named); known != stored_.end()) return known->second;
  const std::string_view name = std::string_view(*named).substr(2);
  const auto first_id = [&](const auto& sections) {
    const auto section = sections.find(name);
    return section != sections.end() && !section->second.ids.empty() ? named->substr(0, 2) + section->second.ids.front() : *named;
  };
  return group ? first_id(config_->groups) : first_id(config_->users);
}

bool NodeNames::may_be_one(const std::string& a, const std::string& b) const {
  return plain_.may_be_one(a, b) || name_of(a) == name_of(b);
}

}  // namespace acefs::fs
