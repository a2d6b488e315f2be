// SPDX-License-Identifier: MIT
#include "nodes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "acefs/base/unique_fd.hpp"
#include "as_user.hpp"

namespace acefs::test {
namespace {

void must(int result, const std::string& what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

void make_file(const std::string& path, mode_t mode, std::string_view content, uid_t uid, gid_t gid) {
  ::unlink(path.c_str());
  must(spill(path, content, O_CREAT | O_EXCL | O_WRONLY, 0600), path);
  must(::chown(path.c_str(), uid, gid), path);
  must(::chmod(path.c_str(), mode), path);
}

void make_dir(const std::string& path, mode_t mode, uid_t uid, gid_t gid) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) must(-1, path);
  must(::chown(path.c_str(), uid, gid), path);
  must(::chmod(path.c_str(), mode), path);
}

void make_symlink(const std::string& target, const std::string& path, uid_t uid, gid_t gid) {
  ::unlink(path.c_str());
  must(::symlink(target.c_str(), path.c_str()), path);
  must(::lchown(path.c_str(), uid, gid), path);
}

void erase(const std::string& path) { std::filesystem::remove_all(path); }

std::string slurp(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return "!" + errno_name(errno);
  std::string all;
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t n = ::read(fd.get(), part.data(), part.size());
    if (n < 0) return "!" + errno_name(errno);
    if (n == 0) return all;
    all.append(part.data(), static_cast<std::size_t>(n));
  }
}

int spill(const std::string& path, std::string_view content, int flags, mode_t mode) {
  const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return -1;
  while (!content.empty()) {
    const ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0) return -1;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

int try_open(const std::string& path, int flags, mode_t mode) {
  const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  return fd ? 0 : -1;
}

std::vector<std::string> names_in(const std::string& path) {
  DIR* dir = ::opendir(path.c_str());
  if (dir == nullptr) return {"!" + errno_name(errno)};
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) names = {"!" + errno_name(errno)};
  ::closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

std::string listing(const std::string& path) {
  std::string all;
  for (const std::string& name : names_in(path)) all += (all.empty() ? "" : " ") + name;
  return all;
}

struct stat lstat_of(const std::string& path) {
  struct stat st {};
  must(::lstat(path.c_str(), &st), path);
  return st;
}

bool exists(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0;
}

}  // namespace acefs::test
