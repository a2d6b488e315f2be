// SPDX-License-Identifier: MIT
#include "acefs/acl/decide.hpp"

namespace acefs::acl {

const char* name_of(ReasonKind kind) {
  switch (kind) {
    case ReasonKind::Granted: return "granted";
    case ReasonKind::GrantedToRoot: return "granted_to_root";
    case ReasonKind::DeniedByAce: return "denied_by_ace";
    case ReasonKind::NotGranted: return "not_granted";
    case ReasonKind::NoTraverse: return "no_traverse";
    case ReasonKind::NotExecutable: return "not_executable";
    case ReasonKind::Refused: return "refused";
  }
  return "not_granted";
}

}  // namespace acefs::acl
