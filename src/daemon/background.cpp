// SPDX-License-Identifier: MIT
#include "daemon/background.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "daemon/exit_codes.hpp"

namespace acefs::daemon {

int go_to_background() {
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) < 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    ::close(ready[0]);
    ::setsid();
    return ready[1];
  }
  ::close(ready[1]);
  char byte = 0;
  ssize_t n = 0;
  while ((n = ::read(ready[0], &byte, 1)) < 0 && errno == EINTR) {
  }
  if (n == 1) ::_exit(kOk);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(kInternal));
}

void let_go_of_terminal() {
  if (::chdir("/") < 0) return;
  const int null = ::open("/dev/null", O_RDWR);
  if (null < 0) return;
  for (const int fd : {0, 1, 2}) ::dup2(null, fd);
  if (null > 2) ::close(null);
}

}  // namespace acefs::daemon
