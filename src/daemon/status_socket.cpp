// SPDX-License-Identifier: MIT
#include "daemon/status_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string_view>

namespace acefs::daemon {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw std::runtime_error("status socket " + path + ": " + std::strerror(error));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) fail(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

UniqueFd make_socket(int flags = 0) { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

/// What a daemon that was killed left behind: a socket that nobody listens to. With the lock of the path.
void remove_if_dead(const std::string& path, const sockaddr_un& address) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0 || !S_ISSOCK(st.st_mode)) return;
  // Without waiting: one whose queue is full is alive.
  const UniqueFd probe = make_socket(SOCK_NONBLOCK);
  if (probe && ::connect(probe.get(), generic(address), sizeof address) != 0 && errno == ECONNREFUSED) ::unlink(path.c_str());
}

/// A daemon that serves has the lock of its socket.
void remove_dead_sockets(const std::string& directory) {
  std::set<std::string> paths;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    std::string path = entry.path();
    if (path.ends_with(".lock")) path.resize(path.size() - 5);
    if (path.ends_with(".sock") && path.size() < sizeof sockaddr_un{}.sun_path) paths.insert(std::move(path));
  }
  for (const std::string& path : paths)
    if (const auto lock = PathLock::take(path, std::chrono::milliseconds(0))) remove_if_dead(path, address_of(path));
}

}  // namespace

std::string StatusSocket::default_path() {
  std::string directory = "/run/acefs";
  if (::geteuid() != 0) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime == nullptr || *runtime != '/') return {};
    directory = std::string(runtime) + "/acefs";
  }
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) return {};
  remove_dead_sockets(directory);
  return directory + '/' + std::to_string(::getpid()) + ".sock";
}

StatusSocket::StatusSocket(std::string path, uid_t user, std::function<std::string()> status)
    : path_(std::move(path)), user_(user), status_(std::move(status)), over_(::eventfd(0, EFD_CLOEXEC)) {
  if (!over_) fail(path_, errno);
  listen_on_path();
  thread_ = std::thread([this] { work(); });
}

void StatusSocket::listen_on_path() {
  const sockaddr_un address = address_of(path_);
  // A mount that is being replaced still ends.
  auto lock = PathLock::take(path_, std::chrono::seconds(2));
  if (!lock) fail(path_, lock.status().errno_value());
  lock_.emplace(*std::move(lock));
  remove_if_dead(path_, address);
  listener_ = make_socket();
  if (!listener_) fail(path_, errno);
  // What is bound has the mode of the descriptor: at no time may others connect.
  if (::fchmod(listener_.get(), 0600) != 0) fail(path_, errno);
  if (::bind(listener_.get(), generic(address), sizeof address) != 0) fail(path_, errno);
  const UniqueFd bound(::open(path_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  int error = bound ? take_over(bound.get()) : errno;
  if (error == 0 && ::listen(listener_.get(), 8) != 0) error = errno;
  if (error == 0) return;
  remove_mine();
  fail(path_, error);
}

/// What is at the path must be what was just bound; by its descriptor, for by its name it might meanwhile be anything. An errno, or 0.
int StatusSocket::take_over(int socket) {
  struct stat st {};
  if (::fstat(socket, &st) != 0) return errno;
  if (!S_ISSOCK(st.st_mode) || (st.st_mode & 07777) != 0600 || st.st_uid != ::geteuid()) return EPERM;
  device_ = st.st_dev;
  inode_ = st.st_ino;
  if (user_ == ::geteuid() || ::fchownat(socket, "", user_, static_cast<gid_t>(-1), AT_EMPTY_PATH) == 0) return 0;
  return errno;
}

void StatusSocket::remove_mine() const {
  struct stat st {};
  if (inode_ != 0 && ::lstat(path_.c_str(), &st) == 0 && st.st_dev == device_ && st.st_ino == inode_) ::unlink(path_.c_str());
}

StatusSocket::~StatusSocket() {
  const std::uint64_t one = 1;
  if (::write(over_.get(), &one, sizeof one) != sizeof one) ::shutdown(listener_.get(), SHUT_RDWR);  // either wakes the thread
  thread_.join();
  remove_mine();
}

void StatusSocket::work() {
  for (;;) {
    std::array<pollfd, 2> waiting = {{{listener_.get(), POLLIN, 0}, {over_.get(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0 || (waiting[0].revents & (POLLHUP | POLLERR)) != 0) return;
    if ((waiting[0].revents & POLLIN) == 0) continue;
    const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const int error = errno;
    if (client) answer(client.get());
    // Without a descriptor for him he goes on waiting, and poll(2) would say so at once again.
    else if (error != EINTR && error != ECONNABORTED) ::poll(&waiting[1], 1, 1000);
  }
}

void StatusSocket::answer(int client) const {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return;
  if (who.uid != 0 && who.uid != user_) return;
  const timeval patience{1, 0};
  ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::string text;
  try {
    text = status_();
  } catch (const std::exception&) {
    return;  // out of memory: whoever asked sees an empty answer
  }
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t sent = ::send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace acefs::daemon
