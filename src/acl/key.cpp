// SPDX-License-Identifier: MIT
#include "acefs/acl/ace.hpp"

namespace acefs::acl {
namespace {

bool is_principal(std::string_view text) {
  return text.size() >= 2 && text[1] == ':' && (text[0] == 'u' || text[0] == 'g' || text[0] == 'o');
}

std::optional<KeyKind> qualifier_of(char letter) {
  switch (letter) {
    case 'D': return KeyKind::Deny;
    case 'U': return KeyKind::Audit;
    case 'L': return KeyKind::Alarm;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<GrantKey> parse_key(std::string_view after_prefix) {
  if (is_principal(after_prefix)) return GrantKey{KeyKind::Plain, std::string(after_prefix)};
  if (after_prefix.size() < 2 || after_prefix[1] != ':') return std::nullopt;
  const auto kind = qualifier_of(after_prefix[0]);
  const std::string_view principal = after_prefix.substr(2);
  if (!kind || !is_principal(principal)) return std::nullopt;
  return GrantKey{*kind, std::string(principal)};
}

std::string format_key(const GrantKey& key) {
  if (key.kind == KeyKind::Plain) return key.principal;
  return std::string{static_cast<char>(key.kind), ':'} + key.principal;
}

}  // namespace acefs::acl
