// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "acefs/acl/ace.hpp"

namespace acefs::test {

/// Users and groups of the tests. Plain numbers: no account of the machine has them, ACEs name them by number.
inline constexpr uid_t kAlice = 20001;
inline constexpr uid_t kBob = 20002;
inline constexpr uid_t kCarol = 20003;
inline constexpr gid_t kStaff = 30001;
inline constexpr gid_t kGuests = 30002;

std::string user(uid_t uid);    ///< "u:20001"
std::string group(gid_t gid);   ///< "g:30001"

/// Each of these writes one grant as another program would, by setxattr on the path given (the backing's, or the mount's to
/// write through the daemon). `g` is added to `flags` of groups. They return as setxattr(2) does.
int allow(const std::string& node, std::string_view principal, std::string_view letters, std::string_view flags = "",
          acl::TimePoint expires = 0);
/// The partial denial, under the D key.
int deny(const std::string& node, std::string_view principal, std::string_view letters, std::string_view flags = "",
         acl::TimePoint expires = 0);
/// An audit or alarm ACE; `flags` with S, F or both.
int audit(const std::string& node, std::string_view principal, std::string_view letters, std::string_view flags, acl::TimePoint expires = 0);
int alarm(const std::string& node, std::string_view principal, std::string_view letters, std::string_view flags, acl::TimePoint expires = 0);
/// The full denial, under the plain key.
int deny_all(const std::string& node, std::string_view principal);
int remove_allow(const std::string& node, std::string_view principal);
int remove_deny(const std::string& node, std::string_view principal);

/// The name of the xattr that holds the principal's allow ACE, and of that with its partial denial.
std::string allow_name(std::string_view principal);
std::string deny_name(std::string_view principal);

/// Every known letter but those; without t also without r, which implies it.
std::string all_but(std::string_view letters);

/// Now, in an ACE's clock.
acl::TimePoint now();

/// Sets any attribute; as setxattr(2).
int set_attribute(const std::string& node, const std::string& name, std::string_view value, int flags = 0);
/// The value of an attribute, "!" and the errno's name when it cannot be read.
std::string get_attribute(const std::string& node, const std::string& name);

}  // namespace acefs::test
