// SPDX-License-Identifier: MIT
#include "config_toml.hpp"

#include "toml_library.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <sstream>

#include "acefs/acl/granted_role.hpp"
#include "acefs/acl/perm.hpp"
#include "acefs/principal/config_edit.hpp"
#include "number.hpp"
#include "toml_source.hpp"

namespace acefs::principal {

namespace {

int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

/// The entries of a section, none of what is no section. (A copy of a table forgets its lines, so none is made.)
const toml::table& entries_of(const toml::table* table) {
  static const toml::table none;
  return table != nullptr ? *table : none;
}

/// A value as it was written, more or less; what is no single value, by its name.
std::string text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return toml_string(text->get());
  if (node.is_table()) return "a section";
  if (node.is_array()) return "a list";
  std::ostringstream text;
  text << std::boolalpha;
  node.visit([&text](const auto& value) {
    if constexpr (toml::is_value<decltype(value)>) text << value.get();
  });
  return text.str();
}

/// One section being read. Every mistake goes to the problems, and marks the section as broken.
class Section {
 public:
  Section(std::string title, std::vector<ConfigProblem>& problems) : title_(std::move(title)), problems_(problems) {}

  bool broken() const { return broken_; }
  void mistake(const toml::node& at, const std::string& what) {
    broken_ = true;
    problems_.push_back({.line = line_of(at), .message = title_ + ": " + what});
  }
  /// A value that is not `expected`.
  void wrong(const toml::node& value, const std::string& expected) { mistake(value, expected + ", not " + text_of(value)); }

