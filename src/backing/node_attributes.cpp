// SPDX-License-Identifier: MIT
#include "node_attributes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "acefs/base/unique_fd.hpp"

namespace acefs::backing {

namespace {

/// The prefix without its last part. One that has no part to lose keeps to the names OpenCloud uses: `user.` alone is
/// everybody's namespace, and `user.id` somebody's own attribute.
std::string base_of(std::string_view prefix) {
  if (prefix.ends_with('.')) prefix.remove_suffix(1);
  const std::string_view base = prefix.substr(0, prefix.rfind('.') + 1);
  return base.empty() || base == "user." ? "user.oc." : std::string(base);
}

bool is_absent(Status s) { return s.errno_value() == ENODATA; }

}  // namespace

NodeNames::NodeNames(std::string_view grant_prefix)
    : grant(grant_prefix),
      metadata(base_of(grant_prefix) + "md."),
      id(base_of(grant_prefix) + "id"),
      marker(base_of(grant_prefix) + "metadata_offloaded") {}

Result<Attributes> moving_attributes(const Xattrs& xattrs, const NodeNames& names) {
  const auto listed = xattrs.list();
  if (!listed) return listed.error();
  return moving_attributes(xattrs, names, *listed);
}

Result<Attributes> moving_attributes(const Xattrs& xattrs, const NodeNames& names, const std::vector<std::string>& listed) {
  Attributes found;
  for (const std::string& name : listed) {
    if (!names.moves(name)) continue;
    auto value = xattrs.get(name);
    if (value) {
      found.emplace(name, std::move(*value));
    } else if (!is_absent(value.status())) {
      return value.error();
    }
  }
  return found;
}

Result<bool> is_offloaded(const Xattrs& xattrs, const NodeNames& names) {
  const auto marker = xattrs.get(names.marker);
  if (marker) return *marker == kOffloaded;
  if (is_absent(marker.status()) || marker.error().errno_value() == ENOTSUP) return false;
  return marker.error();
}

Status remove_attributes(const Xattrs& xattrs, const Attributes& attributes) {
  for (const auto& [name, value] : attributes) {
    if (Status s = xattrs.remove(name); !s && !is_absent(s)) return s;
  }
  return Status::ok();
}

Status sync_node(int root, int fd) {
  if (::fsync(fd) == 0) return Status::ok();
  // An O_PATH descriptor cannot be synced, and a file that may not be read cannot be opened again.
  const UniqueFd node(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (node && ::fsync(node.get()) == 0) return Status::ok();
  const UniqueFd top(::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (top && ::syncfs(top.get()) == 0) return Status::ok();
  return Status::last();
}

}  // namespace acefs::backing
