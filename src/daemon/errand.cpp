// SPDX-License-Identifier: MIT
#include "daemon/errand.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

namespace acefs::daemon {
namespace {

/// A line of the audit trail is shorter, and so is what a socket takes at once.
constexpr std::size_t kLongest = 128 * 1024;
/// Before all that is sent: nothing at all is the end.
constexpr char kBegin = '\0';

/// It keeps nothing of the daemon's but its rights and that socket. What is meant for the daemon (^C in its terminal) does not end it.
void become(const char* name, int socket) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, name);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(number, SIG_IGN);
  ::dup2(socket, 3);  // first: a daemon that was started without standard input may have it there
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) ::dup2(null, fd);
  ::closefrom(4);
  ::fcntl(3, F_SETFD, FD_CLOEXEC);
  if (::chdir("/") != 0) ::_exit(1);
}

[[noreturn]] void serve(const Errand::What& what) {
  constexpr int kSocket = 3;
  std::vector<char> bytes(kLongest);
  for (;;) {
    const ssize_t size = ::recv(kSocket, bytes.data(), bytes.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) ::_exit(0);  // the daemon is gone, or done; see kBegin
    std::string answer(1, kBegin);
    try {
      answer += what(std::string(bytes.data() + 1, static_cast<std::size_t>(size) - 1));
    } catch (const std::exception&) {
    }
    if (::send(kSocket, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) ::_exit(1);
  }
}

}  // namespace

Errand::Errand(const char* name, const What& what) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  socket_ = UniqueFd(ends[0]);
  const UniqueFd other(ends[1]);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ > 0) return;
  become(name, other.get());
  serve(what);
}

Errand::~Errand() {
  socket_.reset();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string Errand::ask(const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  if (const std::string request = kBegin + bytes; ::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
  std::array<char, 4096> answer{};
  ssize_t size = 0;
  while ((size = ::recv(socket_.get(), answer.data(), answer.size(), 0)) < 0 && errno == EINTR) {
  }
  return size > 0 ? std::string(answer.data() + 1, static_cast<std::size_t>(size) - 1) : "";
}

}  // namespace acefs::daemon
