// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/base/result.hpp"

namespace acefs::acl {

/// Nanoseconds since the Unix epoch.
using TimePoint = std::int64_t;

/// Which of the ACEs that one principal may have on one node a grant's key names.
enum class KeyKind : char {
  Plain = 'A',  ///< `<class>:<id>`: the allow ACE or the full denial
  Deny = 'D',   ///< `D:<class>:<id>`: partial denial
  Audit = 'U',  ///< `U:<class>:<id>`
  Alarm = 'L',  ///< `L:<class>:<id>`
};

/// What follows the prefix in the name of a grant's xattr.
struct GrantKey {
  KeyKind kind = KeyKind::Plain;
  std::string principal;  ///< `u:<id>`, `g:<id>` or `o:<id>`; the id is any bytes

  friend bool operator==(const GrantKey&, const GrantKey&) = default;
  friend auto operator<=>(const GrantKey&, const GrantKey&) = default;
};

/// The key behind the prefix, nothing when the name is not that of a grant (such attributes are left alone).
std::optional<GrantKey> parse_key(std::string_view after_prefix);
std::string format_key(const GrantKey& key);

inline constexpr std::string_view kOwnerWho = "o:OWNER@";
inline constexpr std::string_view kGroupWho = "o:GROUP@";
inline constexpr std::string_view kEveryoneWho = "o:EVERYONE@";

/// One access control entry as stored. Bytes that acefs does not understand are kept, so that rewriting loses nothing.
struct Ace {
  std::string type;         ///< `t`: A, D, U or L; any other text is a full denial under a plain key
  std::string flags;        ///< `f`: letters of g f d n i S F, unknown ones kept
  std::string principal;    ///< from the key
  std::string permissions;  ///< `p`: letters as stored, unknown ones kept
  std::string creator;      ///< `c`
  TimePoint expires = 0;    ///< `e`: 0 is never; expired when now > expires
  std::int64_t share_time = 0;  ///< `s`: Unix seconds, 0 absent
  std::string password_hash;    ///< `w`
  std::string label;            ///< `l`
  std::vector<std::string> unknown_fields;  ///< whole fields as read ("k=v"), in order

  friend bool operator==(const Ace&, const Ace&) = default;
};

/// The bytes of a grant's xattr value: key=value form, as reva writes it (cs3org/reva v2.27.7 ace.go:226-246).
///
/// decode() reads back the same Ace, but for what the form cannot carry: a known field's value is cut at its first '=' (a
/// password hash with one, for instance), CR LF becomes LF, an empty unknown field or one that looks like a known key is lost
/// or takes its place, and a type with ':', '"', CR or LF makes the value malformed (a full denial before and after).
std::string encode(const Ace& ace);

/// Reads the key=value (first byte 0x00) and the positional (first byte 0x01) form.
///
/// Fails on anything else: empty value, bad CSV, bad integer, unknown first byte, a known key without '=', the 'g' flag
/// disagreeing with the class of `key` (never for `o:`), and, under a kind-qualified key, a type other than that kind.
Parsed<Ace> decode(const GrantKey& key, std::string_view value);

/// One grant as found on a node: its key, its bytes, and what they mean.
struct Grant {
  GrantKey key;
  std::string value;
  std::optional<Ace> ace;  ///< nothing when malformed
  std::string error;       ///< why it is malformed

  static Grant read(GrantKey key, std::string value);
};

/// True when the ACE takes every letter from its principal: a plain key's ACE that is not of type A, or is of type A
/// with no known letter. (A malformed grant is one too; that is the compiled Acl's business.)
bool is_full_denial(const GrantKey& key, const Ace& ace);

}  // namespace acefs::acl
