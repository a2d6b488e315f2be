// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "fs/authorize.hpp"
#include "fs/shares.hpp"

namespace acefs::fs {

/// A file somebody opened.
struct OpenFile {
  node::NodePtr node;
  node::SharedFd fd;
  principal::Caller opener;
  acl::AccessMask need;      ///< letters it was opened with; they must still be there
  acl::AccessMask base;      ///< what mode and ownership gave at that time: chmod never revokes a handle
  acl::AccessMask user_base; ///< the same for the user of a token
  uid_t base_of = 0;         ///< whose ownership that was: the user's of a token, else the caller's
  bool append_only = false;  ///< opened with `a` and without `w`
  Shares::Share share;       ///< of all handles that there may be
  bool lent = false;         ///< counted among those that the kernel may serve by itself

  std::mutex mutex;
  /// What the last re-check saw: as long as the ACLs are the same, the verdict is too.
  node::DirChainPtr above;
  node::AclPtr acl;
  /// Until when the coherence source vouches for that.
  std::uint64_t proven = 0;
  node::Stamp stamp = node::kNoStamp;
  /// Modes and owners as they were when the handle first met each node: a change of mode never revokes a handle. In the chain of the
  /// open until a change makes it necessary to write them down.
  node::DirChainPtr opened_above;
  node::Facts opened_facts;
  std::vector<std::pair<node::NodeId, node::Facts>> first_seen;
  IdentityPtr who;
  acl::TimePoint next_expiry = 0;
  std::uint64_t epoch = 0;  ///< of the resolver
  /// Who locked through this handle first, and the number that he had as an owner: what he locks after he gave up all is another's.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lock_owners;
};

/// A directory somebody opened for listing.
struct OpenDir {
  std::unique_ptr<OpenFile> file;  ///< the directory as any other handle, for its re-check

  std::mutex mutex;
  std::vector<char> buffer;   ///< getdents64 records not handed out yet
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t position = 0;  ///< directory offset of `begin`
};

}  // namespace acefs::fs
