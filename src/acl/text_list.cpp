// SPDX-License-Identifier: MIT
#include <utility>

#include "acefs/acl/text.hpp"

namespace acefs::acl {
namespace {

/// Offset of the first of ',', newline and '#' at or after `from` that no backslash precedes; the size if there is none.
std::size_t end_of_entry(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ',' || text[i] == '\n' || text[i] == '#') {
      return i;
    }
  }
  return text.size();
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

Parsed<std::vector<TextEntry>> parse_entries(std::string_view text, const RoleLookup& roles) {
  std::vector<TextEntry> entries;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = end_of_entry(text, at);
    const std::string_view piece = text.substr(at, end - at);
    if (!is_blank(piece)) {
      auto entry = parse_entry(piece, roles);
      if (!entry) return ParseError{entry.error().message, at + entry.error().offset};
      entries.push_back(*std::move(entry));
    }
    const bool comment = end < text.size() && text[end] == '#';
    const std::size_t stop = comment ? text.find('\n', end) : end;
    at = stop == std::string_view::npos ? text.size() : stop + 1;
  }
  return entries;
}

}  // namespace acefs::acl
