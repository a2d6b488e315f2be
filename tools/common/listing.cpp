// SPDX-License-Identifier: MIT
#include "listing.hpp"

#include <algorithm>
#include <istream>
#include <utility>

#include "acefs/acl/granted_role.hpp"
#include "acefs/acl/perm.hpp"
#include "quoting.hpp"
#include "time_text.hpp"

namespace acefs::tool {

namespace {

constexpr std::string_view kRawLine = "#raw ";
constexpr std::string_view kFileLine = "# file: ";
constexpr std::string_view kBlanks = " \t\r";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// What stands behind an entry's '#', read.
struct Annotations {
  std::optional<acl::TimePoint> expires;
  std::optional<std::string> creator, label, password_hash, raw, permissions;
  bool role_only_shown = false;  ///< the entry names the role for the reader: the grant does not remember it
  std::optional<std::int64_t> share_time;
  std::vector<std::string> unknown_fields;
};

bool is_name_letter(char c) { return c >= 'a' && c <= 'z'; }

/// Whether the text behind '#' is annotations, `name=` at once, and not a remark of a person.
bool is_annotations(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name_letter);
  return end != text.begin() && end != text.end() && *end == '=';
}

/// Reads a plain word or a quoted value off `text` at `at`.
Parsed<std::string> take_value(std::string_view text, std::size_t& at) {
  const std::size_t start = at;
  if (at >= text.size() || text[at] != '"') {
    at = std::min(text.find_first_of(kBlanks, at), text.size());
    return std::string(text.substr(start, at - start));
  }
  const std::size_t close = text.find('"', start + 1);  // a quote within is written \042
  if (close == std::string_view::npos) return ParseError{"a quote is not closed", start};
  at = close + 1;
  return unquote_name(text.substr(start + 1, close - start - 1));
}

Parsed<Annotations> parse_annotations(std::string_view text) {
  Annotations found;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(kBlanks, at)) != std::string_view::npos) {
    const std::size_t start = at;
    while (at < text.size() && is_name_letter(text[at])) ++at;
    const std::string_view name = text.substr(start, at - start);
    if (name == "expired" && (at == text.size() || kBlanks.find(text[at]) != std::string_view::npos)) continue;
    if (name.empty() || at == text.size() || text[at] != '=') return ParseError{"expected name=value", start};
    ++at;
    auto value = take_value(text, at);
    if (!value) return value.error();
    if (name == "creator") found.creator = *value;
    else if (name == "label") found.label = *value;
    else if (name == "password") found.password_hash = *value;
    else if (name == "field") found.unknown_fields.push_back(*value);
    else if (name == "expires" || name == "shared") {
      const auto time = parse_time(*value);
      if (!time) return ParseError{"expected a time like 2027-01-31T18:00:00Z", start};
      if (name == "expires") found.expires = *time;
      else if (*time % 1'000'000'000 != 0) return ParseError{"expected whole seconds", start};
      else found.share_time = *time / 1'000'000'000;
    } else if (name == "raw") {
      found.raw = from_hex(*value);
      if (!found.raw) return ParseError{"expected hexadecimal digits", start};
    } else if (name == "permissions") {
      found.permissions = *value;
    } else if (name == "role") {
      found.role_only_shown = true;
    } else {
      return ParseError{"unknown annotation '" + std::string(name) + "'", start};
    }
  }
  return found;
}

/// The full denial of the principal that `key` names: what a malformed grant counts as.
acl::TextEntry full_denial(const acl::GrantKey& key) {
  return {{acl::KeyKind::Plain, key.principal}, "D", key.principal.starts_with("g:") ? "g" : "", ""};
}

acl::Ace ace_of(const acl::TextEntry& entry, const Annotations& notes) {
  acl::Ace ace;
  ace.type = entry.type;
  ace.flags = entry.flags;
  ace.principal = entry.key.principal;
  ace.permissions = entry.permissions;
  ace.expires = notes.expires.value_or(0);
  ace.creator = notes.creator.value_or("");
  ace.label = notes.label.value_or("");
  ace.password_hash = notes.password_hash.value_or("");
  ace.share_time = notes.share_time.value_or(0);
  ace.unknown_fields = notes.unknown_fields;
  if (!entry.role.empty()) acl::remember_role(ace, entry.role);
  return ace;
}

/// The flags that mean something on an ACE of this principal, in one order.
std::string meant_flags(std::string_view principal, std::string_view flags) {
  std::string meant;
  for (const char flag : std::string_view("gfdniSF"))
    if (flags.find(flag) != std::string_view::npos && !(flag == 'g' && principal.starts_with("o:"))) meant += flag;
  return meant;
}

