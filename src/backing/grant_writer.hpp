// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "acefs/backing/grants.hpp"
#include "acefs/base/result.hpp"
#include "change_order.hpp"
#include "node_attributes.hpp"
#include "node_lock.hpp"
#include "side_map.hpp"
#include "xattrs.hpp"

namespace acefs::backing {

/// Makes one batch of changes to one node. Made for each apply().
///
/// Threads of this process exclude one another per inode before they come here. Other processes are excluded by the lock of
/// the node, which has a name only once the node has an id. So whoever wrote xattrs of a node without id looks for an id
/// afterwards, and if there is one waits for the lock and makes his change again in the side file if the grants are there
/// by then; and whoever moves the grants sets the id before he looks at the xattrs for the last time (Offload). One of the two
/// finds the other.
class GrantWriter {
 public:
  GrantWriter(int root, const StoreOptions& options, int fd);

  Status apply(const KeyedChanges& changes, int flags);
  /// GrantStore::tidy.
  Status tidy();

 private:
  /// Whether changes may be refused because of what is there. Not those that were made once already.
  enum class Existence { Matters, WasChecked };

  Status write_one(const KeyedChanges& changes, int flags);
  Status write_several(const KeyedChanges& changes, int flags);
  Status make(const Change& change, int flags) const;
  Status make_in_order(std::span<const Change> ordered, const KeyedChanges& changes, const Attributes& old, int flags);
  Status take_back(std::span<const Change> made, const Attributes& old) const;
  Status offload(const KeyedChanges& changes, int flags, Existence existence);
  void lock_if_named();
  Result<bool> moved_meanwhile();
  Status settle(const KeyedChanges& changes);

  Status change_side_file(const KeyedChanges& changes, int flags, Existence existence);
  Status change_locked_side_file(const std::string& path, Attributes attributes, const KeyedChanges& changes, int flags,
                                 Existence existence) const;
  Status part_from_original(const Attributes& shared) const;

  std::string full(std::string_view key) const { return names_.grant + std::string(key); }
  Status check_existence(const KeyedChanges& changes, const Attributes& attributes, int flags) const;
  bool pass_limit(const KeyedChanges& changes, const Attributes& attributes) const;
  Result<bool> pass_list_limit(const KeyedChanges& changes) const;

  int root_;
  int fd_;
  Overflow overflow_;
  Xattrs xattrs_;
  NodeNames names_;
  NodeLock lock_;
  std::string owner_;  ///< side_owner() of the node
};

}  // namespace acefs::backing
