// SPDX-License-Identifier: MIT
#include "acefs/acl/text.hpp"

#include <utility>

#include "acefs/acl/perm.hpp"
#include "escape.hpp"
#include "text_flags.hpp"

namespace acefs::acl {
namespace {

struct Field {
  std::string_view text;
  std::size_t offset;  ///< in the whole entry
  std::size_t end() const { return offset + text.size(); }
};

/// Cuts at each ':' that no backslash precedes. Never empty.
std::vector<Field> split(std::string_view text, std::size_t offset) {
  std::vector<Field> fields;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ':') {
      fields.push_back({text.substr(start, i - start), offset + start});
      start = i + 1;
    }
  }
  fields.push_back({text.substr(start), offset + start});
  return fields;
}

enum class Form { Typed, Classed, Special };

/// What the first field says of the rest: "A", "u" or "owner@".
std::optional<Form> form_of(std::string_view first) {
  if (first.size() == 1 && std::string_view("ADUL").find(first) != std::string_view::npos) return Form::Typed;
  if (first.size() == 1 && std::string_view("ugo").find(first) != std::string_view::npos) return Form::Classed;
  if (special_of(first)) return Form::Special;
  return std::nullopt;
}

ParseError unknown_form(const Field& first) {
  return {"expected A, D, U, L, u, g, o, owner@, group@ or everyone@ and ':'", first.offset};
}

std::optional<ParseError> wrong_count(const std::vector<Field>& fields, std::size_t needed) {
  if (fields.size() < needed) {
    const bool name_missing = fields.size() + 1 < needed;
    return ParseError{name_missing ? "expected ':' and a name" : "expected ':' and permissions", fields.back().end()};
  }
  if (fields.size() > needed) return ParseError{"unexpected ':', in a name write '\\:'", fields[needed].offset - 1};
  return std::nullopt;
}

std::optional<ParseError> unknown_flag(const Field& flags) {
  for (std::size_t i = 0; i < flags.text.size(); ++i) {
    if (!is_flag(flags.text[i])) return ParseError{"unknown flag " + shown(flags.text[i]), flags.offset + i};
  }
  return std::nullopt;
}

/// Letters in stored order.
Parsed<std::string> parse_role(const Field& field, const RoleLookup& roles) {
  const std::string_view role = field.text.substr(1);
  const auto letters = roles ? roles(role) : std::nullopt;
  if (!letters) return ParseError{"unknown role '" + std::string(role) + "'", field.offset};
  const AccessMask mask = mask_of(*letters);
  // Without this, letters that acefs does not know would turn the role into the full denial.
  if (mask.empty() && !letters->empty()) {
    return ParseError{"role '" + std::string(role) + "' has no known permission", field.offset};
  }
  return stored_letters_of(mask);
}

/// Letters in stored order.
Parsed<std::string> parse_permissions(const Field& field, const RoleLookup& roles) {
  if (field.text.starts_with('@')) return parse_role(field, roles);
  for (std::size_t i = 0; i < field.text.size(); ++i) {
    if (!perm_of(field.text[i])) return ParseError{"unknown permission " + shown(field.text[i]), field.offset + i};
  }
  return stored_letters_of(mask_of(field.text));
}

/// `<class>:<id>` for a name of that class.
Parsed<std::string> parse_name(char principal_class, const Field& field) {
  auto name = unescape_name(field.text);
  if (!name) return ParseError{name.error().message, field.offset + name.error().offset};
  return std::string{principal_class, ':'} + *name;
}

/// The principal of a typed entry: special, or a group or user by the flags.
Parsed<std::string> parse_typed_name(bool group, const Field& field) {
  if (const auto special = special_of(field.text)) return std::string(*special);
  return parse_name(group ? 'g' : 'u', field);
}

bool has_no_name(const std::string& principal) { return principal.size() == 2; }

KeyKind kind_of(char type) {
  switch (type) {
    case 'D': return KeyKind::Deny;
    case 'U': return KeyKind::Audit;
    case 'L': return KeyKind::Alarm;
    default: return KeyKind::Plain;
  }
}

/// Puts the parts together. Without letters, an A or D entry is the full denial, stored as reva does: type D, plain key.
TextEntry entry_of(char type, std::string flags, std::string principal, std::string permissions) {
  const bool full_denial = permissions.empty();
  TextEntry entry;
  entry.key = {full_denial ? KeyKind::Plain : kind_of(type), std::move(principal)};
  entry.type = full_denial ? 'D' : type;
  entry.flags = std::move(flags);
  if (entry.key.principal.starts_with("o:")) std::erase(entry.flags, 'g');
  entry.permissions = std::move(permissions);
  return entry;
}

/// The entry, with the role that its permissions name, if they do.
TextEntry by_role(TextEntry entry, const Field& permissions) {
  if (permissions.text.starts_with('@')) entry.role = permissions.text.substr(1);
  return entry;
}

