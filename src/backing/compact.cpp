// SPDX-License-Identifier: MIT
#include "compact.hpp"

#include "acefs/acl/ace.hpp"

namespace acefs::backing {

std::optional<std::string> compact(std::string_view key, const std::string& value) {
  const auto parsed = acl::parse_key(key);
  if (!parsed) return std::nullopt;
  const auto whole = acl::decode(*parsed, value);
  if (!whole) return std::nullopt;

  std::string shorter(1, '\0');
  shorter += "t=" + whole->type;
  if (!whole->flags.empty()) shorter += ":f=" + whole->flags;
  shorter += ":p=" + whole->permissions;
  if (whole->expires != 0) shorter += ":e=" + std::to_string(whole->expires);
  if (shorter.size() >= value.size()) return std::nullopt;

  // Letters that need quoting, and whatever else is rare: then the value stays as it is.
  const auto again = acl::decode(*parsed, shorter);
  const bool same = again && again->type == whole->type && again->flags == whole->flags &&
                    again->permissions == whole->permissions && again->expires == whole->expires;
  return same ? std::optional(shorter) : std::nullopt;
}

}  // namespace acefs::backing
