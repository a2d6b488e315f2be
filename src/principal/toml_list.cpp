// SPDX-License-Identifier: MIT
#include "toml_list.hpp"

#include <algorithm>

namespace acefs::principal {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// The comma of a list between two of its elements, or behind the last; `end` when there is none. Commas in comments are no such.
std::size_t find_comma(const std::string& text, std::size_t begin, std::size_t end) {
  while (begin < end && text[begin] != ',') {
    if (text[begin] == '#') begin = std::min(end, text.find('\n', begin));
    else ++begin;
  }
  return begin;
}

void cut(std::string& text, Span span) { text.erase(span.begin, span.end - span.begin); }

/// What was cut at `at` leaves no blanks doubled, and no line empty.
void close_up(std::string& text, std::size_t at) {
  std::size_t begin = at, end = at;
  while (begin > 0 && is_blank(text[begin - 1])) --begin;
  while (end < text.size() && is_blank(text[end])) ++end;
  const bool ends_line = end < text.size() && (text[end] == '\n' || text.compare(end, 2, "\r\n") == 0);
  const bool begins_line = begin == 0 || text[begin - 1] == '\n';
  if (begins_line && ends_line) return cut(text, {begin, text.find('\n', end) + 1});
  if (begins_line) return;  // a comment stands there, or a bracket
  if (ends_line) return cut(text, {begin, end});
  if (end < text.size() && text[end] != '#') cut(text, {at, end});
}

}  // namespace

void cut_element(std::string& text, Span element, Span list, std::size_t begin) {
  const std::size_t next = find_comma(text, element.end, list.end);
  const std::size_t before = find_comma(text, begin, element.begin);
  if (next < list.end) cut(text, {next, next + 1});
  cut(text, element);
  close_up(text, element.begin);
  if (next == list.end && before < element.begin) {
    cut(text, {before, before + 1});
    if (text[before] != '\n') close_up(text, before);
  }
}

}  // namespace acefs::principal
