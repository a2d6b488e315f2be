// SPDX-License-Identifier: MIT
#include "csv.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace acefs::acl {
namespace {

constexpr char kComma = ':';

std::string_view without_newline(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

/// Hands out `text` line by line, with line ends as Go's csv.Reader.readLine normalises them.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  /// Nothing at the end. The newline, if the line has one, is part of it. Valid until the next call.
  std::optional<std::string_view> next() {
    if (at_ >= text_.size()) return std::nullopt;
    start_ = at_;
    const auto newline = text_.find('\n', at_);
    at_ = newline == std::string_view::npos ? text_.size() : newline + 1;
    const std::string_view raw = text_.substr(start_, at_ - start_);
    if (raw.ends_with("\r\n")) {
      normalised_.assign(raw.substr(0, raw.size() - 2)).push_back('\n');
      return normalised_;
    }
    // Only what ends the input has no newline; one CR there is dropped.
    if (raw.ends_with('\r')) return raw.substr(0, raw.size() - 1);
    return raw;
  }

  /// Offset in the text of the line handed out last.
  std::size_t start() const { return start_; }

 private:
  std::string_view text_;
  std::string normalised_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
};

class RecordReader {
 public:
  explicit RecordReader(std::string_view text) : lines_(text) {}

  Parsed<std::vector<std::string>> read() {
    if (!skip_to_content()) return ParseError{"no record", 0};
    while (!done_ && !error_) read_field();
    if (!error_ && skip_to_content()) error_ = ParseError{"more than one record", lines_.start()};
    if (error_) return *error_;
    return std::move(fields_);
  }

 private:
  /// Makes the next line that is not blank the current one.
  bool skip_to_content() {
    while (const auto line = lines_.next()) {
      if (without_newline(*line).empty()) continue;
      take_line(*line);
      return true;
    }
    return false;
  }

  void take_line(std::string_view line) {
    rest_ = line;
    line_size_ = line.size();
  }

  void fail(std::string message) {
    error_ = ParseError{std::move(message), lines_.start() + line_size_ - rest_.size()};
  }

  void read_field() {
    if (rest_.starts_with('"')) {
      rest_.remove_prefix(1);
      read_quoted();
    } else {
      read_bare();
    }
  }

  void read_bare() {
    const auto comma = rest_.find(kComma);
    const bool last = comma == std::string_view::npos;
    const std::string_view field = last ? without_newline(rest_) : rest_.substr(0, comma);
    if (const auto quote = field.find('"'); quote != std::string_view::npos) {
      rest_.remove_prefix(quote);
      return fail("quote inside an unquoted field");
    }
    fields_.emplace_back(field);
    done_ = last;
    if (!last) rest_.remove_prefix(comma + 1);
  }

  void read_quoted() {
    std::string field;
    while (true) {
      const auto quote = rest_.find('"');
      if (quote == std::string_view::npos) {
        if (!continue_on_next_line(field)) return fail("no closing quote");
        continue;
      }
      field += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (rest_.starts_with('"')) {
        field += '"';
        rest_.remove_prefix(1);
        continue;
      }
      return end_quoted(std::move(field));
    }
  }

  bool continue_on_next_line(std::string& field) {
    field += rest_;
    rest_ = {};
    const auto line = lines_.next();
    if (!line) return false;
    take_line(*line);
    return true;
  }

  void end_quoted(std::string field) {
    done_ = without_newline(rest_).empty();
    if (!done_ && !rest_.starts_with(kComma)) return fail("text after a closing quote");
    fields_.push_back(std::move(field));
    if (!done_) rest_.remove_prefix(1);
  }

  Lines lines_;
  std::string_view rest_;  ///< of the current line
  std::size_t line_size_ = 0;
  std::vector<std::string> fields_;
  std::optional<ParseError> error_;
  bool done_ = false;
};

/// Go's unicode.IsSpace of the first rune. The ASCII ones, then UTF-8 of U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029,
/// U+202F, U+205F and U+3000.
bool starts_with_space(std::string_view field) {
  constexpr std::array<std::string_view, 25> kSpaces = {
      " ",            "\t",           "\n",           "\v",           "\f",           "\r",           "\xc2\x85",
      "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84",
      "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
      "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
  return std::any_of(kSpaces.begin(), kSpaces.end(), [&](std::string_view s) { return field.starts_with(s); });
}

bool needs_quotes(std::string_view field) {
  // Go quotes `\.` because PostgreSQL reads it as the end of the data.
  return field == "\\." || field.find_first_of(":\"\r\n") != std::string_view::npos || starts_with_space(field);
}

void append_quoted(std::string& record, std::string_view field) {
  record += '"';
  for (char c : field) {
    if (c == '"') record += '"';
    record += c;
  }
  record += '"';
}

}  // namespace

Parsed<std::vector<std::string>> read_record(std::string_view text) { return RecordReader(text).read(); }

std::string write_record(std::span<const std::string> fields) {
  std::string record;
  bool first = true;
  for (const std::string& field : fields) {
    if (!first) record += kComma;
    first = false;
    if (needs_quotes(field)) {
      append_quoted(record, field);
    } else {
      record += field;
    }
  }
  record += '\n';
  return record;
}

}  // namespace acefs::acl
