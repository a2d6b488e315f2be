// SPDX-License-Identifier: MIT
#include "escape.hpp"

#include <algorithm>
#include <array>

#include "acefs/acl/ace.hpp"

namespace acefs::acl {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

std::string octal(char c) {
  const unsigned byte = static_cast<unsigned char>(c);
  const auto digit = [&](unsigned shift) { return static_cast<char>('0' + ((byte >> shift) & 7u)); };
  return {'\\', digit(6), digit(3), digit(0)};
}

/// The byte of three octal digits at the start of `text`.
std::optional<char> octal_byte(std::string_view text) {
  if (text.size() < 3 || !std::all_of(text.begin(), text.begin() + 3, is_octal) || text[0] > '3') return std::nullopt;
  return static_cast<char>((text[0] - '0') * 64 + (text[1] - '0') * 8 + (text[2] - '0'));
}

}  // namespace

std::string escape_name(std::string_view name) {
  constexpr std::string_view kMeaningful = ":\\,#";
  std::string text;
  for (char c : name) {
    if (is_control(c)) {
      text += octal(c);
      continue;
    }
    if (kMeaningful.find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text;
}

Parsed<std::string> unescape_name(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      name += text[i];
      continue;
    }
    const std::string_view after = text.substr(i + 1);
    if (after.empty()) return ParseError{"backslash at the end", i};
    if (const auto byte = octal_byte(after)) {
      name += *byte;
      i += 3;
    } else if (is_alphanumeric(after[0])) {
      return ParseError{"unknown escape '\\" + std::string(1, after[0]) + "'", i};
    } else {
      name += after[0];
      i += 1;
    }
  }
  return name;
}

std::optional<std::string_view> special_of(std::string_view text) {
  struct Special {
    std::string_view capitals, small, key;
  };
  constexpr std::array kSpecials = {Special{"OWNER@", "owner@", kOwnerWho}, Special{"GROUP@", "group@", kGroupWho},
                                    Special{"EVERYONE@", "everyone@", kEveryoneWho}};
  for (const Special& special : kSpecials) {
    if (text == special.capitals || text == special.small) return special.key;
  }
  return std::nullopt;
}

std::string shown(char byte) { return "'" + (is_control(byte) ? octal(byte) : std::string(1, byte)) + "'"; }

}  // namespace acefs::acl
