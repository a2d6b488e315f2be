// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "acefs/acl/decide.hpp"

namespace acefs::acl::test {

/// Grants as they would be read from a node: allow("alice", "rw"), deny_group("staff").
inline Grant make_grant(KeyKind kind, std::string principal, std::string type, std::string letters, std::string flags,
                        TimePoint expires) {
  if (principal.starts_with("g:")) flags += 'g';
  Ace ace;
  ace.type = std::move(type);
  ace.flags = std::move(flags);
  ace.permissions = std::move(letters);
  ace.expires = expires;
  return Grant::read(GrantKey{kind, std::move(principal)}, encode(ace));
}

/// `who` is a whole principal: "u:alice", "g:staff", "o:OWNER@".
inline Grant allow_who(std::string who, std::string letters, std::string flags = "", TimePoint expires = 0) {
  return make_grant(KeyKind::Plain, std::move(who), "A", std::move(letters), std::move(flags), expires);
}
/// Partial denial.
inline Grant deny_who(std::string who, std::string letters, std::string flags = "", TimePoint expires = 0) {
  return make_grant(KeyKind::Deny, std::move(who), "D", std::move(letters), std::move(flags), expires);
}
/// Full denial.
inline Grant shut_out_who(std::string who, std::string flags = "", TimePoint expires = 0) {
  return make_grant(KeyKind::Plain, std::move(who), "D", "", std::move(flags), expires);
}

inline Grant allow(const std::string& user, std::string letters, std::string flags = "", TimePoint expires = 0) {
  return allow_who("u:" + user, std::move(letters), std::move(flags), expires);
}
inline Grant allow_group(const std::string& group, std::string letters, std::string flags = "", TimePoint expires = 0) {
  return allow_who("g:" + group, std::move(letters), std::move(flags), expires);
}
inline Grant deny(const std::string& user, std::string letters, std::string flags = "", TimePoint expires = 0) {
  return deny_who("u:" + user, std::move(letters), std::move(flags), expires);
}
inline Grant deny_group(const std::string& group, std::string letters, std::string flags = "", TimePoint expires = 0) {
  return deny_who("g:" + group, std::move(letters), std::move(flags), expires);
}
inline Grant shut_out(const std::string& user, std::string flags = "", TimePoint expires = 0) {
  return shut_out_who("u:" + user, std::move(flags), expires);
}
inline Grant shut_out_group(const std::string& group, std::string flags = "", TimePoint expires = 0) {
  return shut_out_who("g:" + group, std::move(flags), expires);
}
inline Grant audit(const std::string& user, std::string letters, std::string flags) {
  return make_grant(KeyKind::Audit, "u:" + user, "U", std::move(letters), std::move(flags), 0);
}
/// `who` is a whole principal.
inline Grant audit_who(std::string who, std::string letters, std::string flags, TimePoint expires = 0) {
  return make_grant(KeyKind::Audit, std::move(who), "U", std::move(letters), std::move(flags), expires);
}
inline Grant alarm_who(std::string who, std::string letters, std::string flags, TimePoint expires = 0) {
  return make_grant(KeyKind::Alarm, std::move(who), "L", std::move(letters), std::move(flags), expires);
}
/// A value that cannot be read, under the key given.
inline Grant malformed(std::string_view key) { return Grant::read(*parse_key(key), "nonsense"); }

inline constexpr uid_t kAlice = 1001;
inline constexpr uid_t kBob = 1002;
inline constexpr uid_t kSomebody = 4000;  ///< owner of nodes that belong to none of the callers
inline constexpr gid_t kStaff = 2001;
inline constexpr gid_t kGuests = 2002;
inline constexpr gid_t kSomeGroup = 5000;

/// Mode, owner and group of a node.
struct Posix {
  mode_t mode = 0;
  uid_t uid = kSomebody;
  gid_t gid = kSomeGroup;
};

/// A chain under construction, root first: Path().dir({0755}).dir({0755}, {allow("alice", "rw")}).file({0600}).
/// Keeps what its segments point to.
class Path {
 public:
  explicit Path(PrincipalTable& principals) : principals_(principals) {}
  Path(Path&&) = default;  // what its segments point to stays where it is

  Path& dir(Posix posix, std::vector<Grant> grants = {}) { return add(posix, std::move(grants), true); }
  Path& file(Posix posix, std::vector<Grant> grants = {}) { return add(posix, std::move(grants), false); }

  std::span<const Segment> chain() const { return chain_; }
  std::vector<Segment>& segments() { return chain_; }

 private:
  Path& add(Posix posix, std::vector<Grant> grants, bool is_directory) {
    const Acl& acl = acls_.emplace_back(std::move(grants), is_directory, principals_);
    chain_.push_back({.acl = &acl, .is_directory = is_directory, .mode = posix.mode, .uid = posix.uid, .gid = posix.gid});
    return *this;
  }

  PrincipalTable& principals_;
  std::deque<Acl> acls_;
  std::vector<Segment> chain_;
};

/// A caller with these ids and these principals ("u:alice", "g:staff").
inline Identity caller(PrincipalTable& principals, uid_t uid, std::vector<gid_t> groups,
                       std::initializer_list<std::string_view> names) {
  Identity who;
  who.uid = uid;
  who.gid = groups.front();
  who.groups = std::move(groups);
  std::sort(who.groups.begin(), who.groups.end());
  for (std::string_view name : names) who.principals.push_back(principals.intern(name));
  std::sort(who.principals.begin(), who.principals.end());
  return who;
}

}  // namespace acefs::acl::test