bool mean_the_same(const acl::GrantKey& key, const acl::Ace& a, const acl::Ace& b) {
  if (meant_flags(key.principal, a.flags) != meant_flags(key.principal, b.flags) || a.expires != b.expires) return false;
  if (acl::is_full_denial(key, a) || acl::is_full_denial(key, b))
    return acl::is_full_denial(key, a) && acl::is_full_denial(key, b);
  return a.type == b.type && acl::mask_of(a.permissions) == acl::mask_of(b.permissions);
}

/// Nothing when the bytes would not mean what the entry says, by which whoever reads a listing goes: `raw=` can say anything, and a
/// `field=` may be one that acefs knows.
std::optional<ListedGrant> listed(acl::TextEntry entry, const Annotations& notes) {
  if (notes.role_only_shown) entry.role.clear();
  const acl::Ace said = ace_of(entry, notes);
  ListedGrant grant;
  grant.key = acl::format_key(entry.key);
  grant.value = notes.raw ? *notes.raw : acl::encode(said);
  const auto stored = acl::decode(entry.key, grant.value);
  if (!stored || !mean_the_same(entry.key, *stored, said)) return std::nullopt;
  grant.entry = std::move(entry);
  grant.expires = notes.expires;
  grant.label = notes.label;
  return grant;
}

/// `KEY VALUE`, both in hexadecimal.
Parsed<ListedGrant> parse_raw(std::string_view text) {
  const auto blank = text.find_first_of(kBlanks);
  const auto key = from_hex(text.substr(0, blank));
  const auto value = from_hex(blank == std::string_view::npos ? std::string_view{} : trim(text.substr(blank)));
  if (!key || !value) return ParseError{"expected two words of hexadecimal digits after #raw", kRawLine.size()};
  const auto parsed_key = acl::parse_key(*key);
  if (!parsed_key) return ParseError{"not the key of a grant", kRawLine.size()};
  ListedGrant grant;
  grant.key = *key;
  grant.value = *value;
  const acl::Grant stored = acl::Grant::read(*parsed_key, *value);
  grant.malformed = !stored.ace;
  if (!stored.ace) {
    grant.entry = full_denial(*parsed_key);
    return grant;
  }
  grant.entry = {*parsed_key, stored.ace->type, stored.ace->flags, stored.ace->permissions};
  if (stored.ace->expires != 0) grant.expires = stored.ace->expires;
  if (!stored.ace->label.empty()) grant.label = stored.ace->label;
  return grant;
}

/// Where the comment begins: at the first '#' that no backslash precedes.
std::size_t comment_in(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') ++i;
    else if (line[i] == '#') return i;
  }
  return line.size();
}

/// The role that the entry shows instead of its letters, and whether the grant remembers it.
struct ShownRole {
  std::string name;
  bool remembered = false;
};

std::optional<ShownRole> shown_role(const acl::Ace& ace, const ListingStyle& style) {
  auto role = acl::granted_role(ace);
  const bool remembered = role.has_value();
  if (!role && style.role) role = style.role(ace);
  if (!role || !acl::is_role_name(*role)) return std::nullopt;
  return ShownRole{*role, remembered};
}

/// The entry with the role's name where its letters are, which come last.
std::string by_role(const std::string& entry, const std::string& role) {
  return entry.empty() ? entry : entry.substr(0, entry.rfind(':') + 1) + '@' + role;
}

