// SPDX-License-Identifier: MIT
#include <string_view>

#include "fuse/handlers.hpp"
#include "fuse/serve.hpp"

namespace acefs::fuse {
namespace {

/// After a change the kernel keeps nothing: who may see the attributes may be part of what changed.
auto with_attr(fuse_req_t req) {
  return [req](const Result<backing::Attr>& attr) { fuse_reply_attr(req, &attr->st, 0); };
}

/// How getxattr(2) and listxattr(2) answer: the size if none was given, ERANGE if what was given is too small.
auto with_bytes(fuse_req_t req, size_t size) {
  return [req, size](const Result<std::string>& value) {
    if (size != 0 && value->size() > size) {
      fuse_reply_err(req, ERANGE);
      return ERANGE;
    }
    if (size == 0) fuse_reply_xattr(req, value->size());
    else fuse_reply_buf(req, value->data(), value->size());
    return 0;
  };
}

fs::SetAttr changes_of(const struct stat& attr, int to_set) {
  fs::SetAttr set;
  if ((to_set & FUSE_SET_ATTR_MODE) != 0) set.mode = attr.st_mode;
  if ((to_set & FUSE_SET_ATTR_UID) != 0) set.uid = attr.st_uid;
  if ((to_set & FUSE_SET_ATTR_GID) != 0) set.gid = attr.st_gid;
  if ((to_set & FUSE_SET_ATTR_SIZE) != 0) set.size = attr.st_size;
  const struct timespec now{0, UTIME_NOW};
  if ((to_set & FUSE_SET_ATTR_ATIME_NOW) != 0) {
    set.atime = now;
  } else if ((to_set & FUSE_SET_ATTR_ATIME) != 0) {
    set.atime = attr.st_atim;
  }
  if ((to_set & FUSE_SET_ATTR_MTIME_NOW) != 0) {
    set.mtime = now;
  } else if ((to_set & FUSE_SET_ATTR_MTIME) != 0) {
    set.mtime = attr.st_mtim;
  }
  return set;
}

}  // namespace

void op_getattr(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi) {
  const KernelCache::Hold hold(server_of(req).cache);
  serve(req, "getattr", [&](fs::Ops& ops, const fs::Request& rq) { return ops.getattr(rq, id_of(ino), fi ? file_of(fi) : nullptr); },
        [&](const Result<fs::Stat>& stat) { fuse_reply_attr(req, &stat->st, hold.attributes(id_of(ino), stat->for_everyone)); });
}

void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat* attr, int to_set, fuse_file_info* fi) {
  serve(req, "setattr", [&](fs::Ops& ops, const fs::Request& rq) {
    return ops.setattr(rq, id_of(ino), changes_of(*attr, to_set), fi ? file_of(fi) : nullptr);
  }, with_attr(req));
}

void op_statfs(fuse_req_t req, fuse_ino_t ino) {
  serve(req, "statfs", [&](fs::Ops& ops, const fs::Request& rq) { return ops.statfs(rq, id_of(ino)); },
        [req](const Result<struct statvfs>& s) { fuse_reply_statfs(req, &*s); });
}

void op_access(fuse_req_t req, fuse_ino_t ino, int mask) {
  serve(req, "access", [&](fs::Ops& ops, const fs::Request& rq) { return ops.access(rq, id_of(ino), mask); });
}

void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char* name, const char* value, size_t size, int flags) {
  serve(req, "setxattr", [&](fs::Ops& ops, const fs::Request& rq) {
    return ops.setxattr(rq, id_of(ino), name, std::string_view(value, size), flags);
  });
}

void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char* name, size_t size) {
  serve(req, "getxattr", [&](fs::Ops& ops, const fs::Request& rq) { return ops.getxattr(rq, id_of(ino), name); }, with_bytes(req, size));
}

void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size) {
  serve(req, "listxattr", [&](fs::Ops& ops, const fs::Request& rq) { return ops.listxattr(rq, id_of(ino)); }, with_bytes(req, size));
}

void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char* name) {
  serve(req, "removexattr", [&](fs::Ops& ops, const fs::Request& rq) { return ops.removexattr(rq, id_of(ino), name); });
}

void op_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned command, void*, fuse_file_info* fi, unsigned flags, const void* in,
              size_t in_size, size_t out_size) {
  serve(req, "ioctl", [&](fs::Ops& ops, const fs::Request& rq) {
    const int fd = (flags & FUSE_IOCTL_DIR) != 0 ? dir_of(fi)->file->fd->get() : file_of(fi)->fd->get();
    return ops.ioctl(rq, id_of(ino), fd, command, std::string_view(static_cast<const char*>(in), in_size), out_size);
  }, [req](const Result<std::string>& out) { fuse_reply_ioctl(req, 0, out->data(), out->size()); });
}

}  // namespace acefs::fuse
