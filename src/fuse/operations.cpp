// SPDX-License-Identifier: MIT
#include "fuse/handlers.hpp"
#include "fuse/server.hpp"

namespace acefs::fuse {

const fuse_lowlevel_ops& operations(fs::Locks locks) {
  static fuse_lowlevel_ops table = [] {
    fuse_lowlevel_ops t{};
    t.init = op_init;
    t.lookup = op_lookup;
    t.forget = op_forget;
    t.getattr = op_getattr;
    t.setattr = op_setattr;
    t.readlink = op_readlink;
    t.mknod = op_mknod;
    t.mkdir = op_mkdir;
    t.unlink = op_unlink;
    t.rmdir = op_rmdir;
    t.symlink = op_symlink;
    t.rename = op_rename;
    t.link = op_link;
    t.open = op_open;
    t.read = op_read;
    t.flush = op_flush;
    t.release = op_release;
    t.fsync = op_fsync;
    t.opendir = op_opendir;
    t.readdir = op_readdir;
    t.releasedir = op_releasedir;
    t.fsyncdir = op_fsyncdir;
    t.statfs = op_statfs;
    t.setxattr = op_setxattr;
    t.getxattr = op_getxattr;
    t.listxattr = op_listxattr;
    t.removexattr = op_removexattr;
    t.access = op_access;
    t.create = op_create;
    // no bmap: there is no block device below
    t.ioctl = op_ioctl;
    // no poll: regular files are always ready, and the kernel says so by itself
    t.write_buf = op_write_buf;
    t.forget_multi = op_forget_multi;
    t.fallocate = op_fallocate;
    t.readdirplus = op_readdirplus;
    t.copy_file_range = op_copy_file_range;
    t.lseek = op_lseek;
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
    t.tmpfile = op_tmpfile;
#endif
    return t;
  }();
  static fuse_lowlevel_ops with_locks = [] {
    fuse_lowlevel_ops t = table;
    t.getlk = op_getlk;
    t.setlk = op_setlk;
    t.flock = op_flock;
    return t;
  }();
  return locks == fs::Locks::Backing ? with_locks : table;
}

namespace {

/// Asks for what is wanted and the kernel has, and for nothing else that the library would ask for by itself.
void agree_on(fuse_conn_info* conn, std::uint64_t wanted) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  for (std::uint64_t flag = 1; flag != 0; flag <<= 1) {
    if ((wanted & flag) == 0 || !fuse_set_feature_flag(conn, flag)) fuse_unset_feature_flag(conn, flag);
  }
#else
  conn->want = static_cast<unsigned>(wanted) & conn->capable;
#endif
}

}  // namespace

void op_init(void* userdata, fuse_conn_info* conn) {
  auto* server = static_cast<Server*>(userdata);
  std::uint64_t wanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_EXPORT_SUPPORT | FUSE_CAP_IOCTL_DIR |
                         FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_DIO |
                         FUSE_CAP_PARALLEL_DIROPS |
                         // setuid and setgid bits are cleared by the backing, because its threads act as the callers
                         FUSE_CAP_HANDLE_KILLPRIV;
  // Else the kernel keeps the locks: it does not try by itself whether the daemon has an operation for them.
  if (server->ops.options().locks == fs::Locks::Backing) wanted |= FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS;
  // Not wanted, and the default of some versions: splicing requests in costs metadata operations more than it saves writes;
  // the writeback cache, cached symlinks and listings answer for the daemon; the umask is the kernel's business.
  // Version 2, or the kernel asks for security.capability before each write.
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  wanted = (wanted & ~std::uint64_t{FUSE_CAP_HANDLE_KILLPRIV}) | FUSE_CAP_HANDLE_KILLPRIV_V2;
  const bool passes_through = server->wants_passthrough && fuse_get_feature_flag(conn, FUSE_CAP_PASSTHROUGH);
  if (passes_through) wanted |= FUSE_CAP_PASSTHROUGH;
  const bool direct = server->wants_direct && !passes_through && fuse_get_feature_flag(conn, FUSE_CAP_DIRECT_IO_ALLOW_MMAP);
  if (direct) wanted |= FUSE_CAP_DIRECT_IO_ALLOW_MMAP;
#else
  const bool direct = server->wants_direct && server->init_flags.accept(InitFlag::DirectIoAllowMmap);
  server->clears_setid = server->init_flags.accept(InitFlag::HandleKillprivV2);
  if (server->clears_setid) wanted &= ~std::uint64_t{FUSE_CAP_HANDLE_KILLPRIV};
#endif
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 18)
  if (server->wants_io_uring) wanted |= FUSE_CAP_OVER_IO_URING;
#endif
  agree_on(conn, wanted);
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  server->clears_setid = fuse_get_feature_flag(conn, FUSE_CAP_HANDLE_KILLPRIV_V2);
  // The library tells what the kernel has, not what was asked for.
  server->passthrough.enable(passes_through);
#endif
  server->direct = direct;
  server->ops.all_can_be_mapped(direct);
  conn->max_background = 64;
  conn->time_gran = 1;
  if (server->on_ready) server->on_ready();
}

}  // namespace acefs::fuse
