// SPDX-License-Identifier: MIT
#pragma once

#include <array>

namespace acefs::daemon {

/// What serving needs, the C library with its threads, the name service with its modules (which may ask another host), and the log.
/// Whatever this architecture has no number for is left out. Not here, on purpose: execve, ptrace, process_vm_*, pidfd_getfd, bpf,
/// perf_event_open, userfaultfd, keyctl, kexec, modules, mounting, namespaces, chroot, the clock, swapping, quotas, reboot.
inline constexpr std::array kSystemCalls = {
    // files
    "access", "chdir", "chmod", "chown", "close", "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3", "faccessat",
    "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod", "fchmodat", "fchown", "fchownat", "fcntl", "fdatasync",
    "fgetxattr", "flistxattr", "flock", "fremovexattr", "fsetxattr", "fstat", "fstatfs", "fsync", "ftruncate", "futimesat", "getcwd",
    "getdents", "getdents64", "getxattr", "ioctl", "lchown", "lgetxattr", "link", "linkat", "listxattr",
    "llistxattr", "lremovexattr", "lseek", "lsetxattr", "lstat", "mkdir", "mkdirat", "mknod", "mknodat", "name_to_handle_at",
    "newfstatat", "open", "open_by_handle_at", "openat", "openat2", "pipe", "pipe2", "pread64", "preadv", "preadv2", "pwrite64",
    "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "removexattr", "rename", "renameat",
    "renameat2", "rmdir", "sendfile", "setxattr", "splice", "stat", "statfs", "statx", "symlink", "symlinkat", "sync",
    "sync_file_range", "syncfs", "tee", "truncate", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimes", "vmsplice", "write",
    "writev",
    // what changed behind the mount; the end of the mount
    "fanotify_init", "fanotify_mark", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "umount2",
    // waiting
    "clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2",
    "epoll_wait", "eventfd", "eventfd2", "gettimeofday", "nanosleep", "poll", "ppoll", "pselect6", "select", "signalfd", "signalfd4",
    "time", "timer_create", "timer_delete", "timer_gettime", "timer_settime", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    // memory and threads
    "arch_prctl", "brk", "clone", "exit", "exit_group", "futex", "futex_wait", "futex_waitv", "futex_wake", "get_mempolicy",
    "get_robust_list", "getcpu", "madvise", "membarrier", "memfd_create", "mincore", "mlock", "mlock2", "mmap", "mprotect", "mremap",
    "msync", "munlock", "munmap", "restart_syscall", "riscv_flush_icache", "rseq", "sched_get_priority_max", "sched_get_priority_min",
    "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_setaffinity", "sched_yield", "set_robust_list",
    "set_tid_address",
    // who it is and whom it acts for
    "capget", "capset", "getegid", "geteuid", "getgid", "getgroups", "getitimer", "getpgid", "getpgrp", "getpid", "getppid",
    "getpriority", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage", "getsid", "gettid", "getuid", "prctl", "prlimit64",
    "setfsgid", "setfsuid", "sysinfo", "uname",
    // signals; a forked child's end
    "alarm", "kill", "pause", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigtimedwait", "rt_tgsigqueueinfo", "setitimer", "sigaltstack", "sigreturn", "tgkill", "tkill", "wait4", "waitid",
    // log, alarms, status, name service
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv", "recvfrom", "recvmmsg",
    "recvmsg", "send", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socket", "socketpair",
};

/// The same on every architecture: fchmodat2 and the four of setxattrat, which a libseccomp may be too old to know by name.
inline constexpr std::array kSystemCallNumbers = {452, 463, 464, 465, 466};

inline constexpr std::array kIoUringCalls = {"io_uring_enter", "io_uring_register", "io_uring_setup"};

}  // namespace acefs::daemon
