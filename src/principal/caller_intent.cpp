// SPDX-License-Identifier: MIT
#include "principal/caller_intent.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>

#include "acefs/base/unique_fd.hpp"

namespace acefs::principal {
namespace {

Intent of_flags(unsigned long flags) {
  if ((flags & O_PATH) != 0) return Intent::Anything;
  switch (flags & O_ACCMODE) {
    case O_RDONLY:
      return Intent::Read;
    case O_WRONLY:
      return Intent::Write;
    default:
      return Intent::Anything;
  }
}

/// Calls that take a path and give nothing by which the node could be opened later. openat2 is not among them: its flags are
/// in memory that another thread may be writing to. Numbers are the native ABI's; none of them is a call of another ABI
/// that opens or mounts, but for access(2), whose number is mount(2) for 32-bit programs: a mode tells them apart.
bool only_names(long number, unsigned long second) {
  switch (number) {
#ifdef SYS_access
    case SYS_access:
      return second <= 7;
#endif
#ifdef SYS_stat
    case SYS_stat:
    case SYS_lstat:
    case SYS_rename:
    case SYS_link:
    case SYS_unlink:
    case SYS_chmod:
    case SYS_chown:
    case SYS_lchown:
    case SYS_utime:
    case SYS_utimes:
    case SYS_futimesat:
    case SYS_mknod:
    case SYS_mkdir:
    case SYS_rmdir:
    case SYS_symlink:
    case SYS_readlink:
#endif
#ifdef SYS_newfstatat
    case SYS_newfstatat:
#endif
    case SYS_statx:
    case SYS_statfs:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_linkat:
    case SYS_unlinkat:
    case SYS_fchmodat:
    case SYS_fchownat:
    case SYS_utimensat:
    case SYS_mknodat:
    case SYS_mkdirat:
    case SYS_symlinkat:
    case SYS_readlinkat:
    case SYS_faccessat:
#ifdef SYS_faccessat2
    case SYS_faccessat2:
#endif
#ifdef SYS_fchmodat2
    case SYS_fchmodat2:
#endif
    case SYS_truncate:
    case SYS_getxattr:
    case SYS_lgetxattr:
    case SYS_listxattr:
    case SYS_llistxattr:
    case SYS_setxattr:
    case SYS_lsetxattr:
    case SYS_removexattr:
    case SYS_lremovexattr:
    case SYS_inotify_add_watch:
    case SYS_chdir:
    case SYS_bind:
    case SYS_getdents64:
    case SYS_getcwd:
      return true;
    default:
      return false;
  }
}

/// A thread's system call and its first arguments; nothing when it cannot be looked at.
struct SystemCall {
  long number = -1;
  unsigned long argument[6] = {};
  unsigned long stack = 0;  ///< of a thread of the kernel 0
};

std::function<std::string(pid_t)>& reader() {
  static std::function<std::string(pid_t)> read = read_system_call;
  return read;
}

std::optional<SystemCall> call_in(const std::string& text) {
  SystemCall call;
  const int found = std::sscanf(text.c_str(), "%ld %lx %lx %lx %lx %lx %lx %lx", &call.number, &call.argument[0], &call.argument[1],
                                &call.argument[2], &call.argument[3], &call.argument[4], &call.argument[5], &call.stack);
  if (found != 8) return std::nullopt;
  return call;
}

}  // namespace

std::string read_system_call(pid_t thread) {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/syscall", static_cast<int>(thread));
  const UniqueFd fd(::open(path.data(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> text{};
  const ssize_t size = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string system_call_of(pid_t thread) { return reader()(thread); }

void look_at_threads_by(std::function<std::string(pid_t)> read) { reader() = std::move(read); }

Intent intent_of(pid_t thread) {
  const auto call = call_in(system_call_of(thread));
  if (!call) return Intent::Anything;
  switch (call->number) {
#ifdef SYS_open
    case SYS_open:
      return of_flags(call->argument[1]);
    case SYS_creat:
      return Intent::Write;
#endif
    case SYS_openat:
      return of_flags(call->argument[2]);
    case SYS_connect:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg:
      return Intent::Write;
    default:
      return only_names(call->number, call->argument[1]) ? Intent::Name : Intent::Anything;
  }
}

Way way_of(const std::string& system_call) {
  const auto call = call_in(system_call);
  if (!call) return Way::Unknown;
  // The numbers of 32-bit programs are others. What these have for a stack is where no 64-bit program has it.
  if (call->stack != 0 && call->stack <= UINT32_MAX) return Way::Unknown;
  // The working directory is no file: with it there is a path, too.
  const bool has_descriptor = static_cast<int>(call->argument[0]) != AT_FDCWD;
  const auto by_flags = [=](unsigned long flags) { return has_descriptor && (flags & AT_EMPTY_PATH) != 0 ? Way::Descriptor : Way::Path; };
  switch (call->number) {
#ifdef SYS_open
    case SYS_open:
    case SYS_creat:
#endif
    case SYS_openat:
    case SYS_openat2:
    case SYS_execve:
      return Way::Path;
#ifdef SYS_newfstatat
    case SYS_newfstatat:
#endif
    case SYS_faccessat2:
#ifdef SYS_fchmodat2
    case SYS_fchmodat2:
#endif
      return by_flags(call->argument[3]);
    case SYS_statx:
      return by_flags(call->argument[2]);
    case SYS_fchownat:
    case SYS_linkat:
    case SYS_execveat:
    case SYS_name_to_handle_at:
      return by_flags(call->argument[4]);
    case SYS_utimensat:
      return call->argument[1] == 0 ? Way::Descriptor : by_flags(call->argument[3]);
    case SYS_read:
    case SYS_write:
    case SYS_readv:
    case SYS_writev:
    case SYS_pread64:
    case SYS_pwrite64:
    case SYS_preadv:
    case SYS_pwritev:
    case SYS_preadv2:
    case SYS_pwritev2:
    case SYS_sendfile:
    case SYS_splice:
    case SYS_copy_file_range:
    case SYS_getdents64:
    case SYS_lseek:
    case SYS_mmap:
    case SYS_fstat:
    case SYS_fstatfs:
    case SYS_fchmod:
    case SYS_fchown:
    case SYS_ftruncate:
    case SYS_fallocate:
    case SYS_fadvise64:
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_fgetxattr:
    case SYS_fsetxattr:
    case SYS_flistxattr:
    case SYS_fremovexattr:
    case SYS_fcntl:
    case SYS_flock:
    case SYS_ioctl:
    case SYS_open_by_handle_at:
      return Way::Descriptor;
    default:
      return only_names(call->number, call->argument[1]) ? Way::Path : Way::Unknown;
  }
}

}  // namespace acefs::principal