 private:
  std::string title_;
  std::vector<ConfigProblem>& problems_;
  bool broken_ = false;
};

void read_text(Section& section, std::string_view key, const toml::node& node, std::string& into) {
  if (const auto* text = node.as_string()) {
    into = text->get();
  } else {
    section.wrong(node, std::string(key) + " must be a string");
  }
}

/// A uid or gid, 4294967295 being none.
std::optional<id_t> read_number(Section& section, std::string_view key, const toml::node& node) {
  const auto* number = node.as_integer();
  if (number != nullptr && number->get() >= 0 && number->get() < std::int64_t{static_cast<id_t>(-1)})
    return static_cast<id_t>(number->get());
  section.wrong(node, std::string(key) + " must be a number from 0 to 4294967294");
  return std::nullopt;
}

bool is_usable(const std::string& name) { return !name.empty() && name.find('\0') == std::string::npos; }

void read_ids(Section& section, const toml::node& node, std::vector<std::string>& into) {
  const auto* array = node.as_array();
  if (array == nullptr) return section.wrong(node, "ids must be an array of strings");
  for (const toml::node& element : *array) {
    const auto* id = element.as_string();
    if (id == nullptr || !is_usable(id->get())) {
      section.wrong(element, "an id must be a string that is not empty");
    } else if (std::find(into.begin(), into.end(), id->get()) == into.end()) {
      into.push_back(id->get());
    }
  }
}

void read_members(Section& section, const toml::node& node, std::vector<std::string>& into) {
  const auto* array = node.as_array();
  if (array == nullptr) return section.wrong(node, "members must be an array of account names or uids");
  for (const toml::node& element : *array) {
    if (const auto* name = element.as_string(); name != nullptr && is_usable(name->get())) {
      into.push_back(name->get());
    } else if (element.is_integer()) {
      if (const auto uid = read_number(section, "a member", element)) into.push_back(std::to_string(*uid));
    } else {
      section.wrong(element, "a member must be an account name or a uid");
    }
  }
}

constexpr std::int64_t kNanoseconds = 1'000'000'000;

/// Nanoseconds since the epoch, as far as they go (1677 to 2262). Never 0, which would be "never".
acl::TimePoint time_point(const toml::date& date, const toml::time& time, int offset_minutes) {
  using namespace std::chrono;
  const sys_days day = year{date.year} / month{date.month} / std::chrono::day{date.day};
  const auto seconds = duration_cast<std::chrono::seconds>(day.time_since_epoch()).count() + time.hour * 3600 +
                       (time.minute - offset_minutes) * 60 + time.second;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / kNanoseconds - 1;
  if (seconds > kMost) return std::numeric_limits<std::int64_t>::max();
  if (seconds < -kMost) return std::numeric_limits<std::int64_t>::min();
  const std::int64_t point = seconds * kNanoseconds + time.nanosecond;
  return point == 0 ? 1 : point;
}

/// A date without an offset is in UTC; one without a time is the day's beginning.
std::optional<acl::TimePoint> time_point(const toml::node& node) {
  if (const auto* date = node.as_date()) return time_point(date->get(), {}, 0);
  const auto* moment = node.as_date_time();
  if (moment == nullptr) return std::nullopt;
  const toml::date_time& at = moment->get();
  return time_point(at.date, at.time, at.offset ? at.offset->minutes : 0);
}

/// RFC 3339 is what TOML's own dates are written in, so TOML reads it.
std::optional<acl::TimePoint> time_point(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789TtZz:+-. ") != std::string::npos) return std::nullopt;
  try {
    const toml::table table = toml::parse("at = " + text);
    return time_point(*table.get("at"));
  } catch (const toml::parse_error&) {
    return std::nullopt;
  } catch (const Unforeseen&) {
    return std::nullopt;
  }
}

void read_expires(Section& section, const toml::node& node, acl::TimePoint& into) {
  const auto at = node.is_string() ? time_point(node.as_string()->get()) : time_point(node);
  if (!at) return section.wrong(node, "expires must be a date and time (2027-01-01T00:00:00Z)");
  into = *at;
}

UserEntry read_user(const std::string& name, const toml::node& node, std::vector<ConfigProblem>& problems) {
  UserEntry user{.name = name};
  Section section("user." + name, problems);
  user.uid = number_of(name);
  const auto* table = node.as_table();
  if (table == nullptr) section.mistake(node, "must be a section, [user." + name + "]");
  if (!is_usable(name)) section.mistake(node, "a user must have a name");
  for (const auto& [key, value] : entries_of(table)) {
    if (key == "uid") {
      const auto uid = read_number(section, "uid", value);
      if (uid && user.uid && *uid != *user.uid) section.mistake(value, "uid is not the number that the section is named by");
      if (uid && !user.uid) user.uid = uid;
    } else if (key == "ids") {
      read_ids(section, value, user.ids);
    } else if (key == "enabled") {
      if (!value.is_boolean()) section.wrong(value, "enabled must be true or false");
      user.enabled = value.value_or(false);
    } else if (key == "expires") {
      read_expires(section, value, user.expires);
    } else if (key == "comment") {
      read_text(section, "comment", value, user.comment);
    } else {
      section.mistake(value, "unknown key '" + std::string(key.str()) + "'");
    }
  }
  if (section.broken()) user.enabled = false;
  return user;
}

GroupEntry read_group(const std::string& name, const toml::node& node, std::vector<ConfigProblem>& problems) {
  GroupEntry group{.name = name};
  Section section("group." + name, problems);
  group.gid = number_of(name);
  const auto* table = node.as_table();
  if (table == nullptr) section.mistake(node, "must be a section, [group." + name + "]");
  if (!is_usable(name)) section.mistake(node, "a group must have a name");
  for (const auto& [key, value] : entries_of(table)) {
    if (key == "gid") {
      const auto gid = read_number(section, "gid", value);
      if (gid && group.gid && *gid != *group.gid) section.mistake(value, "gid is not the number that the section is named by");
      if (gid && !group.gid) group.gid = gid;
    } else if (key == "ids") {
      read_ids(section, value, group.ids);
    } else if (key == "members") {
      read_members(section, value, group.members);
    } else if (key == "comment") {
      read_text(section, "comment", value, group.comment);
    } else {
      section.mistake(value, "unknown key '" + std::string(key.str()) + "'");
    }
  }
  if (section.broken()) group.members.clear();
  return group;
}

/// An account name, or a uid as text.
void read_account(Section& section, const toml::node& node, std::string& into) {
  std::string account;
  if (const auto* name = node.as_string(); name != nullptr && is_usable(name->get())) {
    account = name->get();
  } else if (node.is_integer()) {
    if (const auto uid = read_number(section, "account", node)) account = std::to_string(*uid);
  } else {
    section.wrong(node, "account must be an account name or a uid");
  }
  if (account == "root" || account == "0") return section.mistake(node, "account '" + account + "': root cannot be a token");
  into = account;
}

void read_creates_for(Section& section, const toml::node& node, bool& for_user) {
  const std::string text = node.value_or(std::string());
  if (text != "token" && text != "user") return section.wrong(node, "creates_for must be \"token\" or \"user\"");
  for_user = text == "user";
}

TokenEntry read_token(const std::string& name, const toml::node& node, std::vector<ConfigProblem>& problems) {
  TokenEntry token{.name = name};
  Section section("token." + name, problems);
  const auto mark = name.rfind('!');
  if (!is_usable(name) || mark == std::string::npos || mark == 0 || mark + 1 == name.size())
    section.mistake(node, "a token must be named USER!WHAT");
  else
    token.user = name.substr(0, mark);
  // What root owns the token would own, and no mode or ACE keeps an owner out.
  if (token.user == "root" || token.user == "0") section.mistake(node, "root has no tokens");
  const auto* table = node.as_table();
  if (table == nullptr) section.mistake(node, "must be a section, [token.\"" + name + "\"]");
  for (const auto& [key, value] : entries_of(table)) {
    if (key == "account") {
      read_account(section, value, token.account);
    } else if (key == "enabled") {
      if (!value.is_boolean()) section.wrong(value, "enabled must be true or false");
      token.enabled = value.value_or(false);
    } else if (key == "expires") {
      read_expires(section, value, token.expires);
    } else if (key == "creates_for") {
      read_creates_for(section, value, token.makes_for_user);
    } else if (key == "comment") {
      read_text(section, "comment", value, token.comment);
    } else {
      section.mistake(value, "unknown key '" + std::string(key.str()) + "'");
    }
  }
  if (token.account.empty() && !section.broken()) section.mistake(node, "has no account");
  if (!token.account.empty() && token.account == token.user) {
    section.mistake(node, "account '" + token.account + "' is the user's own");
    token.account.clear();  // he is himself, not his token
  }
  if (section.broken()) token.enabled = false;
  return token;
}

void read_role(const std::string& name, const toml::node& node, Config& config) {
  Section section("role." + name, config.problems);
  RoleEntry role;
  std::optional<std::string> letters;
  const auto* table = node.as_table();
  if (table == nullptr) section.mistake(node, "must be a section, [role." + name + "]");
  for (const auto& [key, value] : entries_of(table)) {
    if (key == "permissions") {
      read_text(section, "permissions", value, letters.emplace());
    } else if (key == "comment") {
      read_text(section, "comment", value, role.comment);
    } else {
      section.mistake(value, "unknown key '" + std::string(key.str()) + "'");
    }
  }
  if (!acl::is_role_name(name)) section.mistake(node, "a role's name must be of letters, digits, '-', '_' and '.'");
  if (!letters && !section.broken()) section.mistake(node, "has no permissions");
  for (const char letter : letters.value_or("")) {
    if (!acl::perm_of(letter)) section.mistake(node, std::string("unknown permission '") + letter + "'");
  }
  if (section.broken()) {
    config.broken_roles.insert(name);
  } else {
    role.permissions = *std::move(letters);
    config.roles.emplace(name, std::move(role));
  }
}

/// Calls `read` for every section of one kind ("user").
template <typename Read>
void read_sections(const toml::node& node, const std::string& kind, std::vector<ConfigProblem>& problems, Read&& read) {
  const auto* table = node.as_table();
  if (table == nullptr) {
    problems.push_back({.line = line_of(node), .message = kind + " must be sections, [" + kind + ".NAME]"});
    return;
  }
  for (const auto& [key, value] : *table) read(std::string(key.str()), value);
}

ConfigText read_tables(const toml::table& tables) {
  ConfigText text;
  Config& config = text.config;
  for (const auto& [key, node] : tables) {
    if (key == "user") {
      read_sections(node, "user", config.problems, [&](const std::string& name, const toml::node& section) {
        config.users.emplace(name, read_user(name, section, config.problems));
        text.user_lines.emplace(name, line_of(section));
      });
    } else if (key == "group") {
      read_sections(node, "group", config.problems, [&](const std::string& name, const toml::node& section) {
        config.groups.emplace(name, read_group(name, section, config.problems));
        text.group_lines.emplace(name, line_of(section));
      });
    } else if (key == "token") {
      read_sections(node, "token", config.problems, [&](const std::string& name, const toml::node& section) {
        config.tokens.emplace(name, read_token(name, section, config.problems));
        text.token_lines.emplace(name, line_of(section));
      });
    } else if (key == "role") {
      read_sections(node, "role", config.problems,
                    [&](const std::string& name, const toml::node& section) { read_role(name, section, config); });
    } else {
      const std::string message = "unknown section '" + std::string(key.str()) + "' (user, group, token and role are known)";
      config.problems.push_back({.line = line_of(node), .message = message});
    }
  }
  return text;
}

}  // namespace

Parsed<ConfigText> read_toml(std::string_view text) {
  try {
    return read_tables(toml::parse(text));
  } catch (const toml::parse_error& e) {
    const toml::source_position at = e.source().begin;
    return ParseError{.message = std::string(e.description()), .offset = offset_of(text, at)};
  } catch (const Unforeseen& e) {
    return ParseError{.message = std::string("not TOML: ") + e.what(), .offset = 0};
  }
}

}  // namespace acefs::principal
