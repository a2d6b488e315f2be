// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "fuse/libfuse.hpp"
#include "node/node.hpp"

namespace acefs::fuse {

/// Lends backing files to the kernel, which then reads and writes them without asking (FUSE passthrough, Linux 6.9). Thread-safe.
///
/// All handles of one inode must go the same way (fs/fuse/iomode.c): the first decides for as long as any is open.
class Passthrough {
 public:
  /// Whether the kernel agreed; nothing is lent otherwise.
  void enable(bool on) { enabled_ = on; }
  bool enabled() const { return enabled_; }

  /// A handle of the node is being opened by `req`, with `fd` as its backing file: the number to answer with, or 0 when the daemon
  /// serves the handle.
  int open(fuse_req_t req, node::NodeId id, int fd);
  /// The handle is gone. `device`: the session's /dev/fuse.
  void close(int device, node::NodeId id);

 private:
  struct Lent {
    int backing_id = 0;  ///< 0: the daemon serves this inode
    std::uint64_t handles = 0;
  };

  std::atomic<bool> enabled_{false};
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Lent> lent_;
};

}  // namespace acefs::fuse
