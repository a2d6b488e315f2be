// SPDX-License-Identifier: MIT
#include "thread_user.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

namespace acefs::test {
namespace {

void must(long result) {
  if (result != 0) std::abort();  // every answer that follows would be somebody else's
}

}  // namespace

ThreadUser::ThreadUser(uid_t uid, gid_t gid, const std::vector<gid_t>& groups) {
  // The saved ids stay root's: they are the way back. The real ones go too, because access(2) asks for them.
  must(::syscall(SYS_setgroups, groups.size(), groups.data()));
  must(::syscall(SYS_setresgid, gid, gid, 0));
  must(::syscall(SYS_setresuid, uid, uid, 0));
}

ThreadUser::~ThreadUser() {
  must(::syscall(SYS_setresuid, 0, 0, 0));
  must(::syscall(SYS_setresgid, 0, 0, 0));
  must(::syscall(SYS_setgroups, 0, nullptr));
}

}  // namespace acefs::test
