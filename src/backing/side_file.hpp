// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "acefs/backing/grants.hpp"
#include "acefs/base/result.hpp"
#include "acefs/base/unique_fd.hpp"
#include "side_map.hpp"

namespace acefs::backing {

/// What a side file holds, and which state of it was read.
struct SideContent {
  Attributes attributes;
  SideStamp stamp;
  std::string owner;  ///< kSideOwner; empty: there is none
};

/// Where the side file of the node `id` is, relative to the root: `.oc-nodes/aa/bb/cc/dd/rest.mpk`, short ids stop
/// early (reva hybrid_backend.go, pathify(id, 4, 2)).
///
/// An id is a stored attribute, so it may be anything: EIO for one that is empty, longer than 200 bytes, or whose path would
/// leave its place ('/', NUL, a part that is `.` or `..`).
Result<std::string> side_path_of(std::string_view id);

/// Opens beneath `root` only and through no symlink. EIO: it is missing, no regular file, larger than 64 MiB, or not a
/// MessagePack map; a lack of memory or descriptors is told as it is.
Result<SideContent> read_side_file(int root, const std::string& path);

/// Replaces the file: temporary name, fsync, rename, fsync of the directory. Makes the directories that are missing
/// (0700; the file 0600). `owner`: side_owner() of the node; not stored where that is impossible. The caller holds the lock of the node.
Status write_side_file(int root, const std::string& path, const Attributes& attributes, const std::string& owner);

Status remove_side_file(int root, const std::string& path);
/// Removes what there is of a side file that no node was ever pointed to: it, its lock, and those of its directories that are empty.
void remove_side_traces(int root, std::string_view id, std::string path);

/// Waits for `.oc-nodes/locks/<id>.mlock` (flock, as reva does); held until the descriptor is closed. Threads exclude one
/// another too, each having its own open file description. The file stays: unlinking it would let two in.
Result<UniqueFd> lock_side_file(int root, std::string_view id);

/// The stamp of the file at `path`.
Result<SideStamp> stamp_of(int root, const std::string& path);

}  // namespace acefs::backing
