// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "acefs/base/result.hpp"
#include "fuse/libfuse.hpp"

namespace acefs::fuse {

/// Agrees with the kernel on FUSE_DIRECT_IO_ALLOW_MMAP (Linux 6.6, include/uapi/linux/fuse.h) where libfuse does not know it, which is
/// before 3.17: the library then receives and sends through here, and the flag is put into its answer to INIT.
class InitFlags {
 public:
  /// From now on, for a session whose user data is a Server; before anything is received. An error is the library's.
  static Status attach(fuse_session* session);

  /// Whether the kernel offers it. Known when the library calls init.
  bool offered() const { return offered_; }
  /// Takes the offer; during init.
  void accept() { accepted_ = true; }

  /// A request that was received.
  void received(const void* bytes, std::size_t size);
  /// Whether an answer that begins with `header` is the one that the flag goes into.
  bool awaits(const void* header) const;
  void answered() { number_ = kNone; }

 private:
  static constexpr std::uint64_t kNone = 0;

  // The kernel sends nothing else until INIT is answered: these are for one thread, and then as they are.
  bool seen_ = false;
  bool offered_ = false;
  bool accepted_ = false;
  std::uint64_t number_ = kNone;  ///< of the request, while its answer is to come
};

}  // namespace acefs::fuse
