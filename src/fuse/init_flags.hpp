// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "acefs/base/result.hpp"
#include "fuse/libfuse.hpp"

namespace acefs::fuse {

/// What libfuse before 3.17 does not know (include/uapi/linux/fuse.h), of which those of the second part count from bit 32 on.
enum class InitFlag : std::uint64_t {
  HandleKillprivV2 = std::uint64_t{1} << 28,  ///< Linux 5.12
  DirectIoAllowMmap = std::uint64_t{1} << 36,  ///< Linux 6.6
};

/// Agrees with the kernel on them: the library then receives and sends through here, and they are put into its answer to INIT. Later
/// versions agree by themselves.
class InitFlags {
 public:
  /// From now on, for a session whose user data is a Server; before anything is received. An error is the library's.
  static Status attach(fuse_session* session);

  /// Takes what the kernel offers; during init. False: it does not.
  bool accept(InitFlag flag);
  /// All that were taken.
  std::uint64_t accepted() const { return accepted_; }

  /// A request that was received.
  void received(const void* bytes, std::size_t size);
  /// Whether an answer that begins with `header` is the one that they go into.
  bool awaits(const void* header) const;
  void answered() { number_ = kNone; }

 private:
  static constexpr std::uint64_t kNone = 0;

  // The kernel sends nothing else until INIT is answered: these are for one thread, and then as they are.
  bool seen_ = false;
  std::uint64_t offered_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t number_ = kNone;  ///< of the request, while its answer is to come
};

}  // namespace acefs::fuse
