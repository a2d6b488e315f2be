// SPDX-License-Identifier: MIT
#include "fs/virtual_xattr.hpp"

#include <charconv>
#include <map>
#include <msgpack.hpp>

namespace acefs::fs {
namespace {

constexpr std::string_view kGrants = "grants.";
constexpr std::size_t kPageSize = 48 * 1024;  // below XATTR_SIZE_MAX (64 KiB), with room for the encoding

std::string pack(const std::map<std::string, std::string>& page) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_map(static_cast<std::uint32_t>(page.size()));
  for (const auto& [key, value] : page) {
    packer.pack_str(static_cast<std::uint32_t>(key.size()));
    packer.pack_str_body(key.data(), static_cast<std::uint32_t>(key.size()));
    packer.pack_bin(static_cast<std::uint32_t>(value.size()));
    packer.pack_bin_body(value.data(), static_cast<std::uint32_t>(value.size()));
  }
  return {buffer.data(), buffer.size()};
}

Result<std::string> grants_page(std::string_view number, const acl::Acl& acl, const std::function<bool(const acl::Grant&)>& may_see) {
  std::size_t wanted = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), wanted);
  if (error != std::errc() || end != number.data() + number.size()) return Status::from(ENODATA);
  std::map<std::string, std::string> page;
  std::size_t index = 0;
  std::size_t size = 0;
  for (const acl::Grant& grant : acl.grants()) {
    if (!may_see(grant)) continue;
    std::string key = acl::format_key(grant.key);
    const std::size_t adds = key.size() + grant.value.size() + 10;
    if (size > 0 && size + adds > kPageSize) {
      if (index == wanted) break;
      ++index;
      size = 0;
      page.clear();
    }
    size += adds;
    page.emplace(std::move(key), grant.value);
  }
  if (index != wanted || page.empty()) return std::string();
  return pack(page);
}

}  // namespace

bool is_grants_page(std::string_view name) {
  return name.starts_with(kVirtualPrefix) && name.substr(kVirtualPrefix.size()).starts_with(kGrants);
}

Result<std::string> virtual_xattr(std::string_view name, const std::string& prefix, const acl::Acl& acl,
                                  const std::function<bool(const acl::Grant&)>& may_see) {
  name.remove_prefix(kVirtualPrefix.size());
  if (name == "version") return std::string(ACEFS_VERSION);
  if (name == "prefix") return prefix;
  if (name.starts_with(kGrants)) return grants_page(name.substr(kGrants.size()), acl, may_see);
  return Status::from(ENODATA);
}

}  // namespace acefs::fs
