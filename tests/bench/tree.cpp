// SPDX-License-Identifier: MIT
#include "tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "acefs/base/unique_fd.hpp"

namespace acefs::bench {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

void make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) fail(path);
  if (::chmod(path.c_str(), mode) != 0) fail(path);
}

UniqueFd make_file(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) fail(path);
  return fd;
}

/// 4 KiB and an attribute, for the operations that read them.
void make_file_with_content(const std::string& path) {
  const UniqueFd fd = make_file(path);
  const std::string page(4096, 'x');
  if (::pwrite(fd.get(), page.data(), page.size(), 0) != static_cast<ssize_t>(page.size())) fail(path);
  constexpr std::string_view value = "value";
  if (::fsetxattr(fd.get(), "user.bench", value.data(), value.size(), 0) != 0) fail(path + ": user.bench");
}

void make_empty_files(const std::string& directory, int count) {
  for (int i = 0; i < count; ++i) make_file(directory + "/entry" + std::to_string(i));
}

void make_place(const Layout& layout, int thread) {
  const std::string place = layout.place(thread);
  for (auto slash = place.find('/', layout.root.size() + 1); slash != std::string::npos; slash = place.find('/', slash + 1)) {
    make_directory(place.substr(0, slash), 0755);
  }
  make_directory(place, 0777);
  for (int i = 0; i < kFiles; ++i) make_file_with_content(layout.file(thread, i));
}

}  // namespace

std::string Layout::place(int thread) const {
  // Depths do not share directories: the place of one would be an ancestor of the next.
  std::string path = root + "/depth" + std::to_string(depth) + "-" + std::to_string(thread);
  for (int i = 1; i < depth; ++i) path += "/segment";
  return path;
}

std::string Layout::file(int thread, int number) const { return place(thread) + "/file" + std::to_string(number); }

std::string Layout::listed() const { return place(0) + "/listed"; }

std::string Layout::walked() const { return place(0) + "/walked"; }

void prepare(const Layout& layout, bool with_listed, bool with_walked) {
  ::umask(0);
  for (int t = 0; t < layout.threads; ++t) make_place(layout, t);
  if (with_listed) {
    make_directory(layout.listed(), 0755);
    make_empty_files(layout.listed(), kListed);
  }
  if (!with_walked) return;
  make_directory(layout.walked(), 0755);
  for (int i = 0; i < kWalkedDirs; ++i) {
    const std::string directory = layout.walked() + "/dir" + std::to_string(i);
    make_directory(directory, 0755);
    make_empty_files(directory, kWalkedFiles);
  }
}

}  // namespace acefs::bench
