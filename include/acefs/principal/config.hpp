// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/acl/ace.hpp"
#include "acefs/base/result.hpp"

namespace acefs::principal {

/// A user or group section of acefs.toml.
struct UserEntry {
  std::string name;               ///< the section's name: an account name or a decimal uid
  std::optional<uid_t> uid;       ///< `uid`, or the name when that is a number; else found by NSS
  std::vector<std::string> ids;   ///< further ids that ACEs may name this user by (OpenCloud's UUID)
  bool enabled = true;
  acl::TimePoint expires = 0;     ///< 0: never
  std::string comment;
};

struct GroupEntry {
  std::string name;
  std::optional<gid_t> gid;           ///< nothing: the group exists only here
  std::vector<std::string> ids;
  std::vector<std::string> members;   ///< account names or decimal uids, in addition to NSS's
  std::string comment;
};

/// A token section: an account that acts for a user, with what it was given itself and never with more than he has.
struct TokenEntry {
  std::string name;             ///< `USER!WHAT`
  std::string user;             ///< what stands before the last '!': an account name or a decimal uid
  std::string account;          ///< account name or decimal uid; empty: the section has a mistake there
  bool enabled = true;
  acl::TimePoint expires = 0;   ///< 0: never
  bool makes_for_user = false;  ///< what the token creates belongs to the user, else to the account
  std::string comment;
};

/// A role section.
struct RoleEntry {
  std::string permissions;  ///< letters
  std::string comment;
};

/// One thing wrong in the file, said so that the line can be found.
struct ConfigProblem {
  int line = 0;
  std::string message;
};

/// acefs.toml: what acefs knows of principals beyond NSS, and named letter sets.
///
///     [user.alice]                       # or [user.1000]
///     ids = ["4c510ada-c86b-4815-8820-42cdf82c3d51"]
///     enabled = true
///     expires = 2027-01-01T00:00:00Z
///     [group.staff]
///     ids = ["…"]
///     [group.auditors]                   # exists only here
///     members = ["alice", 1001]
///     [token."alice!ci"]                 # what the account ci does, it does for alice
///     account = "ci"
///     creates_for = "user"               # or "token": who owns what it creates
///     [role.reviewer]
///     permissions = "rxtnc"
///
/// A section with a mistake is reported, never ignored: the user it concerns is disabled, the account of a token is refused, a group has
/// no members, a role does not exist. Text that is not TOML at all makes load fail.
struct Config {
  std::map<std::string, UserEntry, std::less<>> users;
  std::map<std::string, GroupEntry, std::less<>> groups;
  std::map<std::string, TokenEntry, std::less<>> tokens;
  std::map<std::string, RoleEntry, std::less<>> roles;
  std::set<std::string, std::less<>> broken_roles;        ///< of a section with a mistake: no such role, not even a built-in one
  std::vector<ConfigProblem> problems;

  /// The offset of an error tells the line.
  static Parsed<Config> parse(std::string_view toml);
  /// `file` must exist. The message of an error names file and line.
  static Parsed<Config> load(const std::string& file);

  /// A role of the file, else a built-in one.
  std::optional<std::string> role(std::string_view name) const;
};

/// "FILE:3: what is wrong" of text that Config::parse failed on.
std::string message_of(const std::string& file, std::string_view text, const ParseError& error);

}  // namespace acefs::principal
