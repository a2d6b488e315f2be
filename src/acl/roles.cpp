// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "acefs/acl/text.hpp"

namespace acefs::acl {
namespace {

struct Role {
  std::string_view name;
  std::string_view letters;
};

/// opencloud-eu/reva pkg/conversions/role.go:211-513, as its getACEPerm writes them; the last two are our own.
constexpr std::array kRoles = {
    Role{"viewer", "txruq"},
    Role{"viewer-list-grants", "txrcuq"},
    Role{"viewer-with-versions", "txruvq"},
    Role{"editor", "txrwaduUq"},
    Role{"editor-list-grants", "txrwadcuUq"},
    Role{"editor-with-versions", "txrwaduUvVq"},
    Role{"editor-lite", "txrwa"},
    Role{"file-editor", "txrwuUq"},
    Role{"file-editor-list-grants", "txrwcuUq"},
    Role{"file-editor-with-versions", "txrwuUvVq"},
    Role{"space-viewer", "txrcuq"},
    Role{"space-viewer-with-versions", "txrcuvq"},
    Role{"space-editor", "txrwadcuUvVq"},
    Role{"space-editor-without-versions", "txrwadcuUq"},
    Role{"coowner", "txrwadCcouUPvVq"},
    Role{"manager", "txrwadCcoOuUPvVq"},
    Role{"uploader", "twa"},
    Role{"secure-viewer", "tx"},
    Role{"denied", ""},
    Role{"no-access", ""},
    Role{"administrator", "txrwadCcoOuUPvVqDTnNy"},
};

constexpr bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/// "SecureViewer" as "secure-viewer"; other names unchanged.
std::string in_kebab_case(std::string_view name) {
  std::string kebab;
  for (char c : name) {
    if (is_capital(c) && !kebab.empty() && kebab.back() != '-') kebab += '-';
    kebab += is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return kebab;
}

}  // namespace

std::optional<std::string> builtin_role(std::string_view name) {
  const std::string wanted = in_kebab_case(name);
  const auto found = std::find_if(kRoles.begin(), kRoles.end(), [&](const Role& role) { return role.name == wanted; });
  if (found == kRoles.end()) return std::nullopt;
  return std::string(found->letters);
}

std::vector<std::string_view> builtin_roles() {
  std::vector<std::string_view> names;
  for (const Role& role : kRoles) names.push_back(role.name);
  return names;
}

}  // namespace acefs::acl
