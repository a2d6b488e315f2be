// SPDX-License-Identifier: MIT
// The positional form of a grant's value (first byte 0x01), which says no more than the same fields by name. Input: one byte for the
// key, then the record.
#include <algorithm>
#include <vector>

#include "acl/csv.hpp"
#include "effects.hpp"
#include "property.hpp"
#include "stored_grant.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
namespace {

bool can_be_named(const std::vector<std::string>& fields) {
  return fields.size() == 8 &&
         std::none_of(fields.begin(), fields.end(), [](const std::string& field) { return field.find('=') != std::string::npos; });
}

/// The same fields as `k=v`.
std::string by_name(std::vector<std::string> fields) {
  constexpr std::string_view kOrder = "tfpscewl";
  for (std::size_t i = 0; i < fields.size(); ++i) fields[i] = std::string{kOrder[i], '='} + fields[i];
  return '\0' + acl::write_record(fields);
}

void check_positional(const acl::GrantKey& key, std::string_view record) {
  check_stored_grant(key, '\1' + std::string(record));
  const auto fields = acl::read_record(record);
  if (!fields || !can_be_named(*fields)) return;
  const acl::Grant positional = acl::Grant::read(key, '\1' + std::string(record));
  must(effects_of(positional) == effects_of(acl::Grant::read(key, by_name(*fields))), "both forms of a value mean the same");
}

}  // namespace

void fuzz_grant_positional(std::string_view input) {
  const acl::GrantKey key = take_key(input);
  check_positional(key, input);
}

}  // namespace acefs::fuzz
