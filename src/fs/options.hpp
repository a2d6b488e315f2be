// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "acefs/acl/decide.hpp"
#include "audit/sink.hpp"

namespace acefs::fs {

/// Where locks taken through the mount live.
enum class Locks {
  Backing,  ///< on the backing files: seen by processes that use the tree directly, and they by us
  Local,    ///< in the kernel, among users of this mount only (and with deadlock detection)
};

/// What a mount was asked to be.
struct Options {
  acl::Profile profile;
  std::string prefix;       ///< of grants, "user.oc.grant."
  Locks locks = Locks::Backing;
  bool public_cache = false;  ///< the kernel may keep what everybody may see
  audit::Sink* audit = nullptr;  ///< hears of what audit and alarm ACEs ask for; nullptr: nobody does
  bool audit_denials = false;    ///< and of all that is refused
  bool checks = true;       ///< false: everything is allowed, to measure what deciding costs
  std::function<std::string()> status;  ///< lines of key=value that tell what the mount is doing; may be empty
  bool hide_unreadable = false;  ///< listings leave out what the caller can see nothing of
  std::string domain;       ///< NFSv4 clients may write names as name@domain; empty: as names only
  bool list_nfs4_acl = true;  ///< `system.nfs4_acl` is among the attributes of nodes that have ACEs
  std::size_t handles = 0;  ///< how many files and directories may be open at once; 0: no limit
  bool nfs_export = false;  ///< nodes stay known after the kernel forgot them, so that NFS handles stay valid
};

}  // namespace acefs::fs
