// SPDX-License-Identifier: MIT
#include "daemon/places.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "daemon/exit_codes.hpp"
#include "daemon/options.hpp"

namespace acefs::daemon {

UniqueFd open_source(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const int error = errno;
  if (!fd && error == ENOTDIR) throw StartError(kNoSource, "backing directory " + path + " is not a directory");
  if (!fd) throw StartError(kNoSource, "backing directory " + path + ": " + std::strerror(error));
  if (::fgetxattr(fd.get(), "user.acefs.probe", nullptr, 0) < 0 && errno == ENOTSUP)
    throw StartError(kNoSource, "backing directory " + path + ": its filesystem has no user extended attributes, which hold the grants");
  return fd;
}

std::string check_mountpoint(const std::string& path, const std::string& source) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr) {
    const int error = errno;
    const std::string hint = error == ENOTCONN ? " (a filesystem whose daemon died is still mounted there: umount it)" : "";
    throw StartError(kUnavailable, "mount point " + path + ": " + std::strerror(error) + hint);
  }
  struct stat st {};
  if (::stat(resolved, &st) < 0) {
    const int error = errno;
    const std::string hint = error == ENOTCONN ? " (a filesystem whose daemon died is still mounted there: umount it)" : "";
    throw StartError(kUnavailable, "mount point " + path + ": " + std::strerror(error) + hint);
  }
  if (!S_ISDIR(st.st_mode)) throw StartError(kUnavailable, "mount point " + path + " is not a directory");
  char source_path[PATH_MAX];
  if (::realpath(source.c_str(), source_path) != nullptr) {
    const std::string above = std::string(source_path) + (std::strcmp(source_path, "/") == 0 ? "" : "/");
    if (std::string(resolved).starts_with(above))
      throw StartError(kUnavailable, "mount point " + path + " lies within the backing directory " + source);
  }
  char version[64];
  struct stat up {};
  const bool is_acefs = ::getxattr(resolved, "system.acefs.version", version, sizeof version) > 0;
  if (is_acefs && ::stat((std::string(resolved) + "/..").c_str(), &up) == 0 && up.st_dev != st.st_dev)
    throw StartError(kUnavailable, "mount point " + path + " is busy: an acefs is mounted there already");
  return resolved;
}

}  // namespace acefs::daemon
