// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <vector>

#include "acefs/base/result.hpp"

namespace acefs::backing {

/// The extended attributes of one inode, reached through a descriptor that may be O_PATH.
///
/// Errors are those of the calls, unchanged, but for ENOENT of /proc/self/fd, which says nothing of the inode: EIO. The
/// descriptor is borrowed. For one thread.
class Xattrs {
 public:
  explicit Xattrs(int fd);

  Result<std::vector<std::string>> list() const;
  /// Bytes that list() would read; listxattr(2) answers E2BIG beyond 64 KiB.
  Result<std::size_t> list_size() const;
  /// ENODATA when there is none.
  Result<std::string> get(const std::string& name) const;
  /// `flags` as of setxattr(2).
  Status set(const std::string& name, const std::string& value, int flags = 0) const;
  /// ENODATA when there is none.
  Status remove(const std::string& name) const;

 private:
  template <typename ByFd, typename ByPath>
  ssize_t call(ByFd&& by_fd, ByPath&& by_path) const;

  int fd_;
  std::array<char, 32> path_{};  ///< /proc/self/fd/N: an O_PATH descriptor has no fgetxattr(2), EBADF
  mutable bool by_path_ = false;
};

}  // namespace acefs::backing
