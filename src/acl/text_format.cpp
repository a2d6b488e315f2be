// SPDX-License-Identifier: MIT

#include "acefs/acl/perm.hpp"
#include "acefs/acl/text.hpp"
#include "escape.hpp"
#include "text_flags.hpp"

namespace acefs::acl {
namespace {

/// The name as a typed entry takes it, empty when there is no way to write it.
std::string name_text(std::string_view principal) {
  const std::string_view name = principal.substr(2);
  if (principal.starts_with("o:")) return special_of(name) == principal ? std::string(name) : std::string();
  std::string text = escape_name(name);
  // A user or group that is called like a special principal.
  if (special_of(name)) text.insert(text.size() - 1, 1, '\\');
  return text;
}

std::string shown_flags(std::string_view principal, std::string_view flags) {
  std::string known;
  for (char flag : flags) {
    if (is_flag(flag) && !(flag == 'g' && principal.starts_with("o:"))) known += flag;
  }
  return known;
}

bool only_says_group(std::string_view flags) { return flags.empty() || flags == "g"; }

}  // namespace

std::string format_entry(const GrantKey& key, const Ace& ace) {
  if (key.principal.size() < 2) return {};
  const std::string name = name_text(key.principal);
  if (name.empty()) return {};
  const std::string flags = shown_flags(key.principal, ace.flags);
  if (is_full_denial(key, ace)) return "D:" + flags + ":" + name + ":";

  const std::string letters = letters_of(mask_of(ace.permissions));
  if (letters.empty()) return {};
  if (key.kind == KeyKind::Plain && only_says_group(flags)) return key.principal.substr(0, 2) + name + ":" + letters;
  return std::string(1, static_cast<char>(key.kind)) + ":" + flags + ":" + name + ":" + letters;
}

}  // namespace acefs::acl
