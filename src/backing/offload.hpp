// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "acefs/base/result.hpp"
#include "node_attributes.hpp"
#include "node_lock.hpp"
#include "side_file.hpp"
#include "side_map.hpp"
#include "xattrs.hpp"

namespace acefs::backing {

/// Moves a node's grants to its side file. Made for each move.
///
/// At every point a reader, and whoever comes after a crash, finds the old grants or the new ones:
///
/// | after | what is read |
/// |---|---|
/// | side file written | old: without the marker the side file is not looked at |
/// | values shortened, where id and marker find no room beside the grants (ext4) | old rights; creator, label may be lost |
/// | id set | old |
/// | marker set | new: side file and xattrs, of which the side file wins |
/// | xattrs removed, one by one | new |
///
/// All of it is on disk at the end. A node that got its id from another (a copy made with its xattrs)
/// gets one of its own first, where it shows that the side file is the other's (side_owner.hpp).
class Offload {
 public:
  /// Everything is borrowed. `root` -1: there is no side directory.
  Offload(int root, int fd, const Xattrs& xattrs, const NodeNames& names, NodeLock& lock);

  /// Moves what the xattrs hold, with `changed` (full names) added or put in place of what is there. Nothing to do when another
  /// process was faster: the node is offloaded then, without `changed`: false. ENOSPC: no side directory, no room for id and
  /// marker, or none for the side file; then everything is as before.
  Result<bool> run(const Attributes& changed);

 private:
  Result<bool> move(const std::string& id, bool made, const Attributes& changed);
  void remove_traces(const std::string& id) const;
  Status point_to_side_file(const std::string& id, bool made, const std::string& path, const Attributes& changed);
  Status take_over_late_changes(const std::string& path, const Attributes& changed);
  Result<bool> refresh();
  void recover_shortened(const SideContent& left);
  Status place(const std::string& name, const std::string& value, int flags);
  bool shorten_one();

  int root_;
  int fd_;
  const Xattrs& xattrs_;
  const NodeNames& names_;
  NodeLock& lock_;
  const std::string owner_;  ///< side_owner() of the node
  Attributes whole_;   ///< the attributes as they are meant
  Attributes stored_;  ///< as the xattrs hold them: shortened ones differ
};

}  // namespace acefs::backing