/// A:g:staff:rx
Parsed<TextEntry> parse_typed(const std::vector<Field>& fields, const RoleLookup& roles) {
  if (fields.size() == 1) return ParseError{"expected ':' and flags", fields[0].end()};
  if (auto error = wrong_count(fields, 4)) return *error;
  if (auto error = unknown_flag(fields[1])) return *error;
  const char type = fields[0].text[0];
  std::string flags(fields[1].text);
  auto principal = parse_typed_name(flags.find('g') != std::string::npos, fields[2]);
  if (!principal) return principal.error();
  if (has_no_name(*principal)) return ParseError{"empty name", fields[2].offset};
  auto permissions = parse_permissions(fields[3], roles);
  if (!permissions) return permissions.error();
  if (permissions->empty() && (type == 'U' || type == 'L')) {
    return ParseError{"an audit or alarm entry needs permissions", fields[3].offset};
  }
  return by_role(entry_of(type, std::move(flags), *std::move(principal), *std::move(permissions)), fields[3]);
}

/// u:alice:rw
Parsed<TextEntry> parse_classed(const std::vector<Field>& fields, const RoleLookup& roles) {
  if (auto error = wrong_count(fields, 3)) return *error;
  const char principal_class = fields[0].text[0];
  const auto special = special_of(fields[1].text);
  if (principal_class == 'o' && !special) return ParseError{"expected OWNER@, GROUP@ or EVERYONE@", fields[1].offset};
  auto principal = principal_class == 'o' ? Parsed<std::string>(std::string(*special)) : parse_name(principal_class, fields[1]);
  if (!principal) return principal.error();
  if (has_no_name(*principal)) return ParseError{"empty name", fields[1].offset};
  auto permissions = parse_permissions(fields[2], roles);
  if (!permissions) return permissions.error();
  return by_role(entry_of('A', principal_class == 'g' ? "g" : "", *std::move(principal), *std::move(permissions)), fields[2]);
}

/// everyone@:r
Parsed<TextEntry> parse_special(const std::vector<Field>& fields, const RoleLookup& roles) {
  if (auto error = wrong_count(fields, 2)) return *error;
  auto permissions = parse_permissions(fields[1], roles);
  if (!permissions) return permissions.error();
  return by_role(entry_of('A', "", std::string(*special_of(fields[0].text)), *std::move(permissions)), fields[1]);
}

Parsed<GrantKey> with_kind(KeyKind kind, Parsed<std::string> principal) {
  if (!principal) return principal.error();
  return GrantKey{kind, *std::move(principal)};
}

/// D:bob, D:g:staff, A:fd:bob, D:g:staff:w
Parsed<GrantKey> typed_who(const std::vector<Field>& fields) {
  if (fields.size() == 1) return ParseError{"expected ':' and a name", fields[0].end()};
  if (fields.size() > 4) return *wrong_count(fields, 4);
  const char type = fields[0].text[0];
  if (fields.size() == 2) return with_kind(kind_of(type), parse_typed_name(false, fields[1]));

  const Field& flags = fields[1];
  const bool class_instead = fields.size() == 3 && (flags.text == "u" || flags.text == "o");
  if (class_instead) return with_kind(kind_of(type), parse_name(flags.text[0], fields[2]));
  if (auto error = unknown_flag(flags)) return *error;
  const bool full_denial = fields.size() == 4 && fields[3].text.empty();
  return with_kind(full_denial ? KeyKind::Plain : kind_of(type),
                   parse_typed_name(flags.text.find('g') != std::string_view::npos, fields[2]));
}

/// u:alice, u:alice:rw
Parsed<GrantKey> classed_who(const std::vector<Field>& fields) {
  if (fields.size() == 1) return ParseError{"expected ':' and a name", fields[0].end()};
  if (fields.size() > 3) return *wrong_count(fields, 3);
  const auto special = special_of(fields[1].text);
  if (fields[0].text == "o" && special) return GrantKey{KeyKind::Plain, std::string(*special)};
  return with_kind(KeyKind::Plain, parse_name(fields[0].text[0], fields[1]));
}

/// owner@, owner@:r
Parsed<GrantKey> special_who(const std::vector<Field>& fields) {
  if (fields.size() > 2) return *wrong_count(fields, 2);
  return GrantKey{KeyKind::Plain, std::string(*special_of(fields[0].text))};
}

}  // namespace

Parsed<TextEntry> parse_entry(std::string_view text, const RoleLookup& roles) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return ParseError{"empty entry", 0};
  const auto last = text.find_last_not_of(kBlank);
  const auto fields = split(text.substr(first, last - first + 1), first);
  const auto form = form_of(fields[0].text);
  if (!form) return unknown_form(fields[0]);
  switch (*form) {
    case Form::Typed: return parse_typed(fields, roles);
    case Form::Classed: return parse_classed(fields, roles);
    case Form::Special: return parse_special(fields, roles);
  }
  return unknown_form(fields[0]);
}

Parsed<GrantKey> parse_who(std::string_view text) {
  const auto fields = split(text, 0);
  const auto form = form_of(fields[0].text);
  if (!form) return unknown_form(fields[0]);
  switch (*form) {
    case Form::Typed: return typed_who(fields);
    case Form::Classed: return classed_who(fields);
    case Form::Special: return special_who(fields);
  }
  return unknown_form(fields[0]);
}

}  // namespace acefs::acl
