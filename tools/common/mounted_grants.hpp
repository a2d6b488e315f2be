// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>

#include "acefs/backing/grants.hpp"
#include "acefs/base/result.hpp"
#include "node.hpp"
#include "tree.hpp"

namespace acefs::tool {

/// Whether `node` is served by acefs: the daemon answers for `system.acefs.version`, other filesystems do not.
bool is_on_mount(const Node& node);
/// The prefix of grants on this mount, as the daemon says.
std::string mounted_prefix(const Node& node);

/// The grants that this process may read. Where there are more names than listxattr(2) can carry (E2BIG beyond 64 KiB) they
/// are read from the daemon's pages, `system.acefs.grants.<N>`: each a MessagePack map of a part of them, the first empty
/// value ends.
Result<GrantMap> read_mounted_grants(const Node& node, const std::string& prefix);
/// Whether the caller may read the ACL (c). The daemon is asked for a grant that nobody has: who may read it is told that it
/// is not there, the others that they may not ask.
Result<bool> may_read_acl(const Node& node, const std::string& prefix);
/// Sets or removes one grant. To remove what is not there is no error.
Status write_mounted_grant(const Node& node, const std::string& name, const std::optional<std::string>& value, int flags = 0);

/// Writes as many of the changes as fit into one request, in one change of the node; how many.
Result<std::size_t> write_mounted_batch(const Node& node, std::span<const backing::Change> changes);

}  // namespace acefs::tool
