// SPDX-License-Identifier: MIT
#include "uids.hpp"

#include "number.hpp"

namespace acefs::principal {

std::optional<uid_t> Uids::of(const std::string& name) {
  if (const auto number = number_of(name)) return number;
  if (const auto section = config_->users.find(name); section != config_->users.end() && section->second.uid) return section->second.uid;
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  asked_ = true;
  auto uid = accounts_ != nullptr ? accounts_->user_id(name) : std::nullopt;
  if (const auto known = before_.find(name); !uid && known != before_.end()) uid = known->second;
  if (uid) known_.emplace(name, *uid);
  else lacking_ = true;
  return uid;
}

}  // namespace acefs::principal
