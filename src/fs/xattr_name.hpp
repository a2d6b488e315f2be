// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "nfs4/xdr.hpp"

namespace acefs::fs {

/// What an attribute's name says about who may do what with it.
enum class XattrKind {
  User,      ///< `user.*` of the users
  Grant,     ///< a grant of this mount's prefix
  Marker,    ///< says that grants moved to a side file; the mount shows grants as if they had not
  Reserved,  ///< other `user.oc.*` and `user.ocis.*`: OpenCloud's own
  Security,  ///< `security.*`
  Trusted,   ///< `trusted.*`
  Nfs4,      ///< the whole ACL in one of NFSv4's forms: nfs4_form_of()
  Virtual,   ///< `system.acefs.*`: answers of the daemon
  System,    ///< everything else: POSIX ACLs among it
};

/// `prefix`: of grants, of the form `user.BASE.NAME.`; everything below `user.BASE.` is reserved.
XattrKind xattr_kind(std::string_view name, std::string_view prefix);

inline constexpr std::string_view kNfs4AclName = "system.nfs4_acl";
/// Nothing: not one of these.
std::optional<nfs4::Form> nfs4_form_of(std::string_view name);

}  // namespace acefs::fs
