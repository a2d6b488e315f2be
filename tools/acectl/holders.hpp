// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "acefs/acl/decide.hpp"
#include "common/chain.hpp"
#include "common/settings.hpp"

namespace acefs::tool::acectl {

/// Somebody, or some group, who may have permissions on a node.
struct Holder {
  enum class Kind { User, Token, Group, Everyone };
  Kind kind = Kind::User;
  std::string name;       ///< "u:alice", "u:alice!ci", "g:staff", "everyone@"
  std::string remark;     ///< "owner", "group of the file", "no such user" …; may be empty
  acl::Identity who;
};

/// All whom the ACEs on `chain` name, the owner and the group of the node, users and tokens of acefs.toml, and everyone. A user stands here with all his
/// groups; a group as one who is in that group and no other; everyone as one of whom nothing is known. `members`: also those
/// who are in the groups, as far as the name service and acefs.toml list them.
std::vector<Holder> holders_of(const Chain& chain, Settings& settings, acl::TimePoint now, bool members);

}  // namespace acefs::tool::acectl
