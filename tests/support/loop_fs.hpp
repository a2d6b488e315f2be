// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mount.hpp"
#include "temp_dir.hpp"

namespace acefs::test {

/// A fresh, empty filesystem of the kind asked for, mounted where nobody else sees it: "ext4", "xfs" and "btrfs" in a sparse image,
/// "tmpfs" in memory. Gone with everything in it when this goes.
///
/// Moves the test program into a mount namespace of its own, as Mount does. A Mount over it must have stopped before this goes.
class LoopFs {
 public:
  explicit LoopFs(std::string_view kind);
  LoopFs(const LoopFs&) = delete;
  LoopFs& operator=(const LoopFs&) = delete;
  ~LoopFs();

  /// Why there is none: no mkfs of that kind, or a kernel without it. Nothing when it is mounted.
  const std::optional<std::string>& problem() const { return problem_; }
  const std::string& path() const { return point_.path(); }
  std::string at(const std::string& name) const { return point_.at(name); }

  /// Takes it out of the tree of names at once, as `umount -l`; who holds something in it goes on with that. As umount2(2).
  int detach();

 private:
  std::optional<std::string> make(const std::string& kind);

  TempDir point_;
  std::optional<std::string> problem_;
  bool mounted_ = false;
};

}  // namespace acefs::test

/// Skips where that filesystem cannot be made; with ACEFS_TEST_FUSE=1 fails, as REQUIRE_FUSE.
#define REQUIRE_LOOP_FS(loop_fs)                                                                                    \
  REQUIRE_FUSE();                                                                                                   \
  if (const auto& no_fs = (loop_fs).problem(); no_fs) {                                                             \
    if (const char* must_fs = std::getenv("ACEFS_TEST_FUSE"); must_fs && *must_fs == '1') FAIL() << *no_fs; \
    GTEST_SKIP() << *no_fs;                                                                                         \
  }                                                                                                                 \
  static_assert(true)
