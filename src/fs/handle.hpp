// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "fs/authorize.hpp"

namespace acefs::fs {

/// A file somebody opened.
struct OpenFile {
  node::NodePtr node;
  node::SharedFd fd;
  principal::Caller opener;
  acl::AccessMask need;      ///< letters it was opened with; they must still be there
  acl::AccessMask base;      ///< what mode and ownership gave at that time: chmod never revokes a handle
  bool append_only = false;  ///< opened with `a` and without `w`

  /// What the last re-check saw: as long as it is the same, the verdict is too.
  struct Seen {
    node::NodePtr node;
    std::shared_ptr<const acl::Acl> acl;
    mode_t mode = 0;
    uid_t uid = 0;
    gid_t gid = 0;
  };
  std::mutex mutex;
  std::vector<Seen> seen;
  IdentityPtr who;
  acl::TimePoint next_expiry = 0;
  std::uint64_t epoch = 0;  ///< of the resolver
  std::vector<std::uint64_t> lock_owners;  ///< who locked through this handle
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
