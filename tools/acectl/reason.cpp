// SPDX-License-Identifier: MIT
#include "reason.hpp"

namespace acefs::tool::acectl {

const char* name_of(acl::ReasonKind kind) {
  switch (kind) {
    case acl::ReasonKind::Granted: return "granted";
    case acl::ReasonKind::GrantedToRoot: return "granted_to_root";
    case acl::ReasonKind::DeniedByAce: return "denied_by_ace";
    case acl::ReasonKind::NotGranted: return "not_granted";
    case acl::ReasonKind::NoTraverse: return "no_traverse";
    case acl::ReasonKind::NotExecutable: return "not_executable";
    case acl::ReasonKind::Refused: return "refused";
  }
  return "not_granted";
}

}  // namespace acefs::tool::acectl
