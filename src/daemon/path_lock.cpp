// SPDX-License-Identifier: MIT
#include "daemon/path_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace acefs::daemon {
namespace {

/// Whether the file is still the one of that name: its last holder may have removed it since it was opened.
bool is_at(const std::string& name, int fd) {
  struct stat held {}, there {};
  return ::fstat(fd, &held) == 0 && ::lstat(name.c_str(), &there) == 0 && held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

}  // namespace

Result<PathLock> PathLock::take(const std::string& path, std::chrono::milliseconds patience) {
  const std::string name = path + ".lock";
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return Status::last();
    // There is no flock(2) that waits for so long only.
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      if (error != EWOULDBLOCK && error != EINTR) return Status::from(error);
      if (std::chrono::steady_clock::now() >= end) return Status::from(EADDRINUSE);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (is_at(name, fd.get())) return PathLock(name, std::move(fd));
  }
}

PathLock::~PathLock() {
  if (fd_) ::unlink(name_.c_str());  // before it is closed: nobody else has it yet
}

}  // namespace acefs::daemon
