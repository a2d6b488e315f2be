// SPDX-License-Identifier: MIT
// What is done with an open file.
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "fs/ops.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

Result<int> Ops::for_read(const Request&, OpenFile& file) {
  if (Status s = recheck(file); !s) return s;
  return file.fd->get();
}

Result<int> Ops::for_write(const Request&, OpenFile& file) {
  if (Status s = recheck(file); !s) return s;
  return file.fd->get();
}

// Needs nothing more than the handle.
Status Ops::fsync(const Request&, OpenFile& file, bool data_only) { return backing_.sync(file.fd->get(), data_only); }

// Needs w: a handle that may only append must neither punch holes nor move data.
Status Ops::fallocate(const Request&, OpenFile& file, int mode, off_t offset, off_t length) {
  if (Status s = recheck(file); !s) return s;
  if (file.append_only) return Status::from(EACCES);
  return backing_.fallocate(file.fd->get(), mode, offset, length);
}

Result<off_t> Ops::lseek(const Request&, OpenFile& file, off_t offset, int whence) {
  if (Status s = recheck(file); !s) return s;
  return backing_.seek(file.fd->get(), offset, whence);
}

// Needs r on the one handle and w on the other.
Result<std::size_t> Ops::copy_file_range(const Request&, OpenFile& in, off_t in_offset, OpenFile& out, off_t out_offset,
                                         std::size_t length, unsigned flags) {
  if (Status s = recheck(in); !s) return s;
  if (Status s = recheck(out); !s) return s;
  return backing_.copy_range(in.fd->get(), in_offset, out.fd->get(), out_offset, length, flags);
}

// Reading flags: t. Writing flags: owner or T (EPERM). Anything else: ENOTTY.
Result<std::string> Ops::ioctl(const Request& rq, node::NodeId id, int fd, unsigned command, std::string_view in, std::size_t out_size) {
  const bool reads = command == FS_IOC_GETFLAGS || command == FS_IOC_FSGETXATTR;
  const bool writes = command == FS_IOC_SETFLAGS || command == FS_IOC_FSSETXATTR;
  if (!reads && !writes) return Status::from(ENOTTY);
  auto at = auth_.look(rq, id);
  if (!at) return at.status();
  const AccessMask need = reads ? Perm::ReadAttributes : Perm::WriteAttributes;
  if (!at->effective().contains(need) && !(writes && at->is_owner()))
    return auth_.told(rq, *at, need, Status::from(reads ? EACCES : EPERM));
  auth_.tell(rq, *at, need, true);
  alignas(8) char buffer[sizeof(struct fsxattr) > 8 ? sizeof(struct fsxattr) : 8] = {};
  std::copy_n(in.begin(), std::min(in.size(), sizeof buffer), buffer);
  if (writes && !at->is_root()) {
    // Immutable and append-only are for CAP_LINUX_IMMUTABLE, which the daemon has and the caller has not.
    constexpr unsigned kPrivileged = FS_IMMUTABLE_FL | FS_APPEND_FL;
    constexpr unsigned kPrivilegedX = FS_XFLAG_IMMUTABLE | FS_XFLAG_APPEND;
    alignas(8) char now[sizeof buffer] = {};
    const unsigned ask = command == FS_IOC_SETFLAGS ? FS_IOC_GETFLAGS : FS_IOC_FSGETXATTR;
    if (::ioctl(fd, ask, now) < 0) return Status::last();
    unsigned before = 0;
    unsigned after = 0;
    std::copy_n(now, sizeof before, reinterpret_cast<char*>(&before));
    std::copy_n(buffer, sizeof after, reinterpret_cast<char*>(&after));
    const unsigned privileged = command == FS_IOC_SETFLAGS ? kPrivileged : kPrivilegedX;
    if (((before ^ after) & privileged) != 0) return Status::from(EPERM);
  }
  if (::ioctl(fd, command, buffer) < 0) return Status::last();
  return reads ? std::string(buffer, std::min(out_size, sizeof buffer)) : std::string();
}

}  // namespace acefs::fs
