// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "acefs/backing/grants.hpp"
#include "acefs/base/result.hpp"
#include "change_order.hpp"
#include "node_attributes.hpp"
#include "side_map.hpp"
#include "xattrs.hpp"

namespace acefs::backing {

/// Makes one batch of changes to one node. Made for each apply().
///
/// Threads of this process exclude one another per inode before they come here. Another process is excluded by the lock of
/// the side file only, so whoever wrote an xattr looks at the marker afterwards, and makes his change again in the side
/// file when it was set meanwhile; and whoever set the marker looks for xattrs that changed before that (Offload). Each
/// finds what the other did.
class GrantWriter {
 public:
  GrantWriter(int root, const StoreOptions& options, int fd);

  Status apply(const KeyedChanges& changes, int flags);

 private:
  /// Whether changes may be refused because of what is there. Not those that were made once already.
  enum class Existence { Matters, WasChecked };

  Status write_one(const KeyedChanges& changes, int flags);
  Status write_several(const KeyedChanges& changes, int flags);
  Status make(const Change& change, int flags) const;
  Status make_in_order(std::span<const Change> ordered, const KeyedChanges& changes, const Attributes& old);
  Status take_back(std::span<const Change> made, const Attributes& old) const;
  Status offload(const KeyedChanges& changes, int flags, Existence existence);
  Status follow_marker(const KeyedChanges& changes) const;

  Status change_side_file(const KeyedChanges& changes, int flags, Existence existence) const;
  Status change_locked_side_file(const std::string& path, const KeyedChanges& changes, int flags, Existence existence) const;

  std::string full(std::string_view key) const { return names_.grant + std::string(key); }
  Status check_existence(const KeyedChanges& changes, const Attributes& attributes, int flags) const;
  bool pass_limit(const KeyedChanges& changes, const Attributes& attributes) const;
  Result<bool> pass_list_limit(const KeyedChanges& changes) const;

  int root_;
  int fd_;
  Overflow overflow_;
  Xattrs xattrs_;
  NodeNames names_;
};

}  // namespace acefs::backing
