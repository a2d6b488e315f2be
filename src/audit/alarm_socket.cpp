// SPDX-License-Identifier: MIT
#include "audit/alarm_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace acefs::audit {

AlarmSocket::AlarmSocket(std::string path)
    : path_(std::move(path)), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  const int error = errno;
  if (!path_.starts_with('/')) throw std::runtime_error("\"" + path_ + "\" is not an absolute path");
  if (path_.size() >= sizeof(sockaddr_un::sun_path)) throw std::runtime_error(path_ + ": " + std::strerror(ENAMETOOLONG));
  if (!fd_) throw std::runtime_error(path_ + ": " + std::strerror(error));
}

bool AlarmSocket::send(const std::string& line) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  const ssize_t sent = ::sendto(fd_.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return sent == static_cast<ssize_t>(line.size());
}

}  // namespace acefs::audit
