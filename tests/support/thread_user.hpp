// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <vector>

namespace acefs::test {

/// While it lives, the calling thread of root's is that user, and only that thread: the kernel keeps credentials by thread, it is libc
/// that makes all threads follow. So no time passes, and no other process runs, between a change by root and the user's next operation.
class ThreadUser {
 public:
  ThreadUser(uid_t uid, gid_t gid, const std::vector<gid_t>& groups);
  ThreadUser(const ThreadUser&) = delete;
  ThreadUser& operator=(const ThreadUser&) = delete;
  ~ThreadUser();
};

}  // namespace acefs::test
