// SPDX-License-Identifier: MIT
#include <charconv>

#include "acefs/acl/ace.hpp"
#include "csv.hpp"

namespace acefs::acl {
namespace {

constexpr char kKeyValueForm = '\x00';
constexpr char kPositionalForm = '\x01';
constexpr std::string_view kKnownKeys = "tfpceswl";

/// Go's strconv.ParseInt(text, 10, 64): one sign of either kind, then ASCII digits only.
std::optional<std::int64_t> integer_of(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || at != end) return std::nullopt;
  return number;
}

std::optional<ParseError> assign_integer(std::int64_t& to, std::string_view text, std::string_view what) {
  const auto number = integer_of(text);
  if (!number) return ParseError{std::string(what) + " is not a 64-bit decimal number", 1};
  to = *number;
  return std::nullopt;
}

std::optional<ParseError> assign(Ace& ace, char key, std::string_view value) {
  switch (key) {
    case 't': ace.type = value; break;
    case 'f': ace.flags = value; break;
    case 'p': ace.permissions = value; break;
    case 'c': ace.creator = value; break;
    case 'w': ace.password_hash = value; break;
    case 'l': ace.label = value; break;
    case 'e': return assign_integer(ace.expires, value, "expiry");
    case 's': return assign_integer(ace.share_time, value, "share time");
    default: break;
  }
  return std::nullopt;
}

std::optional<ParseError> read_key_value_field(Ace& ace, const std::string& field) {
  const std::string_view text = field;
  const auto equals = text.find('=');
  const std::string_view key = text.substr(0, equals);
  if (key.size() != 1 || kKnownKeys.find(key) == std::string_view::npos) {
    if (!field.empty()) ace.unknown_fields.push_back(field);
    return std::nullopt;
  }
  if (equals == std::string_view::npos) return ParseError{"key '" + field + "' without '='", 1};
  // reva splits at every '=' and takes the second part (ace.go:398), so what follows a second one is lost there as well.
  std::string_view value = text.substr(equals + 1);
  value = value.substr(0, value.find('='));
  return assign(ace, key[0], value);
}

std::optional<ParseError> read_positional(Ace& ace, const std::vector<std::string>& fields) {
  constexpr std::string_view kOrder = "tfpscewl";
  if (fields.size() != kOrder.size()) return ParseError{"positional form needs 8 fields", 1};
  for (std::size_t i = 0; i < kOrder.size(); ++i) {
    // Written by name it would be cut there: a denial of "r=w" would deny r alone, and type "A=" would allow.
    const bool decides = kOrder[i] == 't' || kOrder[i] == 'f' || kOrder[i] == 'p';
    if (decides && fields[i].find('=') != std::string::npos) return ParseError{"'=' in type, flags or permissions", 1};
    if (auto error = assign(ace, kOrder[i], fields[i])) return error;
  }
  return std::nullopt;
}

std::optional<ParseError> read_fields(Ace& ace, char form, const std::vector<std::string>& fields) {
  if (form == kPositionalForm) return read_positional(ace, fields);
  for (const std::string& field : fields) {
    if (auto error = read_key_value_field(ace, field)) return error;
  }
  return std::nullopt;
}

std::optional<ParseError> contradiction(const GrantKey& key, const Ace& ace) {
  const char principal_class = key.principal.empty() ? '\0' : key.principal[0];
  const bool group = ace.flags.find('g') != std::string::npos;
  if (principal_class == 'u' && group) return ParseError{"group flag on a user's grant", 1};
  if (principal_class == 'g' && !group) return ParseError{"no group flag on a group's grant", 1};
  if (key.kind != KeyKind::Plain && ace.type != std::string(1, static_cast<char>(key.kind))) {
    return ParseError{"type differs from that of the key", 1};
  }
  return std::nullopt;
}

}  // namespace

std::string encode(const Ace& ace) {
  // As reva does: a record whose first field begins with a byte to be overwritten by the number of the form.
  std::vector<std::string> fields = {"_t=" + ace.type, "f=" + ace.flags, "p=" + ace.permissions, "c=" + ace.creator,
                                     "e=" + std::to_string(ace.expires)};
  if (ace.share_time != 0) fields.push_back("s=" + std::to_string(ace.share_time));
  if (!ace.password_hash.empty()) fields.push_back("w=" + ace.password_hash);
  if (!ace.label.empty()) fields.push_back("l=" + ace.label);
  fields.insert(fields.end(), ace.unknown_fields.begin(), ace.unknown_fields.end());
  std::string value = write_record(fields);
  value[0] = kKeyValueForm;
  return value;
}

Parsed<Ace> decode(const GrantKey& key, std::string_view value) {
  if (value.empty()) return ParseError{"empty value", 0};
  const char form = value[0];
  if (form != kKeyValueForm && form != kPositionalForm) return ParseError{"unknown encoding", 0};
  auto fields = read_record(value.substr(1));
  if (!fields) return ParseError{fields.error().message, fields.error().offset + 1};
  Ace ace;
  ace.principal = key.principal;
  if (auto error = read_fields(ace, form, *fields)) return *error;
  if (auto error = contradiction(key, ace)) return *error;
  return ace;
}

}  // namespace acefs::acl
