// SPDX-License-Identifier: MIT
#include "backing/backing.hpp"

#include <dirent.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <climits>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "backing/xattr_at.hpp"

namespace acefs::backing {
namespace {

/// "/proc/self/fd/N": the only way to the attributes and contents of an inode held by O_PATH.
class ProcPath {
 public:
  explicit ProcPath(int fd) { std::snprintf(text_, sizeof text_, "/proc/self/fd/%d", fd); }
  const char* c_str() const { return text_; }

 private:
  char text_[32];
};

std::int64_t nanoseconds(const struct statx_timestamp& t) { return t.tv_sec * 1'000'000'000LL + t.tv_nsec; }

struct timespec timespec_of(const struct statx_timestamp& t) {
  struct timespec ts {};
  ts.tv_sec = t.tv_sec;
  ts.tv_nsec = t.tv_nsec;
  return ts;
}

Attr attr_of(const struct statx& x) {
  Attr a;
  a.st.st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
  a.st.st_ino = x.stx_ino;
  a.st.st_mode = x.stx_mode;
  a.st.st_nlink = x.stx_nlink;
  a.st.st_uid = x.stx_uid;
  a.st.st_gid = x.stx_gid;
  a.st.st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor);
  a.st.st_size = static_cast<off_t>(x.stx_size);
  a.st.st_blksize = x.stx_blksize;
  a.st.st_blocks = static_cast<blkcnt_t>(x.stx_blocks);
  a.st.st_atim = timespec_of(x.stx_atime);
  a.st.st_mtim = timespec_of(x.stx_mtime);
  a.st.st_ctim = timespec_of(x.stx_ctime);
  a.ctime_ns = nanoseconds(x.stx_ctime);
  a.btime_ns = (x.stx_mask & STATX_BTIME) != 0 ? nanoseconds(x.stx_btime) : 0;
  return a;
}

Status status_of(int result) { return result < 0 ? Status::last() : Status::ok(); }

Result<UniqueFd> fd_of(int fd) {
  if (fd < 0) return Status::last();
  return UniqueFd(fd);
}

constexpr std::size_t kMaxXattr = 65'536;  // XATTR_SIZE_MAX and XATTR_LIST_MAX

}  // namespace

Result<Attr> Backing::stat_at(int dir, const char* name) {
  struct statx x {};
  const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name == '\0' ? AT_EMPTY_PATH : 0);
  if (::statx(dir, name, flags, STATX_BASIC_STATS | STATX_BTIME, &x) < 0) return Status::last();
  return attr_of(x);
}

Result<UniqueFd> Backing::open_at(int dir, const char* name, int flags, mode_t mode) {
  return fd_of(::openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC, mode));
}

Result<UniqueFd> Backing::reopen(int fd, int flags) {
  return fd_of(::open(ProcPath(fd).c_str(), flags | O_CLOEXEC));
}

Status Backing::mkdir_at(int dir, const char* name, mode_t mode) { return status_of(::mkdirat(dir, name, mode)); }

Status Backing::mknod_at(int dir, const char* name, mode_t mode, dev_t device) {
  return status_of(::mknodat(dir, name, mode, device));
}

Status Backing::symlink_at(const char* target, int dir, const char* name) {
  return status_of(::symlinkat(target, dir, name));
}

Status Backing::link_at(int fd, int dir, const char* name) {
  // Through /proc, because AT_EMPTY_PATH wants CAP_DAC_READ_SEARCH, which a user's own mount does not have.
  return status_of(::linkat(AT_FDCWD, ProcPath(fd).c_str(), dir, name, AT_SYMLINK_FOLLOW));
}

Status Backing::unlink_at(int dir, const char* name, int flags) { return status_of(::unlinkat(dir, name, flags)); }

Status Backing::rename_at(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) {
  return status_of(::renameat2(from_dir, from, to_dir, to, flags));
}

Result<std::string> Backing::read_link(int fd) {
  std::string target(PATH_MAX, '\0');
  const ssize_t n = ::readlinkat(fd, "", target.data(), target.size());
  if (n < 0) return Status::last();
  target.resize(static_cast<std::size_t>(n));
  return target;
}

Status Backing::chmod(int fd, mode_t mode) { return status_of(::chmod(ProcPath(fd).c_str(), mode)); }

