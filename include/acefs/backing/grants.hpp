// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/acl/ace.hpp"
#include "acefs/base/result.hpp"

namespace acefs::backing {

inline constexpr std::string_view kDefaultPrefix = "user.oc.grant.";
/// Directory below the root of the tree that holds side files; never visible through the mount.
inline constexpr std::string_view kSideDir = ".oc-nodes";

/// `overflow=auto` moves grants to the side file when the backing refuses them (ENOSPC, E2BIG); `always` also when the
/// names and values of the node's grants pass 1024 bytes, as OpenCloud's hybrid backend does.
enum class Overflow { Auto, Always };

struct StoreOptions {
  std::string prefix{kDefaultPrefix};
  Overflow overflow = Overflow::Auto;
};

/// What tells whether a side file is still the one that was read.
struct SideStamp {
  ino_t ino = 0;
  off_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  friend bool operator==(const SideStamp&, const SideStamp&) = default;
};

/// The grants of a node as bytes: what follows the prefix → value. Names under the prefix that are not keys of grants included.
struct StoredGrants {
  std::map<std::string, std::string, std::less<>> values;
  std::string side_path;            ///< relative to the root, empty: the node has no side file
  std::optional<SideStamp> stamp;   ///< of the side file that was read
};

/// One change to a node's grants: the key that follows the prefix, and its new value or nothing to remove it.
struct Change {
  std::string key;
  std::optional<std::string> value;
};

/// Reads and writes the grants of single nodes below one root: xattrs, and the side file when they overflowed.
///
/// Nodes are given as descriptors (O_PATH suffices: attributes are reached through /proc/self/fd). Thread-safe. Writers of
/// side files, this process's and others', exclude one another by flock on `.oc-nodes/locks/<id>.mlock`, as reva does.
class GrantStore {
 public:
  /// `root_fd` is borrowed and must outlive the store; -1: there is no side directory (overflow fails with ENOSPC).
  GrantStore(int root_fd, StoreOptions options);

  const StoreOptions& options() const { return options_; }

  /// xattrs first, then the marker, then the side file, which wins. ENOTSUP-like errors (no user xattrs on this kind of
  /// node or filesystem) give an empty result. EIO: the side file is there but cannot be understood, or the marker is set
  /// and the side file is missing: nobody may be let in on a guess. E2BIG cannot happen for nodes that overflowed.
  Result<StoredGrants> read(int fd) const;
  /// Whether what has that name now has no grants, as most files: one system call, without a descriptor. False: it has some, or it
  /// cannot be told this way. The caller finds out whether it was the right inode.
  bool none_at(int dir, const char* name) const;

  /// Whether the side file that `stamp` describes is unchanged (one statx of `side_path`).
  bool side_unchanged(const std::string& side_path, const std::optional<SideStamp>& stamp) const;

  /// Applies all changes, or none. With a single change to a node without side file this is one setxattr or removexattr, with any
  /// number to one with a side file, or to one that gets it now, one rename: a crash leaves the old grants or the new ones.
  /// Several changes made as xattrs are made one by one, what takes rights first and what gives last: a crash, or a reader
  /// in between, finds each grant old or new, none lost, and no right that neither all the old nor all the new ones give (unless
  /// several changes both give and take). Removing what is not there: ENODATA. Of two changes to one key the last counts.
  /// Side files and locks belong to whoever the thread acts as.
  /// `flags`: XATTR_CREATE (EEXIST when there) or XATTR_REPLACE (ENODATA when not), for every change with a value; 0: either.
  Status apply(int fd, std::span<const Change> changes, int flags = 0);
  /// Takes grants that are attributes still, beside the node's side file (left by a crash, or copied there), into the side file or,
  /// where that says otherwise, away. What read() gives stays the same. Nothing to do for a node without side file.
  Status tidy(int fd);

 private:
  int root_fd_;
  StoreOptions options_;
};

}  // namespace acefs::backing
