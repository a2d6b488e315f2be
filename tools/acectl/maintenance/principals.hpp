// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "common/settings.hpp"

namespace acefs::tool::acectl {

/// Tells whether anybody is called as an ACE says. NSS may be far away: answers are kept, a bounded number of them.
class KnownPrincipals {
 public:
  explicit KnownPrincipals(Settings& settings) : settings_(settings) {}

  /// `principal`: "u:alice", "g:staff", "o:OWNER@". A decimal number always names somebody.
  bool knows(const std::string& principal);

 private:
  bool ask(const std::string& principal);

  Settings& settings_;
  std::map<std::string, bool, std::less<>> answers_;
};

}  // namespace acefs::tool::acectl
