// SPDX-License-Identifier: MIT
#include "grants.hpp"

#include <sys/xattr.h>

#include <cerrno>
#include <chrono>

#include "acefs/acl/perm.hpp"
#include "as_user.hpp"

namespace acefs::test {
namespace {

constexpr std::string_view kPrefix = "user.oc.grant.";

int write_grant(const std::string& node, acl::KeyKind kind, std::string_view principal, std::string_view letters,
                std::string_view flags, acl::TimePoint expires) {
  acl::Ace ace;
  ace.type = std::string(1, static_cast<char>(kind));
  ace.flags = (principal.starts_with("g:") ? "g" : "") + std::string(flags);
  ace.principal = std::string(principal);
  ace.permissions = std::string(letters);
  ace.expires = expires;
  return set_attribute(node, std::string(kPrefix) + acl::format_key({kind, std::string(principal)}), acl::encode(ace));
}

}  // namespace

std::string user(uid_t uid) { return "u:" + std::to_string(uid); }
std::string group(gid_t gid) { return "g:" + std::to_string(gid); }

std::string allow_name(std::string_view principal) { return std::string(kPrefix) + std::string(principal); }
std::string deny_name(std::string_view principal) { return std::string(kPrefix) + "D:" + std::string(principal); }

int allow(const std::string& node, std::string_view principal, std::string_view letters, std::string_view flags,
          acl::TimePoint expires) {
  return write_grant(node, acl::KeyKind::Plain, principal, letters, flags, expires);
}

int deny(const std::string& node, std::string_view principal, std::string_view letters, std::string_view flags,
         acl::TimePoint expires) {
  return write_grant(node, acl::KeyKind::Deny, principal, letters, flags, expires);
}

int audit(const std::string& node, std::string_view principal, std::string_view letters, std::string_view flags, acl::TimePoint expires) {
  return write_grant(node, acl::KeyKind::Audit, principal, letters, flags, expires);
}

int alarm(const std::string& node, std::string_view principal, std::string_view letters, std::string_view flags, acl::TimePoint expires) {
  return write_grant(node, acl::KeyKind::Alarm, principal, letters, flags, expires);
}

int deny_all(const std::string& node, std::string_view principal) { return allow(node, principal, ""); }

int remove_allow(const std::string& node, std::string_view principal) {
  return ::lremovexattr(node.c_str(), allow_name(principal).c_str());
}

int remove_deny(const std::string& node, std::string_view principal) {
  return ::lremovexattr(node.c_str(), deny_name(principal).c_str());
}

std::string all_but(std::string_view letters) {
  std::string rest;
  for (const char letter : acl::kLetters) {
    if (letters.find(letter) == letters.npos && !(letter == 'r' && letters.find('t') != letters.npos)) rest += letter;
  }
  return rest;
}

acl::TimePoint now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

int set_attribute(const std::string& node, const std::string& name, std::string_view value, int flags) {
  return ::lsetxattr(node.c_str(), name.c_str(), value.data(), value.size(), flags);
}

std::string get_attribute(const std::string& node, const std::string& name) {
  std::string value(65536, '\0');
  const ssize_t n = ::lgetxattr(node.c_str(), name.c_str(), value.data(), value.size());
  if (n < 0) return "!" + errno_name(errno);
  value.resize(static_cast<std::size_t>(n));
  return value;
}

}  // namespace acefs::test