Status Backing::chown(int fd, uid_t uid, gid_t gid) {
  return status_of(::fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
}

Status Backing::utimens(int fd, const struct timespec times[2]) {
  // AT_EMPTY_PATH also reaches symlinks, which /proc/self/fd would follow on older kernels (utimensat(2), Linux 5.8).
  return status_of(::utimensat(fd, "", times, AT_EMPTY_PATH));
}

Status Backing::truncate(int fd, off_t size) { return status_of(::truncate(ProcPath(fd).c_str(), size)); }

Result<std::size_t> Backing::read_directory(int fd, char* buffer, std::size_t size) {
  const ssize_t n = ::getdents64(fd, buffer, size);
  if (n < 0) return Status::last();
  return static_cast<std::size_t>(n);
}

namespace {

/// Reads by `get` what is short at most times.
template <typename Get>
Result<std::string> read_xattr(Get&& get) {
  std::string value(256, '\0');
  ssize_t n = get(value);
  if (n < 0 && errno == ERANGE) {
    value.resize(kMaxXattr);
    n = get(value);
  }
  if (n < 0) return Status::last();
  value.resize(static_cast<std::size_t>(n));
  return value;
}

}  // namespace

Result<std::string> Backing::get_xattr(int fd, const char* name) {
  return read_xattr([&](std::string& value) {
    const ssize_t n = ::fgetxattr(fd, name, value.data(), value.size());
    if (n >= 0 || errno != EBADF) return n;
    return ::getxattr(ProcPath(fd).c_str(), name, value.data(), value.size());  // an O_PATH descriptor
  });
}

Result<std::string> Backing::get_xattr_at(int dir, const char* name, const char* attribute) {
  return read_xattr([&](std::string& value) { return backing::get_xattr_at(dir, name, attribute, value.data(), value.size()); });
}

Result<std::vector<std::string>> Backing::list_xattrs(int fd) {
  const auto list_into = [&](std::string& names) {
    const ssize_t n = ::flistxattr(fd, names.data(), names.size());
    if (n >= 0 || errno != EBADF) return n;
    return ::listxattr(ProcPath(fd).c_str(), names.data(), names.size());
  };
  std::string names(1024, '\0');
  ssize_t n = list_into(names);
  if (n < 0 && errno == ERANGE) {
    names.resize(kMaxXattr);
    n = list_into(names);
  }
  if (n < 0) return Status::last();
  std::vector<std::string> list;
  for (const char* p = names.data(); p < names.data() + n; p += std::strlen(p) + 1) list.emplace_back(p);
  return list;
}

Status Backing::set_xattr(int fd, const char* name, const void* value, std::size_t size, int flags) {
  return status_of(::setxattr(ProcPath(fd).c_str(), name, value, size, flags));
}

Status Backing::remove_xattr(int fd, const char* name) { return status_of(::removexattr(ProcPath(fd).c_str(), name)); }

Result<struct statvfs> Backing::stat_filesystem(int fd) {
  struct statvfs s {};
  if (::fstatvfs(fd, &s) < 0) return Status::last();
  return s;
}

Status Backing::sync(int fd, bool data_only) { return status_of(data_only ? ::fdatasync(fd) : ::fsync(fd)); }

Status Backing::fallocate(int fd, int mode, off_t offset, off_t length) {
  return status_of(::fallocate(fd, mode, offset, length));
}

Result<off_t> Backing::seek(int fd, off_t offset, int whence) {
  const off_t at = ::lseek(fd, offset, whence);
  if (at < 0) return Status::last();
  return at;
}

Result<std::size_t> Backing::copy_range(int in, off_t in_offset, int out, off_t out_offset, std::size_t length,
                                        unsigned flags) {
  const ssize_t n = ::copy_file_range(in, &in_offset, out, &out_offset, length, flags);
  if (n < 0) return Status::last();
  return static_cast<std::size_t>(n);
}

Result<FileHandle> Backing::handle_of(int fd) {
  alignas(struct file_handle) char buffer[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  auto* handle = new (buffer) struct file_handle;
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount_id = 0;
  if (::name_to_handle_at(fd, "", handle, &mount_id, AT_EMPTY_PATH) < 0) return Status::last();
  return FileHandle(buffer, buffer + sizeof(struct file_handle) + handle->handle_bytes);
}

Result<UniqueFd> Backing::open_handle(int mount_fd, const FileHandle& handle, int flags) {
  alignas(struct file_handle) char buffer[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  if (handle.size() < sizeof(struct file_handle) || handle.size() > sizeof buffer) return Status::from(ESTALE);
  std::memcpy(buffer, handle.data(), handle.size());
  return fd_of(::open_by_handle_at(mount_fd, reinterpret_cast<struct file_handle*>(buffer), flags | O_CLOEXEC));
}

}  // namespace acefs::backing
