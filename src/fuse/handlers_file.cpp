// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "fuse/handlers.hpp"
#include "fuse/serve.hpp"

namespace acefs::fuse {
namespace {

/// Hands the handle to the kernel, which gives it back at release.
void adopt(fuse_req_t req, fuse_file_info* fi, std::unique_ptr<fs::OpenFile> file) {
  Server& server = server_of(req);
  // Only what reads is direct: a direct write beside stores to a mapping of the same page could be lost, because the kernel writes the
  // whole page back. One that may only append is, so that no shared writable mapping is made of it; where the kernel makes them of
  // direct ones too, Ops::open lets none through that can be read.
  const bool only_reads = !file->need.has(acl::Perm::WriteData) && !file->need.has(acl::Perm::AppendData);
  fi->direct_io = (server.direct && only_reads) || file->append_only ? 1 : 0;
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  // All handles of an inode go the same way, so one that only appends is lent too; being direct it still writes through here. Not
  // one that can also be mapped.
  file->lent = !file->append_only || !file->need.has(acl::Perm::ReadData);
  if (file->lent) fi->backing_id = server.passthrough.open(req, file->node->id, file->fd->get());
#endif
  fi->fh = server.files.adopt(std::move(file));
}

/// Takes back what adopt() handed out; nullptr if it was before.
std::unique_ptr<fs::OpenFile> disown(Server& server, const fuse_file_info* fi) {
  std::unique_ptr<fs::OpenFile> file = server.files.take(fi->fh);
  if (file && file->lent) server.passthrough.close(fuse_session_fd(server.session), file->node->id);
  return file;
}

void reply_created(fuse_req_t req, fuse_file_info* fi, Result<fs::Created>& created, const KernelCache::Hold& hold) {
  Server& server = server_of(req);
  const fuse_entry_param e = param_of(server, created->entry, hold);
  adopt(req, fi, std::move(created->file));
  if (fuse_reply_create(req, &e, fi) != -ENOENT) return;
  server.ops.release(disown(server, fi));
  server.ops.forget(created->entry.id, 1);
}

/// The request's bytes are in memory: splicing requests in is not asked for (op_init).
Result<size_t> write_all(int fd, const fuse_bufvec& in, off_t offset, bool append) {
  const char* bytes = static_cast<const char*>(in.buf[in.idx].mem) + in.off;
  const size_t size = in.buf[in.idx].size - in.off;
  size_t done = 0;
  while (done < size) {
    const struct iovec part {const_cast<char*>(bytes) + done, size - done};
    const ssize_t n = ::pwritev2(fd, &part, 1, offset + static_cast<off_t>(done), append ? RWF_APPEND : 0);
    if (n < 0 && done == 0) return Status::last();
    if (n <= 0) break;  // a short write: the caller hears how much, and the error when he goes on
    done += static_cast<size_t>(n);
  }
  return done;
}

}  // namespace

void op_open(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi) {
  serve(req, "open", [&](fs::Ops& ops, const fs::Request& rq) { return ops.open(rq, id_of(ino), fi->flags); },
        [&](Result<std::unique_ptr<fs::OpenFile>>& opened) {
          Server& server = server_of(req);
          adopt(req, fi, std::move(*opened));
          if (fuse_reply_open(req, fi) == -ENOENT) server.ops.release(disown(server, fi));
        });
}

void op_create(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* fi) {
  const KernelCache::Hold hold(server_of(req).cache);
  serve(req, "create", [&](fs::Ops& ops, const fs::Request& rq) { return ops.create(rq, id_of(parent), name, mode, fi->flags); },
        [&](Result<fs::Created>& created) { reply_created(req, fi, created, hold); });
}

void op_tmpfile(fuse_req_t req, fuse_ino_t parent, mode_t mode, fuse_file_info* fi) {
  const KernelCache::Hold hold(server_of(req).cache);
  serve(req, "tmpfile", [&](fs::Ops& ops, const fs::Request& rq) { return ops.tmpfile(rq, id_of(parent), mode, fi->flags); },
        [&](Result<fs::Created>& created) { reply_created(req, fi, created, hold); });
}

void op_read(fuse_req_t req, fuse_ino_t, size_t size, off_t offset, fuse_file_info* fi) {
  thread_local std::vector<char> buffer;
  serve(req, "read", [&](fs::Ops& ops, const fs::Request& rq) -> Result<size_t> {
    auto fd = ops.for_read(rq, *file_of(fi));
    if (!fd) return fd.status();
    if (buffer.size() < size) buffer.resize(size);
    const ssize_t n = ::pread(*fd, buffer.data(), size, offset);
    if (n < 0) return Status::last();
    return static_cast<size_t>(n);
  }, [&](const Result<size_t>& n) { fuse_reply_buf(req, buffer.data(), *n); });
}

void op_write_buf(fuse_req_t req, fuse_ino_t, fuse_bufvec* in, off_t offset, fuse_file_info* fi) {
  serve(req, "write", [&](fs::Ops& ops, const fs::Request& rq) -> Result<size_t> {
    fs::OpenFile& file = *file_of(fi);
    auto fd = ops.for_write(rq, file);
    if (!fd) return fd.status();
    // Pages of a mapping are written back by the kernel in nobody's name: the opener's it is.
    if (fi->writepage != 0) backing::act_as(file.opener.uid, file.opener.gid);
    return write_all(*fd, *in, offset, (fi->flags & O_APPEND) != 0);
  }, [&](const Result<size_t>& n) { fuse_reply_write(req, *n); });
}

// A descriptor of the file was closed: the owner's POSIX locks go. Errors of delayed writes are told as close(2) tells them.
void op_flush(fuse_req_t req, fuse_ino_t, fuse_file_info* fi) {
  serve(req, "flush", [&](fs::Ops& ops, const fs::Request&) {
    fs::OpenFile& file = *file_of(fi);
    ops.locker().drop(file, fi->lock_owner);
    const int copy = ::dup(file.fd->get());
    return copy >= 0 && ::close(copy) < 0 ? Status::last() : Status::ok();
  });
}

void op_release(fuse_req_t req, fuse_ino_t, fuse_file_info* fi) {
  serve(req, "release", [&](fs::Ops& ops, const fs::Request&) {
    std::unique_ptr<fs::OpenFile> file = disown(server_of(req), fi);
    if (!file) return Status::from(EBADF);
    if (fi->flock_release != 0) static_cast<void>(ops.locker().flock(*file, LOCK_UN));
    ops.release(std::move(file));
    return Status::ok();
  }, As::Anybody);
}

void op_fsync(fuse_req_t req, fuse_ino_t, int data_only, fuse_file_info* fi) {
  serve(req, "fsync", [&](fs::Ops& ops, const fs::Request& rq) { return ops.fsync(rq, *file_of(fi), data_only != 0); });
}

void op_fallocate(fuse_req_t req, fuse_ino_t, int mode, off_t offset, off_t length, fuse_file_info* fi) {
  serve(req, "fallocate", [&](fs::Ops& ops, const fs::Request& rq) { return ops.fallocate(rq, *file_of(fi), mode, offset, length); });
}

void op_copy_file_range(fuse_req_t req, fuse_ino_t, off_t in_offset, fuse_file_info* in_fi, fuse_ino_t, off_t out_offset,
                        fuse_file_info* out_fi, size_t length, int flags) {
  serve(req, "copy_file_range", [&](fs::Ops& ops, const fs::Request& rq) {
    return ops.copy_file_range(rq, *file_of(in_fi), in_offset, *file_of(out_fi), out_offset, length, static_cast<unsigned>(flags));
  }, [req](const Result<size_t>& n) { fuse_reply_write(req, *n); });
}

void op_lseek(fuse_req_t req, fuse_ino_t, off_t offset, int whence, fuse_file_info* fi) {
  serve(req, "lseek", [&](fs::Ops& ops, const fs::Request& rq) { return ops.lseek(rq, *file_of(fi), offset, whence); },
        [req](const Result<off_t>& at) { fuse_reply_lseek(req, *at); });
}

void op_getlk(fuse_req_t req, fuse_ino_t, fuse_file_info* fi, struct flock* lock) {
  serve(req, "getlk", [&](fs::Ops& ops, const fs::Request&) { return ops.locker().get(*file_of(fi), fi->lock_owner, *lock); },
        [req](const Result<struct flock>& found) { fuse_reply_lock(req, &*found); });
}

void op_setlk(fuse_req_t req, fuse_ino_t, fuse_file_info* fi, struct flock* lock, int wait) {
  Server& server = server_of(req);
  fs::OpenFile& file = *file_of(fi);
  const uint64_t owner = fi->lock_owner;
  if (wait != 0 && lock->l_type != F_UNLCK) {
    server.waiters.wait(req, [&server, &file, owner, wanted = *lock] { return server.ops.locker().set(file, owner, wanted, true); });
    return;
  }
  serve(req, "setlk", [&](fs::Ops& ops, const fs::Request&) { return ops.locker().set(file, owner, *lock, false); });
}

void op_flock(fuse_req_t req, fuse_ino_t, fuse_file_info* fi, int operation) {
  Server& server = server_of(req);
  fs::OpenFile& file = *file_of(fi);
  if ((operation & (LOCK_NB | LOCK_UN)) == 0) {
    server.waiters.wait(req, [&server, &file, operation] { return server.ops.locker().flock(file, operation); });
    return;
  }
  serve(req, "flock", [&](fs::Ops& ops, const fs::Request&) { return ops.locker().flock(file, operation); });
}

}  // namespace acefs::fuse
