// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "acefs/acl/acl.hpp"
#include "acefs/acl/text.hpp"
#include "common/chain.hpp"

namespace acefs::tool::acectl {

/// ACEs that a node is thought to have, or not to have; the node itself stays as it is.
class WhatIf {
 public:
  /// Entries as `setace -m` takes them, and as `setace -x` does. An error is a sentence.
  static Result<WhatIf, std::string> read(const std::vector<std::string>& with, const std::vector<std::string>& without,
                                          const acl::RoleLookup& roles);

  bool empty() const { return with_.empty() && without_.empty(); }
  /// Changes the ACL of `node` in `chain`, if it is one of its segments. Nothing: done. Else what is wrong: an ACE that is to be thought
  /// away is not there, or the node can have none.
  std::optional<std::string> imagine(Chain& chain, const struct stat& node, acl::PrincipalTable& principals) const;

 private:
  std::vector<acl::Grant> with_;
  std::vector<acl::GrantKey> without_;
};

}  // namespace acefs::tool::acectl
