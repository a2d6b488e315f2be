// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace acefs::fs {

/// What an attribute's name says about who may do what with it.
enum class XattrKind {
  User,      ///< `user.*` of the users
  Grant,     ///< a grant of this mount's prefix
  Marker,    ///< says that grants moved to a side file; the mount shows grants as if they had not
  Reserved,  ///< other `user.oc.*` and `user.ocis.*`: OpenCloud's own
  Security,  ///< `security.*`
  Trusted,   ///< `trusted.*`
  Virtual,   ///< `system.acefs.*`: answers of the daemon
  System,    ///< everything else: POSIX ACLs among it
};

/// `prefix`: of grants, of the form `user.BASE.NAME.`; everything below `user.BASE.` is reserved.
XattrKind xattr_kind(std::string_view name, std::string_view prefix);

}  // namespace acefs::fs
