// SPDX-License-Identifier: MIT
#include "node.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <climits>

namespace acefs::tool {

Result<Node> opened_as_named(const std::function<Result<Node>()>& open, int at, const std::string& name, Symlinks symlinks) {
  constexpr int kTries = 10;
  Result<Node> node = Status::from(ESTALE);
  for (int i = 0; i < kTries; ++i) {
    node = open();
    if (!node && node.error().errno_value() != ESTALE) return node;
    struct stat named {};
    const bool there = ::fstatat(at, name.c_str(), &named, symlinks == Symlinks::Stay ? AT_SYMLINK_NOFOLLOW : 0) == 0;
    if (node && there && node->same_as(named)) return node;
  }
  return node ? Status::from(ESTALE) : node.status();
}

Result<Node> open_node(int at, const std::string& name, Symlinks symlinks, std::string path) {
  const auto open = [&]() -> Result<Node> {
    const int flags = O_PATH | O_CLOEXEC | (symlinks == Symlinks::Stay ? O_NOFOLLOW : 0);
    Node node{UniqueFd(::openat(at, name.c_str(), flags)), {}, path.empty() ? name : path};
    if (!node.fd) return Status::last();
    if (::fstat(node.fd.get(), &node.st) != 0) return Status::last();
    return node;
  };
  return opened_as_named(open, at, name, symlinks);
}

Result<std::string> path_of(const Node& node) {
  const std::string link = "/proc/self/fd/" + std::to_string(node.fd.get());
  std::string path(PATH_MAX, '\0');
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  if (length < 0) return Status::last();
  path.resize(static_cast<std::size_t>(length));
  return path;
}

Result<Node> open_parent(const Node& node) {
  if (node.is_directory()) return open_node(node.fd.get(), "..", Symlinks::Stay, join(node.path, ".."));
  const auto path = path_of(node);
  if (!path) return path.status();
  auto parent = open_node(AT_FDCWD, directory_of(*path), Symlinks::Follow);
  if (!parent) return parent.status();
  struct stat there {};
  if (::fstatat(parent->fd.get(), name_of(*path).c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return Status::last();
  if (!node.same_as(there)) return Status::from(ESTALE);
  return parent;
}

const char* kind_of(const struct stat& st) {
  switch (st.st_mode & S_IFMT) {
    case S_IFREG: return "a regular file";
    case S_IFDIR: return "a directory";
    case S_IFLNK: return "a symbolic link";
    case S_IFIFO: return "a fifo";
    case S_IFSOCK: return "a socket";
    default: return "a device";
  }
}

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string join(const std::string& directory, const std::string& name) {
  return directory.ends_with('/') ? directory + name : directory + '/' + name;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace acefs::tool
