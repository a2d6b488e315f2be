// SPDX-License-Identifier: MIT
#include "quoting.hpp"

#include <algorithm>

namespace acefs::tool {

namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

void append_octal(std::string& to, char c) {
  const auto byte = static_cast<unsigned char>(c);
  to += '\\';
  for (const int shift : {6, 3, 0}) to += static_cast<char>('0' + ((byte >> shift) & 7));
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string quote_name(std::string_view name) {
  std::string quoted;
  quoted.reserve(name.size());
  for (const char c : name) {
    if (is_control(c) || c == '\\') append_octal(quoted, c);
    else quoted += c;
  }
  return quoted;
}

std::string unquote_name(std::string_view text) {
  std::string name;
  name.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest.size() >= 4 && rest[0] == '\\' && rest[1] <= '3' && is_octal(rest[1]) && is_octal(rest[2]) &&
        is_octal(rest[3])) {
      name += static_cast<char>((rest[1] - '0') * 64 + (rest[2] - '0') * 8 + (rest[3] - '0'));
      i += 3;
    } else if (rest.substr(0, 2) == "\\\\") {
      name += '\\';
      ++i;
    } else {
      name += text[i];
    }
  }
  return name;
}

std::string quote_value(std::string_view value) {
  const auto needs_quotes = [](char c) { return is_control(c) || c == ' ' || c == '"' || c == '\\' || c == '#'; };
  if (!value.empty() && std::none_of(value.begin(), value.end(), needs_quotes)) return std::string(value);
  std::string quoted = "\"";
  for (const char c : value) {
    if (is_control(c) || c == '"' || c == '\\') append_octal(quoted, c);
    else quoted += c;
  }
  return quoted + '"';
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit_of(hex[i]);
    const int low = digit_of(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace acefs::tool
