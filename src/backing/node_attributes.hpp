// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "acefs/base/result.hpp"
#include "side_map.hpp"
#include "xattrs.hpp"

namespace acefs::backing {

/// The names of a node's attributes, all made from the prefix of grants: `user.oc.grant.` gives `user.oc.id` and so on.
struct NodeNames {
  explicit NodeNames(std::string_view grant_prefix);

  /// Whether an attribute moves to the side file together with the grants: these and `md.*`, as in reva.
  bool moves(std::string_view name) const { return name.starts_with(grant) || name.starts_with(metadata); }

  /// Whether an attribute says anything of the node's grants.
  bool concerns(std::string_view name) const { return name.starts_with(grant) || name == marker; }

  std::string grant;     ///< `user.oc.grant.`
  std::string metadata;  ///< `user.oc.md.`
  std::string id;        ///< `user.oc.id`
  std::string marker;    ///< `user.oc.metadata_offloaded`
};

/// The marker's value on a node whose grants are in its side file; any other value means nothing, as in reva.
inline constexpr const char* kOffloaded = "1";

/// What a node's xattrs hold of what may move: grants and `md.*`. One that vanishes meanwhile is left out.
Result<Attributes> moving_attributes(const Xattrs& xattrs, const NodeNames& names);
/// The same of a list of names that was read before.
Result<Attributes> moving_attributes(const Xattrs& xattrs, const NodeNames& names, const std::vector<std::string>& listed);

/// Whether the marker says that the grants are in the side file.
Result<bool> is_offloaded(const Xattrs& xattrs, const NodeNames& names);

/// Removes these attributes; one that is gone already is fine.
Status remove_attributes(const Xattrs& xattrs, const Attributes& attributes);

/// Puts what was changed on the inode on disk. A side file synced afterwards must not get there first: on a filesystem that
/// logs each inode by itself a crash would bring a removed xattr back.
Status sync_node(int root, int fd);

}  // namespace acefs::backing
