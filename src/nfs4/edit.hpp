// SPDX-License-Identifier: MIT
#pragma once

#include "acefs/acl/ace.hpp"
#include "nfs4/merge.hpp"

namespace acefs::nfs4 {

/// What is to be stored under a key: `part`, as an ACE of the key's type, or a full denial under the plain key.
struct Wanted {
  acl::GrantKey key;
  Part part;
  bool full_denial = false;  ///< of everything, also what has no bit
};

/// The ACE to store. It is `before` edited, if there is one: the person keeps what NFSv4 cannot say of him, that is expiry, creator,
/// share time, label, password, unknown fields, letters without a bit, flags that mean the same. Without letters in the end it is
/// not worth storing: nothing.
std::optional<acl::Ace> edited(const std::optional<acl::Ace>& before, const Wanted& wanted, bool is_directory);

}  // namespace acefs::nfs4
