// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/acl/ace.hpp"
#include "acefs/base/result.hpp"

namespace acefs::tool::acectl {

enum class FieldType { Text, Number, Truth, Time, List, Letters };

/// A key of a section of acefs.toml, and the option that sets it.
struct Field {
  std::string_view key;
  std::string_view option;  ///< without its dashes
  FieldType type;
  std::string_view value_name;
  std::string_view help;
};

/// A kind of section: user, group, token or role.
struct SectionKind {
  std::string_view name;
  std::string_view what;  ///< for --help
  std::span<const Field> fields;
};

std::span<const SectionKind> section_kinds();

/// What was typed for a field as TOML; empty: the key goes (a time that never comes). The error says what was expected.
Parsed<std::string> toml_value(const Field& field, const std::string& typed, acl::TimePoint now);

}  // namespace acefs::tool::acectl
