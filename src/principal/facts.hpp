// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "acefs/acl/acl.hpp"
#include "acefs/principal/config.hpp"
#include "acefs/principal/resolver.hpp"
#include "refusals.hpp"
#include "tokens.hpp"

namespace acefs::principal {

using PrincipalIds = std::vector<acl::PrincipalId>;

/// Sorts and drops what is there twice, as Identity wants it.
void make_set(PrincipalIds& ids);

/// What is known of a user whatever he does: by NSS and acefs.toml.
struct UserFacts {
  PrincipalIds names;         ///< `u:` principals, a set
  PrincipalIds local_groups;  ///< `g:` principals of the groups of acefs.toml that list him
  Refusal refusal;            ///< by the sections that name him
  std::string creator;        ///< the token, else the first id, else account name, else number
};

/// Asks NSS; no lock may be held. `token`: that the account is bound to, nullptr: none.
UserFacts user_facts(uid_t uid, const Token* token, const Config& config, Accounts& accounts, acl::PrincipalTable& principals);
/// The `g:` principals of one group: NSS name, number, and the names and ids that acefs.toml has for it.
PrincipalIds group_facts(gid_t gid, const Config& config, Accounts& accounts, acl::PrincipalTable& principals);

}  // namespace acefs::principal
