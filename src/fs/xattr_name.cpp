// SPDX-License-Identifier: MIT
#include "fs/xattr_name.hpp"

#include "acefs/acl/ace.hpp"
#include "fs/virtual_xattr.hpp"

namespace acefs::fs {

XattrKind xattr_kind(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix) && acl::parse_key(name.substr(prefix.size()))) return XattrKind::Grant;
  // What the grant store believes of a node must be out of its users' reach, whatever the prefix.
  const std::string_view base = prefix.substr(0, prefix.rfind('.', prefix.size() - 2) + 1);
  if (name.starts_with(base) && name.substr(base.size()) == "metadata_offloaded") return XattrKind::Marker;
  if (name.starts_with("user.oc.") || name.starts_with("user.ocis.") || name.starts_with(base)) return XattrKind::Reserved;
  if (name.starts_with("user.")) return XattrKind::User;
  if (name.starts_with("security.")) return XattrKind::Security;
  if (name.starts_with("trusted.")) return XattrKind::Trusted;
  if (name.starts_with(kVirtualPrefix)) return XattrKind::Virtual;
  return nfs4_form_of(name) ? XattrKind::Nfs4 : XattrKind::System;
}

std::optional<nfs4::Form> nfs4_form_of(std::string_view name) {
  if (name == kNfs4AclName) return nfs4::Form::Acl;
  if (name == "system.nfs4_dacl") return nfs4::Form::Dacl;
  if (name == "system.nfs4_acl_xdr") return nfs4::Form::Numbers;
  return std::nullopt;
}

}  // namespace acefs::fs
