// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "acefs/base/result.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::backing {

/// What statx(2) says of one inode, at one moment.
struct Attr {
  struct stat st {};
  std::int64_t ctime_ns = 0;
  std::int64_t btime_ns = 0;  ///< 0 where the filesystem does not know

  bool is_directory() const { return S_ISDIR(st.st_mode); }
  bool is_regular() const { return S_ISREG(st.st_mode); }
  /// Only these have `user.*` attributes (xattr(7)), so only these have an ACL of their own.
  bool can_have_acl() const { return is_directory() || is_regular(); }
};

/// A file handle as name_to_handle_at(2) makes it; empty where the filesystem has none.
using FileHandle = std::vector<std::uint8_t>;

/// Every call acefs makes to the backing tree that is not data transfer: by held descriptor and single name, never by path.
///
/// The default implementation is the real thing; tests derive from it to count calls and to inject errors. Errors are
/// the errno of the call, unchanged. Calls act as whoever act_as() made of the calling thread.
class Backing {
 public:
  virtual ~Backing() = default;

  /// Attributes of `name` in `dir`, links not followed; of `dir` itself when `name` is empty.
  virtual Result<Attr> stat_at(int dir, const char* name);
  /// openat(2) with O_NOFOLLOW and O_CLOEXEC added.
  virtual Result<UniqueFd> open_at(int dir, const char* name, int flags, mode_t mode = 0);
  /// Another open file description of the inode behind `fd` (which may be O_PATH).
  virtual Result<UniqueFd> reopen(int fd, int flags);

  virtual Status mkdir_at(int dir, const char* name, mode_t mode);
  virtual Status mknod_at(int dir, const char* name, mode_t mode, dev_t device);
  virtual Status symlink_at(const char* target, int dir, const char* name);
  /// A new name for the inode behind `fd`.
  virtual Status link_at(int fd, int dir, const char* name);
  /// `flags`: 0 or AT_REMOVEDIR.
  virtual Status unlink_at(int dir, const char* name, int flags);
  virtual Status rename_at(int from_dir, const char* from, int to_dir, const char* to, unsigned flags);
  virtual Result<std::string> read_link(int fd);

  virtual Status chmod(int fd, mode_t mode);
  /// -1 leaves uid or gid as it is.
  virtual Status chown(int fd, uid_t uid, gid_t gid);
  virtual Status utimens(int fd, const struct timespec times[2]);
  /// `fd` may be O_PATH.
  virtual Status truncate(int fd, off_t size);

  /// getdents64(2) into `buffer`; 0 at the end.
  virtual Result<std::size_t> read_directory(int fd, char* buffer, std::size_t size);

  virtual Result<std::string> get_xattr(int fd, const char* name);
  /// By name: the caller finds out whether it was the right inode's. ENOSYS: not on this kernel.
  virtual Result<std::string> get_xattr_at(int dir, const char* name, const char* attribute);
  virtual Result<std::vector<std::string>> list_xattrs(int fd);
  virtual Status set_xattr(int fd, const char* name, const void* value, std::size_t size, int flags);
  virtual Status remove_xattr(int fd, const char* name);

  virtual Result<struct statvfs> stat_filesystem(int fd);
  virtual Status sync(int fd, bool data_only);
  virtual Status fallocate(int fd, int mode, off_t offset, off_t length);
  virtual Result<off_t> seek(int fd, off_t offset, int whence);
  virtual Result<std::size_t> copy_range(int in, off_t in_offset, int out, off_t out_offset, std::size_t length, unsigned flags);

  /// Fails with EOPNOTSUPP where the filesystem has no handles.
  virtual Result<FileHandle> handle_of(int fd);
  /// ESTALE when the inode is gone; needs CAP_DAC_READ_SEARCH. `mount_fd`: any descriptor on the same filesystem.
  virtual Result<UniqueFd> open_handle(int mount_fd, const FileHandle& handle, int flags);
};

}  // namespace acefs::backing
