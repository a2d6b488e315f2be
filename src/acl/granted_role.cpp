// SPDX-License-Identifier: MIT
#include "acefs/acl/granted_role.hpp"

#include <algorithm>

namespace acefs::acl {
namespace {

constexpr std::string_view kField = "x-role=";

bool is_field(const std::string& field) { return field.starts_with(kField); }

}  // namespace

std::size_t role_fields(const Ace& ace) {
  return static_cast<std::size_t>(std::count_if(ace.unknown_fields.begin(), ace.unknown_fields.end(), is_field));
}

std::optional<std::string> granted_role(const Ace& ace) {
  if (role_fields(ace) != 1) return std::nullopt;
  const auto field = std::find_if(ace.unknown_fields.begin(), ace.unknown_fields.end(), is_field);
  if (field->size() == kField.size()) return std::nullopt;
  return field->substr(kField.size());
}

void remember_role(Ace& ace, std::string_view role) {
  auto& fields = ace.unknown_fields;
  const auto first = std::find_if(fields.begin(), fields.end(), is_field);
  const auto at = first - fields.begin();
  std::erase_if(fields, is_field);
  if (!role.empty()) fields.insert(fields.begin() + at, std::string(kField) + std::string(role));
}

bool is_role_name(std::string_view name) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.find_first_not_of(kPlain) == std::string_view::npos;
}

}  // namespace acefs::acl
