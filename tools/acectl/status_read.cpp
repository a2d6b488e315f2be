// SPDX-License-Identifier: MIT
#include "status_read.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "acefs/base/unique_fd.hpp"

namespace acefs::tool::acectl {

namespace {

constexpr std::size_t kMost = 1 << 20;
constexpr std::chrono::milliseconds kPatience{5000};

Result<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Status::from(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return Status::last();
  const timeval patience{kPatience.count() / 1000, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // connect(2) waits so long where the queue is full
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Status::last();
  return fd;
}

}  // namespace

Result<std::string> read_status(const std::string& socket, uid_t user) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto fd = connect_to(socket);
  if (!fd) return fd.status();
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd->get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return Status::last();
  if (who.uid != 0 && who.uid != user) return Status::from(EPERM);
  std::string text;
  std::array<char, 16384> part{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waiting{fd->get(), POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return Status::last();
    if (ready == 0) return Status::from(ETIMEDOUT);
    const ssize_t got = ::recv(fd->get(), part.data(), part.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return Status::last();
    if (got == 0) break;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > kMost) return Status::from(EFBIG);
  }
  if (text.empty()) return Status::from(EACCES);
  return text;
}

}  // namespace acefs::tool::acectl
