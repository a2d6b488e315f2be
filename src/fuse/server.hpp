// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>

#include "fs/ops.hpp"
#include "fuse/init_flags.hpp"
#include "fuse/kernel_cache.hpp"
#include "fuse/libfuse.hpp"
#include "fuse/lock_waiters.hpp"
#include "fuse/metrics.hpp"
#include "fuse/open_handles.hpp"
#include "fuse/passthrough.hpp"

namespace acefs::fuse {

/// What every handler finds in its request.
struct Server {
  fs::Ops& ops;
  LockWaiters& waiters;
  KernelCache& cache;
  /// How long the kernel may keep a name, in seconds. For ever is safe: every operation verifies the whole chain of the node it
  /// arrives at, and answers ESTALE when a name on it is gone, upon which the kernel looks it up again. Attributes and the
  /// absence of names are not kept: they would answer for the daemon, to a caller who may not ask. `cache` is the exception.
  double name_timeout;
  /// Another one for each start, never 0: file handles that NFS clients keep from a former daemon must not open other files.
  std::uint64_t generation;
  /// Called once, when the kernel and the daemon have agreed and requests are served.
  std::function<void()> on_ready;
  Metrics metrics{};
  OpenHandles<fs::OpenFile> files{};
  OpenHandles<fs::OpenDir> dirs{};
  fuse_session* session = nullptr;  ///< set before the mount is made
  /// Whether the kernel is to read and write backing files by itself; then `passthrough` is enabled if it can.
  bool wants_passthrough = false;
  bool wants_direct = false;       ///< reads are to come one by one, not by way of the kernel's pages
  bool wants_io_uring = false;     ///< requests are exchanged by io_uring
  Passthrough passthrough{};
  InitFlags init_flags{};
  /// What kernel and library agreed to; set before requests are served.
  std::atomic<bool> clears_setid{false};  ///< the kernel leaves clearing setuid, setgid and capabilities on writes to us
  std::atomic<bool> direct{false};        ///< handles that only read are direct, and can be mapped all the same
};

/// The operation table, in the order of fuse_lowlevel.h.
const fuse_lowlevel_ops& operations(fs::Locks locks);

}  // namespace acefs::fuse
