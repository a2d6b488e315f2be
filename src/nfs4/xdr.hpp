// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "nfs4/ace.hpp"

namespace acefs::nfs4 {

/// The byte forms in which programs read and write an ACL as an extended attribute.
enum class Form {
  Acl,      ///< `system.nfs4_acl`: the nfsace4<> of the protocol (Linux NFS client, nfs4-acl-tools, Samba's nfs encoding)
  Dacl,     ///< `system.nfs4_dacl`: the aclflag word of NFSv4.1, then the same; allows and denials only
  Numbers,  ///< `system.nfs4_acl_xdr` of TrueNAS: five words an ACE, ids instead of names
};

/// No attribute is larger (XATTR_SIZE_MAX of the kernel).
inline constexpr std::size_t kMaxBytes = 65536;

/// Reads one of the forms. In `Form::Numbers` a principal's `who` is its decimal number, and no bytes at all are the empty list
/// (that is how its tools strip an ACL), but a header without ACEs is not.
///
/// Flag 0x40 of a special who is ignored, 0x80 is dropped but in `Form::Dacl`, and the aclflag word everywhere. Fails with EOPNOTSUPP
/// when that says that nothing may be inherited (PROTECTED), with E2BIG above kMaxBytes, else with EINVAL: cut short, trailing bytes, padding that is not zero, an unknown type, reserved
/// bits, an empty who or one with a NUL byte. The reason names the ACE by its position, from 1.
Outcome<AceList> decode(Form form, std::string_view bytes);

/// The bytes that strip an ACL.
constexpr std::string_view empty_list(Form form) {
  constexpr std::string_view kZeros("\0\0\0\0\0\0\0\0", 8);
  return form == Form::Acl ? kZeros.substr(0, 4) : form == Form::Dacl ? kZeros : std::string_view();
}

/// Writes one of the forms; GROUP@ with flag 0x40, as nfs4_setfacl and servers do. The aclflag word is 0; of a Dacl in which
/// something is inherited or inheritable it says so (AUTO_INHERIT): without it Samba marks nothing that it inherits.
///
/// Fails with E2BIG above kMaxBytes, EINVAL for a who that cannot be on the wire, and, in `Form::Numbers`, EOPNOTSUPP for one that
/// is no number: an ACE is never left out.
Outcome<std::string> encode(Form form, const AceList& acl);

}  // namespace acefs::nfs4
