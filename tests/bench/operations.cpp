// SPDX-License-Identifier: MIT
#include "operations.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "acefs/base/unique_fd.hpp"

namespace acefs::bench {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

int error_of(int result) { return result < 0 ? errno : 0; }

int stat_once(Worker& w) {
  struct stat st {};
  return error_of(::stat(w.next_file().c_str(), &st));
}

int open_once(Worker& w) {
  const UniqueFd fd(::open(w.next_file().c_str(), O_RDONLY | O_CLOEXEC));
  return fd ? 0 : errno;
}

int openread_once(Worker& w) {
  const UniqueFd fd(::open(w.next_file().c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno;
  std::array<char, 4096> page;  // not filled with zeroes: that would be measured
  const ssize_t n = ::read(fd.get(), page.data(), page.size());
  if (n < 0) return errno;
  return n == static_cast<ssize_t>(page.size()) ? 0 : EIO;
}

int create_once(Worker& w) {
  {
    const UniqueFd fd(::open(w.scratch.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd) return errno;
  }
  return error_of(::unlink(w.scratch.c_str()));
}

int mkdir_once(Worker& w) {
  if (::mkdir(w.scratch.c_str(), 0755) != 0) return errno;
  return error_of(::rmdir(w.scratch.c_str()));
}

int rename_begin(Worker& w) {
  w.turn = 0;
  const UniqueFd fd(::open(w.scratch.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  return fd ? 0 : errno;
}

int rename_once(Worker& w) {
  const bool there = w.turn++ % 2 == 0;
  const std::string& from = there ? w.scratch : w.renamed_scratch;
  const std::string& to = there ? w.renamed_scratch : w.scratch;
  return error_of(::rename(from.c_str(), to.c_str()));
}

int rename_end(Worker& w) {
  return error_of(::unlink((w.turn % 2 == 0 ? w.scratch : w.renamed_scratch).c_str()));
}

int getxattr_once(Worker& w) {
  std::array<char, 64> value;
  const ssize_t n = ::getxattr(w.next_file().c_str(), "user.bench", value.data(), value.size());
  return n < 0 ? errno : 0;
}

int enoent_once(Worker& w) {
  struct stat st {};
  if (::stat(w.next_missing().c_str(), &st) == 0) return EEXIST;
  return errno == ENOENT ? 0 : errno;
}

/// Entries of an open directory, the two dots not counted; `each` is called for every one.
template <typename Each>
int for_each_entry(DIR* dir, Each&& each) {
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir);
    if (entry == nullptr) return errno;
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    if (const int error = each(*entry); error != 0) return error;
  }
}

int readdir_once(Worker& w) {
  const Dir dir(::opendir(w.listed.c_str()));
  if (!dir) return errno;
  int count = 0;
  const int error = for_each_entry(dir.get(), [&](const dirent&) { return ++count, 0; });
  if (error != 0) return error;
  return count == kListed ? 0 : EIO;
}

/// Takes `fd`. As find(1) does: only directories are opened, and whatever is not known to be one is asked about.
int walk(int fd, bool with_stat) {
  const Dir dir(::fdopendir(fd));
  if (!dir) return errno;
  return for_each_entry(dir.get(), [&](const dirent& entry) {
    bool is_directory = entry.d_type == DT_DIR;
    if (with_stat || entry.d_type == DT_UNKNOWN) {
      struct stat st {};
      if (::fstatat(::dirfd(dir.get()), entry.d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) return errno;
      is_directory = S_ISDIR(st.st_mode);
    }
    if (!is_directory) return 0;
    const int below = ::openat(::dirfd(dir.get()), entry.d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return below < 0 ? errno : walk(below, with_stat);
  });
}

int walk_from_top(const Worker& w, bool with_stat) {
  const int fd = ::open(w.walked.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? errno : walk(fd, with_stat);
}

int walk_once(Worker& w) { return walk_from_top(w, false); }
int walkstat_once(Worker& w) { return walk_from_top(w, true); }

constexpr std::array kOperations = {
    Operation{"stat", 16, stat_once},
    Operation{"open", 8, open_once},
    Operation{"openread", 8, openread_once},
    Operation{"create", 4, create_once},
    Operation{"mkdir", 4, mkdir_once},
    Operation{"rename", 4, rename_once, rename_begin, rename_end},
    Operation{"getxattr", 16, getxattr_once},
    Operation{"enoent", 16, enoent_once},
    Operation{"readdir", 1, readdir_once},
    Operation{"walk", 1, walk_once},
    Operation{"walkstat", 1, walkstat_once},
};

}  // namespace

Worker::Worker(const Layout& layout, int thread)
    : scratch(layout.place(thread) + "/scratch"), renamed_scratch(layout.place(thread) + "/scratch-renamed"), listed(layout.listed()),
      walked(layout.walked()) {
  for (int i = 0; i < kFiles; ++i) {
    const auto index = static_cast<std::size_t>(i);
    files[index] = layout.file(thread, i);
    missing[index] = layout.place(thread) + "/missing" + std::to_string(i);
  }
}

std::span<const Operation> operations() { return kOperations; }

const Operation* find_operation(std::string_view name) {
  const auto* const it = std::find_if(kOperations.begin(), kOperations.end(), [&](const Operation& o) { return o.name == name; });
  return it == kOperations.end() ? nullptr : it;
}

}  // namespace acefs::bench
