// SPDX-License-Identifier: MIT
#include "section_kind.hpp"

#include <algorithm>
#include <array>

#include "acefs/acl/perm.hpp"
#include "acefs/principal/config_edit.hpp"
#include "common/quoting.hpp"
#include "common/time_text.hpp"

namespace acefs::tool::acectl {

namespace {

constexpr Field kEnabled{"enabled", "enabled", FieldType::Truth, "true|false", "Whether he may do anything"};
constexpr Field kExpires{"expires", "expires", FieldType::Time, "TIME", "Until when: a time, +7d and the like, or never"};
constexpr Field kComment{"comment", "comment", FieldType::Text, "TEXT", "For people"};
constexpr Field kIds{"ids", "id", FieldType::List, "ID", "A further name that ACEs may use (may be given again)"};

constexpr std::array kUser = {Field{"uid", "uid", FieldType::Number, "UID", "Whose section it is, if not by its name"}, kIds, kEnabled,
                              kExpires, kComment};
constexpr std::array kGroup = {Field{"gid", "gid", FieldType::Number, "GID", "Whose section it is, if not by its name"}, kIds,
                               Field{"members", "member", FieldType::List, "USER", "A member besides NSS's (may be given again)"},
                               kComment};
constexpr std::array kToken = {Field{"account", "account", FieldType::Text, "USER", "The Unix account that is the token"},
                               Field{"creates_for", "creates-for", FieldType::Text, "token|user", "Who owns what it creates"},
                               kEnabled, kExpires, kComment};
constexpr std::array kRole = {Field{"permissions", "permissions", FieldType::Letters, "LETTERS", "What the role gives"}, kComment};

constexpr std::array<SectionKind, 4> kKinds = {{{"user", "Users: ids, and whether they may do anything", kUser},
                                                {"group", "Groups: ids and members", kGroup},
                                                {"token", "Tokens: accounts that act for a user", kToken},
                                                {"role", "Roles: named sets of permissions", kRole}}};

ParseError expected(const Field& field, const std::string& typed, const std::string& what) {
  return {.message = "--" + std::string(field.option) + ' ' + quote_name(typed) + ": expected " + what};
}

}  // namespace

std::span<const SectionKind> section_kinds() { return kKinds; }

Parsed<std::string> toml_value(const Field& field, const std::string& typed, acl::TimePoint now) {
  switch (field.type) {
    case FieldType::Text:
    case FieldType::List:
      return principal::toml_string(typed);
    case FieldType::Number:
      if (typed.empty() || typed.size() > 10 || typed.find_first_not_of("0123456789") != std::string::npos ||
          (typed.size() > 1 && typed.front() == '0'))
        return expected(field, typed, "a number from 0 to 4294967294");
      return typed;
    case FieldType::Truth:
      if (typed != "true" && typed != "false") return expected(field, typed, "true or false");
      return typed;
    case FieldType::Time: {
      const auto time = parse_expiry(typed, now);
      if (!time) return expected(field, typed, time.error().message);
      return *time == 0 ? std::string() : format_time(*time);
    }
    case FieldType::Letters: {
      const auto unknown = std::find_if_not(typed.begin(), typed.end(), [](char c) { return acl::perm_of(c).has_value(); });
      if (unknown != typed.end()) return expected(field, typed, "letters of " + std::string(acl::kLetters));
      return principal::toml_string(typed);
    }
  }
  return typed;
}

}  // namespace acefs::tool::acectl
