// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "acefs/base/result.hpp"

/// ACLs as NFSv4 has them (RFC 7530, 6.2.1): an ordered list, its bytes, and what of it acefs can store and enforce.
namespace acefs::nfs4 {

/// The numbers are those of the protocol.
enum class Type : std::uint32_t { Allow = 0, Deny = 1, Audit = 2, Alarm = 3 };

inline constexpr std::uint32_t kFileInherit = 0x01;       ///< f
inline constexpr std::uint32_t kDirectoryInherit = 0x02;  ///< d
inline constexpr std::uint32_t kNoPropagate = 0x04;       ///< n
inline constexpr std::uint32_t kInheritOnly = 0x08;       ///< i
inline constexpr std::uint32_t kOnSuccess = 0x10;         ///< S
inline constexpr std::uint32_t kOnFailure = 0x20;         ///< F
inline constexpr std::uint32_t kGroup = 0x40;             ///< g
inline constexpr std::uint32_t kInherited = 0x80;         ///< NFSv4.1; has no letter
inline constexpr std::uint32_t kInheritFlags = kFileInherit | kDirectoryInherit | kNoPropagate | kInheritOnly;

inline constexpr std::uint32_t kDeleteChild = 0x000040;
inline constexpr std::uint32_t kSynchronize = 0x100000;
inline constexpr std::uint32_t kAllOfDirectory = 0x1f01ff;
inline constexpr std::uint32_t kAllOfFile = kAllOfDirectory & ~kDeleteChild;

inline constexpr std::string_view kOwnerAt = "OWNER@";
inline constexpr std::string_view kGroupAt = "GROUP@";
inline constexpr std::string_view kEveryoneAt = "EVERYONE@";

/// One ACE. `flags` never holds kGroup when `who` is special, and kInherited only in Form::Dacl (inherited.hpp).
struct Ace {
  Type type = Type::Allow;
  std::uint32_t flags = 0;
  std::uint32_t mask = 0;
  std::string who;  ///< a name, a decimal number, or one of the special three

  friend bool operator==(const Ace&, const Ace&) = default;
};

/// First match decides, for each bit by itself.
using AceList = std::vector<Ace>;

/// RFC 7530, 6.2.1.5: what ends in '@' is no user and no group.
inline bool is_special(std::string_view who) { return !who.empty() && who.back() == '@'; }

/// Why a list was not accepted or cannot be shown: for the caller an errno, for people one line.
struct Refusal {
  int error = 0;
  std::string reason;
};

template <typename T>
using Outcome = Result<T, Refusal>;

}  // namespace acefs::nfs4
