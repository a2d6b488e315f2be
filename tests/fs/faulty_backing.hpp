// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backing/backing.hpp"

namespace acefs::test {

/// The real backing with a memory and a switch: it remembers which calls changed something, and fails those it is told to fail.
class FaultyBacking : public backing::Backing {
 public:
  /// Calls that would have changed the tree, in order.
  std::vector<std::string> changes;
  /// How often attributes were asked for.
  std::atomic<long> looks{0};
  /// Call → errno with which it fails instead of being made.
  std::map<std::string, int> faults;
  /// errno with which what a descriptor leads to cannot be looked at; 0: it can.
  int own_look_fails = 0;
  /// As on a filesystem that has no birth times, but of this inode.
  std::optional<ino_t> birth_only_of;
  /// What somebody else does between the last look and the first rename.
  std::function<void()> before_rename;
  /// And after a file was created, and after a name was looked at for the first time.
  std::function<void()> after_create;
  std::map<std::string, std::function<void()>> after_look;
  /// And before a directory is opened by "..".
  std::function<void()> before_parent;
  /// And before the first change of a mode.
  std::function<void()> before_chmod;

  Result<backing::Attr> stat_at(int dir, const char* name) override {
    ++looks;
    if (own_look_fails != 0 && *name == '\0') return Status::from(own_look_fails);
    auto attr = Backing::stat_at(dir, name);
    if (attr && birth_only_of && attr->st.st_ino != *birth_only_of) attr->btime_ns = 0;
    if (const auto meanwhile = after_look.extract(name)) meanwhile.mapped()();
    return attr;
  }
  Result<UniqueFd> open_at(int dir, const char* name, int flags, mode_t mode) override {
    if (std::string_view(name) == "..") {
      if (const auto meanwhile = std::exchange(before_parent, nullptr)) meanwhile();
    }
    if ((flags & (O_CREAT | O_TRUNC)) != 0) {
      if (Status s = change("create"); !s) return s;
    } else if ((flags & (O_PATH | O_DIRECTORY)) == 0) {
      if (Status s = fault("open"); !s) return s;
    }
    auto fd = Backing::open_at(dir, name, flags, mode);
    if ((flags & O_CREAT) != 0) {
      if (const auto meanwhile = std::exchange(after_create, nullptr)) meanwhile();
    }
    return fd;
  }
  Result<UniqueFd> reopen(int fd, int flags) override {
    if ((flags & O_TRUNC) != 0) changes.emplace_back("open O_TRUNC");
    if ((flags & O_PATH) == 0) {
      if (Status s = fault("open"); !s) return s;
    }
    return Backing::reopen(fd, flags);
  }
  Status mkdir_at(int dir, const char* name, mode_t mode) override {
    return run("mkdir", [&] { return Backing::mkdir_at(dir, name, mode); });
  }
  Status mknod_at(int dir, const char* name, mode_t mode, dev_t device) override {
    return run("mknod", [&] { return Backing::mknod_at(dir, name, mode, device); });
  }
  Status symlink_at(const char* target, int dir, const char* name) override {
    return run("symlink", [&] { return Backing::symlink_at(target, dir, name); });
  }
  Status link_at(int fd, int dir, const char* name) override {
    return run("link", [&] { return Backing::link_at(fd, dir, name); });
  }
  Status unlink_at(int dir, const char* name, int flags) override {
    return run(flags == 0 ? "unlink" : "rmdir", [&] { return Backing::unlink_at(dir, name, flags); });
  }
  Status rename_at(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) override {
    if (const auto meanwhile = std::exchange(before_rename, nullptr)) meanwhile();
    return run("rename", [&] { return Backing::rename_at(from_dir, from, to_dir, to, flags); });
  }
  Status chmod(int fd, mode_t mode) override {
    if (const auto meanwhile = std::exchange(before_chmod, nullptr)) meanwhile();
    return run("chmod", [&] { return Backing::chmod(fd, mode); });
  }
  Status chown(int fd, uid_t uid, gid_t gid) override {
    return run("chown", [&] { return Backing::chown(fd, uid, gid); });
  }
  Status utimens(int fd, const struct timespec times[2]) override {
    return run("utimens", [&] { return Backing::utimens(fd, times); });
  }
  Status truncate(int fd, off_t size) override {
    return run("truncate", [&] { return Backing::truncate(fd, size); });
  }
  Status set_xattr(int fd, const char* name, const void* value, std::size_t size, int flags) override {
    return run("setxattr", [&] { return Backing::set_xattr(fd, name, value, size, flags); });
  }
  Status remove_xattr(int fd, const char* name) override {
    return run("removexattr", [&] { return Backing::remove_xattr(fd, name); });
  }
  Result<std::string> read_link(int fd) override {
    if (Status s = fault("readlink"); !s) return s;
    return Backing::read_link(fd);
  }
  Status sync(int fd, bool data_only) override {
    if (Status s = fault("fsync"); !s) return s;
    return Backing::sync(fd, data_only);
  }
  Status fallocate(int fd, int mode, off_t offset, off_t length) override {
    return run("fallocate", [&] { return Backing::fallocate(fd, mode, offset, length); });
  }

 private:
  Status fault(const std::string& call) const {
    const auto it = faults.find(call);
    return it == faults.end() ? Status::ok() : Status::from(it->second);
  }
  Status change(const std::string& call) {
    changes.push_back(call);
    return fault(call);
  }
  template <typename Call>
  Status run(const std::string& name, Call&& call) {
    if (Status s = change(name); !s) return s;
    return call();
  }
};

}  // namespace acefs::test
