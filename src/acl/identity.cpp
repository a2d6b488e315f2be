// SPDX-License-Identifier: MIT
#include <algorithm>

#include "acefs/acl/decide.hpp"

namespace acefs::acl {

bool Identity::in_group(gid_t group) const {
  return group == gid || std::binary_search(groups.begin(), groups.end(), group);
}

bool Identity::is(PrincipalId principal) const {
  return std::binary_search(principals.begin(), principals.end(), principal);
}

}  // namespace acefs::acl
