// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace acefs::principal {

/// The system call that a thread is in, as /proc/PID/syscall has it, which is the same text for as long as it is in that call; "" when it
/// cannot be looked at.
std::string system_call_of(pid_t thread);
/// The same as far as this process may look.
std::string read_system_call(pid_t thread);
/// From now on what follows asks that instead: a confined process may not look at others. Before there are other threads.
void look_at_threads_by(std::function<std::string(pid_t)> read);

/// What the system call that a thread is in wants of the node that its path leads to.
enum class Intent {
  Name,       ///< stat, unlink, rename, chmod …: the node is named, not opened
  Read,       ///< open for reading
  Write,      ///< open for writing; connect to or send to a socket
  Anything,   ///< open for both, O_PATH (which can be opened for anything later), or a call that is not known
};

/// The intent of the thread that waits for an answer, from /proc/PID/syscall. A thread that cannot be looked at: Anything.
///
/// For fifos, sockets and devices only: the kernel opens these by itself and asks a FUSE filesystem without
/// default_permissions nothing (fs/fuse/dir.c, fuse_permission()), so their lookup is the only place where it can be refused.
/// The thread sleeps in the kernel until it is answered, so what is read cannot change meanwhile.
Intent intent_of(pid_t thread);

/// How that system call came to the node.
enum class Way {
  Path,
  Descriptor,  ///< which leads to the file whatever became of its names
  Unknown,     ///< a call that is not known, or one that could not be looked at
};

/// Of what system_call_of() says.
///
/// For a file that lost a name behind the mount: fstat(2) must go on, stat(2) must find the name gone, and the kernel asks both in the same
/// words (fs/fuse/dir.c, fuse_getattr()). A call that may have a descriptor and a path, and has both, is said to have come by the
/// descriptor. Of threads of the kernel, such as its NFS server's, /proc says that they read: they come by a number, which is one.
Way way_of(const std::string& system_call);

}  // namespace acefs::principal
