// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "acefs/acl/acl.hpp"
#include "acefs/base/result.hpp"

namespace acefs::fs {

/// Attributes that exist on every node of a mount and are answered by the daemon; never listed.
///
///     system.acefs.version     the daemon's version: tells tools that a path is on an acefs mount
///     system.acefs.prefix      prefix of the grants' names
///     system.acefs.status      lines of key=value: which coherence source is in use, and so on
///     system.acefs.grants.N    page N of the node's grants, a MessagePack map of key (behind the prefix) to value; empty
///                              behind the last one. For nodes with more grants than listxattr(2) can name (64 KiB).
///     system.acefs.apply       written only: a MessagePack map of key to value, all set in one change; an empty value removes.
inline constexpr std::string_view kVirtualPrefix = "system.acefs.";
inline constexpr std::string_view kStatusName = "system.acefs.status";
inline constexpr std::string_view kApplyName = "system.acefs.apply";

/// Whether `name` is a page of the node's grants.
bool is_grants_page(std::string_view name);

/// ENODATA: no such attribute. `may_see`: which grants go out.
Result<std::string> virtual_xattr(std::string_view name, const std::string& prefix, const acl::Acl& acl,
                                  const std::function<bool(const acl::Grant&)>& may_see);

}  // namespace acefs::fs