std::string annotations_of(const acl::GrantKey& key, const acl::Ace& ace, const ListingStyle& style) {
  std::string text;
  const auto role = shown_role(ace, style);
  const auto add = [&](std::string_view name, const std::string& value) {
    text += text.empty() ? " #" : " ";
    text += std::string(name) + '=' + value;
  };
  // Reading needs no definition of the role, which may be another one by then.
  if (role) add("permissions", acl::is_full_denial(key, ace) ? "" : acl::letters_of(acl::mask_of(ace.permissions)));
  if (ace.expires != 0) {
    add("expires", format_time(ace.expires));
    if (style.now > ace.expires) text += " expired";
  }
  if (!ace.creator.empty()) add("creator", quote_value(ace.creator));
  constexpr std::int64_t kLastSecond = 9'223'372'036;  // beyond, it has no place in nanoseconds: raw= tells it
  if (ace.share_time != 0 && ace.share_time > -kLastSecond && ace.share_time < kLastSecond)
    add("shared", format_time(ace.share_time * 1'000'000'000));
  if (!ace.label.empty()) add("label", quote_value(ace.label));
  if (!ace.password_hash.empty()) add("password", quote_value(ace.password_hash));
  acl::Ace rest = ace;
  if (role && role->remembered) acl::remember_role(rest, {});
  for (const std::string& field : rest.unknown_fields) add("field", quote_value(field));
  if (role && !role->remembered) add("role", role->name);
  return text;
}

/// What reading `line` gives of the grant that it stands for.
struct ReadsBack {
  bool bytes = false;
  bool meaning = false;
};
ReadsBack reads_back(std::string_view line, const acl::Grant& grant) {
  const auto read = parse_line(line, {});
  if (!read || read->size() != 1 || read->front().entry.key != grant.key) return {};
  const auto ace = acl::decode(grant.key, read->front().value);
  return {read->front().value == grant.value, ace && mean_the_same(grant.key, *ace, *grant.ace)};
}

}  // namespace

std::string format_grant(const acl::Grant& grant, const ListingStyle& style) {
  const std::string key = acl::format_key(grant.key);
  const std::string raw = std::string(kRawLine) + to_hex(key) + ' ' + to_hex(grant.value) + '\n';
  if (!grant.ace)
    return "# malformed, counts as a full denial: " + quote_name(key) + ": " + quote_name(grant.error) + '\n' + raw;

  const auto role = shown_role(*grant.ace, style);
  const std::string entry = acl::format_entry(grant.key, *grant.ace);
  const std::string line = (role ? by_role(entry, role->name) : entry) + annotations_of(grant.key, *grant.ace, style);
  const ReadsBack back = reads_back(line, grant);
  if (back.bytes && back.meaning) return line + '\n';
  if (back.meaning) {
    const bool annotated = comment_in(line) != line.size();
    return line + (annotated ? " raw=" : " #raw=") + to_hex(grant.value) + '\n';
  }
  return "# not expressible as an entry: " + quote_name(key) + '\n' + raw;
}

Parsed<std::vector<ListedGrant>> parse_line(std::string_view line, const acl::RoleLookup& roles) {
  std::vector<ListedGrant> grants;
  if (line.starts_with(kRawLine)) {
    auto grant = parse_raw(trim(line.substr(kRawLine.size())));
    if (!grant) return grant.error();
    grants.push_back(*std::move(grant));
    return grants;
  }
  const std::size_t comment = comment_in(line);
  const std::string_view text = line.substr(0, comment);
  if (trim(text).empty()) return grants;
  Annotations notes;
  const std::string_view remark = line.substr(std::min(comment + 1, line.size()));
  if (is_annotations(remark)) {
    auto parsed = parse_annotations(remark);
    if (!parsed) return ParseError{parsed.error().message, parsed.error().offset + comment + 1};
    notes = *std::move(parsed);
  }
  const std::size_t indent = text.find_first_not_of(kBlanks);
  const acl::RoleLookup as_listed = [&](std::string_view) { return notes.permissions; };
  auto entries = acl::parse_entries(trim(text), notes.permissions ? as_listed : roles);
  if (!entries) return ParseError{entries.error().message, entries.error().offset + indent};
  if (notes.raw && entries->size() != 1) return ParseError{"raw= needs exactly one entry", comment};
  for (acl::TextEntry& entry : *entries) {
    auto grant = listed(std::move(entry), notes);
    if (!grant) return ParseError{"raw= or field= says something else than the entry", comment};
    grants.push_back(*std::move(grant));
  }
  return grants;
}

namespace {

ListingError at_line(std::size_t number, const std::string& line, const ParseError& error) {
  return {number, error.message + " at " + std::to_string(error.offset), line};
}

}  // namespace

Result<std::vector<ListedGrant>, ListingError> parse_listing(std::istream& in, const acl::RoleLookup& roles) {
  std::vector<ListedGrant> all;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    auto grants = parse_line(line, roles);
    if (!grants) return at_line(number, line, grants.error());
    std::move(grants->begin(), grants->end(), std::back_inserter(all));
  }
  return all;
}

Result<std::optional<ListedNode>, ListingError> BackupReader::next() {
  std::optional<ListedNode> node = std::exchange(begun_, std::nullopt);
  for (std::string line; std::getline(in_, line);) {
    ++number_;
    if (line.starts_with(kFileLine)) {
      std::string_view name = std::string_view(line).substr(kFileLine.size());
      if (name.ends_with('\r')) name.remove_suffix(1);
      ListedNode following{unquote_name(name), {}, number_};
      if (node) {
        begun_ = std::move(following);
        return node;
      }
      node = std::move(following);
      continue;
    }
    auto grants = parse_line(line, roles_);
    if (!grants) return at_line(number_, line, grants.error());
    if (grants->empty()) continue;
    if (!node) return ListingError{number_, "expected '# file: NAME' first", line};
    auto& known = node->grants;
    for (ListedGrant& grant : *grants) {
      const auto same = [&](const ListedGrant& other) { return other.key == grant.key; };
      if (std::any_of(known.begin(), known.end(), same))
        return ListingError{number_, "the same grant twice for one file: " + quote_name(grant.key), line};
      known.push_back(std::move(grant));
    }
  }
  return node;
}

Result<std::vector<ListedNode>, ListingError> parse_backup(std::istream& in, const acl::RoleLookup& roles) {
  std::vector<ListedNode> nodes;
  for (BackupReader reader(in, roles);;) {
    auto node = reader.next();
    if (!node) return node.error();
    if (!*node) return nodes;
    nodes.push_back(**std::move(node));
  }
}

}  // namespace acefs::tool
