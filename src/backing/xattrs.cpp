// SPDX-License-Identifier: MIT
#include "xattrs.hpp"

#include <sys/xattr.h>

#include <cstdio>
#include <utility>

namespace acefs::backing {

namespace {

/// Enough for what ext4 can hold, so that one call usually does.
constexpr std::size_t kFirstList = 4096;
constexpr std::size_t kFirstValue = 256;
/// The kernel's own limit for a value and for a list of names.
constexpr std::size_t kMost = 65536;

/// Calls `read(buffer, size)` with a buffer that grows until the answer fits. The size may change between asking for
/// it and reading, so it is not asked for.
template <typename Read>
Result<std::string> read_growing(std::size_t first, Read&& read) {
  std::string buffer(first, '\0');
  for (;;) {
    const ssize_t size = read(buffer.data(), buffer.size());
    if (size >= 0) {
      buffer.resize(static_cast<std::size_t>(size));
      return buffer;
    }
    const Status failed = Status::last();
    if (failed.errno_value() != ERANGE || buffer.size() >= kMost) return failed;
    buffer.resize(buffer.size() * 4 > kMost ? kMost : buffer.size() * 4);
  }
}

std::vector<std::string> split_names(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = list.find('\0', at);
    names.push_back(list.substr(at, end - at));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return names;
}

}  // namespace

Xattrs::Xattrs(int fd) : fd_(fd) { std::snprintf(path_.data(), path_.size(), "/proc/self/fd/%d", fd); }

template <typename ByFd, typename ByPath>
ssize_t Xattrs::call(ByFd&& by_fd, ByPath&& by_path) const {
  if (!by_path_) {
    const ssize_t done = by_fd();
    if (done >= 0 || errno != EBADF) return done;
    by_path_ = true;
  }
  const ssize_t done = by_path();
  if (done < 0 && errno == ENOENT) errno = EIO;
  return done;
}

Result<std::vector<std::string>> Xattrs::list() const {
  auto names = read_growing(kFirstList, [this](char* buffer, std::size_t size) {
    return call([&] { return ::flistxattr(fd_, buffer, size); }, [&] { return ::listxattr(path_.data(), buffer, size); });
  });
  if (!names) return names.error();
  return split_names(*names);
}

Result<std::size_t> Xattrs::list_size() const {
  const ssize_t size =
      call([&] { return ::flistxattr(fd_, nullptr, 0); }, [&] { return ::listxattr(path_.data(), nullptr, 0); });
  if (size < 0) return Status::last();
  return static_cast<std::size_t>(size);
}

Result<std::string> Xattrs::get(const std::string& name) const {
  return read_growing(kFirstValue, [this, &name](char* buffer, std::size_t size) {
    return call([&] { return ::fgetxattr(fd_, name.c_str(), buffer, size); },
                [&] { return ::getxattr(path_.data(), name.c_str(), buffer, size); });
  });
}

Status Xattrs::set(const std::string& name, const std::string& value, int flags) const {
  const ssize_t done = call([&] { return ::fsetxattr(fd_, name.c_str(), value.data(), value.size(), flags); },
                            [&] { return ::setxattr(path_.data(), name.c_str(), value.data(), value.size(), flags); });
  return done < 0 ? Status::last() : Status::ok();
}

Status Xattrs::remove(const std::string& name) const {
  const ssize_t done =
      call([&] { return ::fremovexattr(fd_, name.c_str()); }, [&] { return ::removexattr(path_.data(), name.c_str()); });
  return done < 0 ? Status::last() : Status::ok();
}

}  // namespace acefs::backing
