// SPDX-License-Identifier: MIT
#include "upkeep.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "node_attributes.hpp"
#include "side_file.hpp"
#include "xattrs.hpp"

namespace acefs::backing {

namespace {

constexpr std::string_view kExtension = ".mpk";
constexpr std::string_view kTemporary = ".mpk.new";
constexpr int kMostDepth = 4;  // of directories below .oc-nodes, as side_path_of makes them

std::int64_t ctime_of(const struct stat& st) { return st.st_ctim.tv_sec * std::int64_t{1'000'000'000} + st.st_ctim.tv_nsec; }

/// The kind of a file, and whom it is for: only a path that the id leads to is a side file's.
SideEntry entry_at(const std::string& path, const struct stat& st) {
  SideEntry entry{SideEntry::Kind::Other, path, {}, ctime_of(st)};
  const auto extension = path.ends_with(kTemporary) ? kTemporary : kExtension;
  if (!S_ISREG(st.st_mode) || !path.ends_with(extension)) return entry;
  const std::string stem = path.substr(0, path.size() - extension.size());
  std::string id;
  for (const char c : stem.substr(kSideDir.size() + 1))
    if (c != '/') id += c;
  const auto expected = side_path_of(id);
  if (!expected || *expected != stem + std::string(kExtension)) return entry;
  entry.kind = extension == kTemporary ? SideEntry::Kind::Temporary : SideEntry::Kind::Grants;
  entry.id = id;
  return entry;
}

/// False: `visit` wants no more.
Result<bool> visit_below(int at, const std::string& name, const std::string& path, int depth,
                         const std::function<bool(const SideEntry&)>& visit) {
  UniqueFd fd(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return Status::last();
  const int number = fd.get();
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(number), ::closedir);
  if (!dir) return Status::last();
  fd.release();
  for (;;) {
    errno = 0;
    const dirent* found = ::readdir(dir.get());
    if (found == nullptr && errno != 0) return Status::last();
    if (found == nullptr) return true;
    const std::string child = found->d_name;
    if (child == "." || child == ".." || (depth == 0 && child == "locks")) continue;
    struct stat st {};
    if (::fstatat(number, child.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone meanwhile
    const std::string child_path = path + "/" + child;
    if (S_ISDIR(st.st_mode)) {
      if (depth == kMostDepth) continue;
      const auto more = visit_below(number, child, child_path, depth + 1, visit);
      if (!more || !*more) return more;
    } else if (!visit(entry_at(child_path, st))) {
      return false;
    }
  }
}

}  // namespace

Result<std::optional<std::string>> side_id_of(int fd, std::string_view prefix) {
  const NodeNames names(prefix);
  const Xattrs xattrs(fd);
  const auto offloaded = is_offloaded(xattrs, names);
  if (!offloaded) return offloaded.error();
  if (!*offloaded) return std::optional<std::string>();
  auto id = xattrs.get(names.id);
  if (!id && id.error().errno_value() != ENODATA) return id.error();
  return std::optional<std::string>(id ? *std::move(id) : std::string());
}

Result<Placement> placement_of(int root, int fd, std::string_view prefix) {
  Placement placement;
  auto id = side_id_of(fd, prefix);
  if (!id) return id.error();
  if (!*id) return placement;
  placement.id = **id;
  placement.side = Placement::Side::Missing;
  const auto path = side_path_of(placement.id);
  if (path && root >= 0 && stamp_of(root, *path))
    placement.side = read_side_file(root, *path) ? Placement::Side::Good : Placement::Side::Broken;
  const NodeNames names(prefix);
  const auto attributes = moving_attributes(Xattrs(fd), names);
  if (!attributes) return attributes.error();
  for (const auto& [name, value] : *attributes)
    if (name.starts_with(names.grant)) placement.left_behind.push_back(name.substr(names.grant.size()));
  return placement;
}

Status each_side_entry(int root, const std::function<bool(const SideEntry&)>& visit) {
  const auto done = visit_below(root, std::string(kSideDir), std::string(kSideDir), 0, visit);
  if (done || done.status().errno_value() == ENOENT) return Status::ok();
  return done.status();
}

Status wait_for_writers(int root, const std::string& id) {
  const auto lock = lock_side_file(root, id);
  return lock ? Status::ok() : lock.status();
}

Result<bool> remove_side_entry(int root, const SideEntry& entry) {
  const auto lock = lock_side_file(root, entry.id);
  if (!lock) return lock.status();
  struct stat st {};
  if (::fstatat(root, entry.path.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    const Status failed = Status::last();
    if (failed.errno_value() == ENOENT) return false;
    return failed;
  }
  if (!S_ISREG(st.st_mode) || ctime_of(st) != entry.ctime_ns) return false;
  if (const Status s = remove_side_file(root, entry.path); !s) return s;
  return true;
}

}  // namespace acefs::backing
