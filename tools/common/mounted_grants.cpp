// SPDX-License-Identifier: MIT
#include "mounted_grants.hpp"

#include <cerrno>

#include "acefs/backing/grants.hpp"
#include "backing/side_map.hpp"
#include "backing/xattrs.hpp"

namespace acefs::tool {

namespace {

Result<GrantMap> read_pages(const backing::Xattrs& xattrs) {
  GrantMap grants;
  for (int page = 0;; ++page) {
    const auto bytes = xattrs.get("system.acefs.grants." + std::to_string(page));
    if (!bytes) return bytes.status();
    if (bytes->empty()) return grants;
    auto part = backing::unpack(*bytes);
    if (!part) return Status::from(EIO);
    for (auto& [key, value] : *part)
      if (acl::parse_key(key)) grants.insert_or_assign(key, std::move(value));
  }
}

}  // namespace

bool is_on_mount(const Node& node) {
  return bool(backing::Xattrs(node.fd.get()).get("system.acefs.version"));
}

std::string mounted_prefix(const Node& node) {
  const auto prefix = backing::Xattrs(node.fd.get()).get("system.acefs.prefix");
  return prefix && !prefix->empty() ? *prefix : std::string(backing::kDefaultPrefix);
}

Result<GrantMap> read_mounted_grants(const Node& node, const std::string& prefix) {
  const backing::Xattrs xattrs(node.fd.get());
  const auto names = xattrs.list();
  if (!names && names.status().errno_value() == E2BIG) return read_pages(xattrs);
  if (!names) return names.status();
  GrantMap grants;
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix) || !acl::parse_key(std::string_view(name).substr(prefix.size()))) continue;
    auto value = xattrs.get(name);
    if (!value && value.status().errno_value() == ENODATA) continue;  // removed since it was listed
    if (!value) return value.status();
    grants.emplace(name.substr(prefix.size()), *std::move(value));
  }
  return grants;
}

Result<bool> may_read_acl(const Node& node, const std::string& prefix) {
  const auto grant = backing::Xattrs(node.fd.get()).get(prefix + "o:nobody has this");
  if (grant || grant.status().errno_value() == ENODATA) return true;
  const int error = grant.status().errno_value();
  if (error == EACCES || error == EPERM) return false;
  return grant.status();
}

Status write_mounted_grant(const Node& node, const std::string& name, const std::optional<std::string>& value, int flags) {
  const backing::Xattrs xattrs(node.fd.get());
  if (value) return xattrs.set(name, *value, flags);
  const Status removed = xattrs.remove(name);
  return removed.errno_value() == ENODATA ? Status::ok() : removed;
}

Result<std::size_t> write_mounted_batch(const Node& node, std::span<const backing::Change> changes) {
  constexpr std::size_t kMost = 48 * 1024;  // below XATTR_SIZE_MAX, with room for the encoding
  backing::Attributes batch;
  std::size_t size = 0;
  std::size_t count = 0;
  for (const backing::Change& change : changes) {
    size += change.key.size() + change.value.value_or("").size() + 16;
    if (size > kMost) break;
    batch.insert_or_assign(change.key, change.value.value_or(""));
    ++count;
  }
  if (count == 0) return Status::from(E2BIG);
  if (const Status s = backing::Xattrs(node.fd.get()).set("system.acefs.apply", backing::pack(batch)); !s) return s;
  return count;
}

}  // namespace acefs::tool
