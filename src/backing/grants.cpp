// SPDX-License-Identifier: MIT
#include "acefs/backing/grants.hpp"

#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "grant_writer.hpp"
#include "node_attributes.hpp"
#include "side_file.hpp"
#include "xattr_at.hpp"

namespace acefs::backing {

namespace {

/// Tries to see the attributes of a node that nobody changes meanwhile; a file that is being written to all the time
/// never holds still, so the last look counts.
constexpr int kLooks = 4;
/// The kernel's limits for one attribute: kept in side files too, for the mount must be able to show what is in them.
constexpr std::size_t kMostName = 255;
constexpr std::size_t kMostValue = 65536;

bool can_have_grants(const struct stat& st) { return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode); }

bool is_same_change(const struct stat& a, const struct stat& b) {
  return a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

/// Writers of one inode in this process wait for one another, whichever store they come from.
std::mutex& mutex_of(const struct stat& st) {
  static std::array<std::mutex, 64> mutexes;
  return mutexes[(st.st_ino ^ st.st_dev) % mutexes.size()];
}

void add_grants(StoredGrants& grants, const Attributes& attributes, std::string_view prefix) {
  for (auto it = attributes.lower_bound(prefix); it != attributes.end() && it->first.starts_with(prefix); ++it) {
    grants.values.insert_or_assign(it->first.substr(prefix.size()), it->second);
  }
}

/// The order is what makes it right without a lock: what leaves the xattrs is in the side file, and the marker set, before.
Result<StoredGrants> look(int root, int fd, const NodeNames& names) {
  const Xattrs xattrs(fd);
  const auto listed = xattrs.list();
  if (!listed) {
    if (listed.error().errno_value() == ENOTSUP) return StoredGrants{};
    return listed.error();
  }
  const bool any = std::any_of(listed->begin(), listed->end(), [&](const std::string& name) { return names.concerns(name); });
  if (!any) return StoredGrants{};
  const auto attributes = moving_attributes(xattrs, names, *listed);
  if (!attributes) return attributes.error();
  const auto offloaded = is_offloaded(xattrs, names);
  if (!offloaded) return offloaded.error();

  StoredGrants grants;
  add_grants(grants, *attributes, names.grant);
  if (!*offloaded) return grants;

  if (root < 0) return Status::from(EIO);
  const auto id = xattrs.get(names.id);
  if (!id) return id.error().errno_value() == ENODATA ? Status::from(EIO) : id.error();
  auto path = side_path_of(*id);
  if (!path) return path.error();
  const auto side = read_side_file(root, *path);
  if (!side) return side.status();
  add_grants(grants, side->attributes, names.grant);
  grants.side_path = std::move(*path);
  grants.stamp = side->stamp;
  return grants;
}

Status check_change(const Change& change, std::size_t prefix_size) {
  if (change.key.empty() || change.key.find('\0') != std::string::npos) return Status::from(EINVAL);
  if (prefix_size + change.key.size() > kMostName) return Status::from(ERANGE);
  if (change.value && change.value->size() > kMostValue) return Status::from(E2BIG);
  return Status::ok();
}

}  // namespace

GrantStore::GrantStore(int root_fd, StoreOptions options) : root_fd_(root_fd), options_(std::move(options)) {}

Result<StoredGrants> GrantStore::read(int fd) const {
  const NodeNames names(options_.prefix);
  struct stat before {};
  if (::fstat(fd, &before) != 0) return Status::last();
  if (!can_have_grants(before)) return StoredGrants{};
  for (int i = 1;; ++i) {
    auto grants = look(root_fd_, fd, names);
    if (i == kLooks) return grants;
    struct stat after {};
    if (::fstat(fd, &after) != 0) return Status::last();
    if (is_same_change(before, after)) return grants;
    before = after;
  }
}

bool GrantStore::none_at(int dir, const char* name) const {
  std::array<char, 1024> list;
  const ssize_t size = list_xattr_at(dir, name, list.data(), list.size());
  if (size <= 0) return size == 0;
  const NodeNames names(options_.prefix);
  for (std::string_view left(list.data(), static_cast<std::size_t>(size)); !left.empty();) {
    const std::string_view one = left.substr(0, left.find('\0'));
    if (names.concerns(one)) return false;
    left.remove_prefix(std::min(left.size(), one.size() + 1));
  }
  return true;
}

bool GrantStore::side_unchanged(const std::string& side_path, const std::optional<SideStamp>& stamp) const {
  if (side_path.empty()) return true;
  if (!stamp || root_fd_ < 0) return false;
  const auto now = stamp_of(root_fd_, side_path);
  return now && *now == *stamp;
}

Status GrantStore::apply(int fd, std::span<const Change> changes, int flags) {
  if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) return Status::from(EINVAL);
  KeyedChanges keyed;
  for (const Change& change : changes) {
    if (Status s = check_change(change, options_.prefix.size()); !s) return s;
    keyed.insert_or_assign(change.key, change.value);
  }
  if (keyed.empty()) return Status::ok();

  struct stat st {};
  if (::fstat(fd, &st) != 0) return Status::last();
  if (!can_have_grants(st)) return Status::from(EPERM);
  const std::lock_guard lock(mutex_of(st));
  return GrantWriter(root_fd_, options_, fd).apply(keyed, flags);
}

Status GrantStore::tidy(int fd) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return Status::last();
  if (!can_have_grants(st)) return Status::ok();
  const std::lock_guard lock(mutex_of(st));
  return GrantWriter(root_fd_, options_, fd).tidy();
}

}  // namespace acefs::backing
