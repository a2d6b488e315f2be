// SPDX-License-Identifier: MIT
#include "side_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>

#include "side_owner.hpp"

namespace acefs::backing {

namespace {

constexpr std::size_t kMostId = 200;  // "<id>.mlock" and "<rest>.mpk.new" are names of at most 255 bytes
constexpr off_t kMostBytes = off_t{64} << 20;
constexpr int kDepth = 4;
constexpr std::size_t kWidth = 2;
constexpr int kTries = 8;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

Result<UniqueFd> open_beneath(int root, const std::string& path, int flags, mode_t mode = 0) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    const Status failed = Status::last();
    if (failed.errno_value() != EINTR) return failed;
  }
}

bool is_shortage(Status s) { return s.errno_value() == ENOMEM || s.errno_value() == EMFILE || s.errno_value() == ENFILE; }

/// What could not be read must let nobody in, whatever the reason; only a shortage is worth telling apart.
Status unreadable(Status s) { return is_shortage(s) ? s : Status::from(EIO); }

SideStamp stamp_of(const struct stat& st) {
  return {.ino = st.st_ino,
          .size = st.st_size,
          .mtime_ns = st.st_mtim.tv_sec * kNanoseconds + st.st_mtim.tv_nsec,
          .ctime_ns = st.st_ctim.tv_sec * kNanoseconds + st.st_ctim.tv_nsec};
}

Result<std::string> read_all(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const ssize_t got = ::pread(fd, bytes.data() + at, size - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::last();
    if (got == 0) return Status::from(EIO);
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return Status::last();
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return Status::ok();
}

Status sync(int fd) { return ::fsync(fd) == 0 ? Status::ok() : Status::last(); }

/// The directory at `path`, made with those above it when missing, each of them on disk before the next.
Result<UniqueFd> make_directory(int root, const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY;
  auto there = open_beneath(root, path, kFlags);
  if (there || there.error().errno_value() != ENOENT) return there;
  auto above = open_beneath(root, ".", kFlags);
  if (!above) return above;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string name = path.substr(at, end - at);
    at = end + 1;
    if (::mkdirat(above->get(), name.c_str(), 0700) == 0) {
      if (Status s = sync(above->get()); !s) return s;
    } else if (errno != EEXIST) {
      return Status::last();
    }
    auto next = open_beneath(above->get(), name, kFlags);
    if (!next) return next;
    above = std::move(next);
  }
  return above;
}

/// The clock's own time, not that of its last tick: two files written within one tick, with the same size and, the first
/// one being gone, the same inode number, still differ.
Status set_exact_mtime(int fd) {
  timespec times[2]{};
  times[0].tv_nsec = UTIME_OMIT;
  ::clock_gettime(CLOCK_REALTIME, &times[1]);
  return ::futimens(fd, times) == 0 ? Status::ok() : Status::last();
}

/// Empty when there is none.
std::string read_owner(int fd) {
  std::string owner(1024, '\0');
  const ssize_t size = ::fgetxattr(fd, kSideOwner, owner.data(), owner.size());
  owner.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return owner;
}

Status write_new(int dir, const std::string& name, std::string_view bytes, const std::string& owner) {
  if (::unlinkat(dir, name.c_str(), 0) != 0 && errno != ENOENT) return Status::last();  // left by a crash
  auto file = open_beneath(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file) return file.status();
  if (Status s = write_all(file->get(), bytes); !s) return s;
  // Without it the file is as good as OpenCloud's, which has none.
  if (!owner.empty()) (void)::fsetxattr(file->get(), kSideOwner, owner.data(), owner.size(), 0);
  if (Status s = set_exact_mtime(file->get()); !s) return s;
  return sync(file->get());
}

Status replace(int root, const std::string& path, std::string_view bytes, const std::string& owner) {
  const std::size_t slash = path.rfind('/');
  const auto dir = make_directory(root, path.substr(0, slash));
  if (!dir) return dir.status();
  const std::string name = path.substr(slash + 1);
  const std::string temporary = name + ".new";
  Status s = write_new(dir->get(), temporary, bytes, owner);
  if (s && ::renameat(dir->get(), temporary.c_str(), dir->get(), name.c_str()) != 0) s = Status::last();
  if (!s) {
    ::unlinkat(dir->get(), temporary.c_str(), 0);
    return s;
  }
  return sync(dir->get());
}

}  // namespace

Result<std::string> side_path_of(std::string_view id) {
  if (id.empty() || id.size() > kMostId || id.find('/') != id.npos || id.find('\0') != id.npos) return Status::from(EIO);
  std::string path(kSideDir);
  for (int depth = 0; depth < kDepth && id.size() > kWidth; ++depth) {
    const std::string_view part = id.substr(0, kWidth);
    if (part == "..") return Status::from(EIO);
    path.append("/").append(part);
    id.remove_prefix(kWidth);
  }
  if (id == "." || id == "..") return Status::from(EIO);
  return path.append("/").append(id).append(".mpk");
}

Result<SideContent> read_side_file(int root, const std::string& path) {
  auto file = open_beneath(root, path, O_RDONLY | O_NONBLOCK);
  if (!file) return unreadable(file.status());
  struct stat st {};
  if (::fstat(file->get(), &st) != 0) return unreadable(Status::last());
  if (!S_ISREG(st.st_mode) || st.st_size > kMostBytes) return Status::from(EIO);
  const auto bytes = read_all(file->get(), static_cast<std::size_t>(st.st_size));
  if (!bytes) return unreadable(bytes.status());
  auto attributes = unpack(*bytes);
  if (!attributes) return Status::from(EIO);
  return SideContent{.attributes = std::move(*attributes), .stamp = stamp_of(st), .owner = read_owner(file->get())};
}

Status write_side_file(int root, const std::string& path, const Attributes& attributes, const std::string& owner) {
  const std::string bytes = pack(attributes);
  // What cannot be read again must not be written.
  if (bytes.size() > static_cast<std::size_t>(kMostBytes)) return Status::from(ENOSPC);
  for (int i = 1;; ++i) {
    const Status s = replace(root, path, bytes, owner);
    // A directory that was empty may have gone with the traces of another's failed move: it is made again.
    if (s.errno_value() != ENOENT || i == kTries) return s;
  }
}

Status remove_side_file(int root, const std::string& path) {
  return ::unlinkat(root, path.c_str(), 0) == 0 ? Status::ok() : Status::last();
}

void remove_side_traces(int root, std::string_view id, std::string path) {
  ::unlinkat(root, path.c_str(), 0);
  do {
    path.resize(path.rfind('/'));
  } while (path != kSideDir && (::unlinkat(root, path.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT));  // not all may have been made
  ::unlinkat(root, (std::string(kSideDir) + "/locks/" + std::string(id) + ".mlock").c_str(), 0);
}

Result<UniqueFd> lock_side_file(int root, std::string_view id) {
  const auto dir = make_directory(root, std::string(kSideDir) + "/locks");
  if (!dir) return dir.status();
  auto file = open_beneath(dir->get(), std::string(id) + ".mlock", O_RDWR | O_CREAT, 0600);
  if (!file) return file;
  while (::flock(file->get(), LOCK_EX) != 0) {
    const Status failed = Status::last();
    if (failed.errno_value() != EINTR) return failed;
  }
  return file;
}

Result<SideStamp> stamp_of(int root, const std::string& path) {
  struct stat st {};
  if (::fstatat(root, path.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return Status::last();
  return stamp_of(st);
}

}  // namespace acefs::backing
