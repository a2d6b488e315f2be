// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/acl/ace.hpp"

namespace acefs::acl {

/// An ACE as people type it, before it is known who creates it and when it expires.
///
///     A:g:staff:rxtnc     type, flags, who, permissions (nfs4_setfacl's form; g in flags makes `who` a group)
///     D:fd:bob:w          partial denial (stored under the D key); D with no letters is the full denial
///     u:alice:rw          user; g:staff:rx group; o:EVERYONE@:r (or everyone@:r, owner@:, group@:)
///     g:staff:@editor     letters of a role
///
/// In a name a backslash takes the meaning of the character after it (`\:`, `\\`, `\,`, `\#`), and `\012` is the byte with that
/// octal number. OWNER@, GROUP@ and EVERYONE@ in capitals or in small letters are the special ones; a user called so is
/// `OWNER\@`. `u:alice:` and `g:staff:` without letters are the full denial, and so is any A or D entry without letters.
/// Letters and flags that acefs does not know are refused; `g` on a special name is dropped.
struct TextEntry {
  GrantKey key;
  std::string type;         ///< A, D, U or L
  std::string flags;        ///< as stored: `g` present for groups
  std::string permissions;  ///< letters in stored order; empty is the full denial
  std::string role;         ///< the role that they are the letters of, as it was typed; empty: they were typed themselves
};

/// Letters of a role ("editor"), nothing when there is no such role.
using RoleLookup = std::function<std::optional<std::string>(std::string_view role)>;

/// One entry. The offset of an error counts from the start of `text`.
Parsed<TextEntry> parse_entry(std::string_view text, const RoleLookup& roles);
/// Entries separated by ',' or newline; '#' starts a comment that lasts to the end of the line.
Parsed<std::vector<TextEntry>> parse_entries(std::string_view text, const RoleLookup& roles);
/// What `-x` takes: an entry without its permissions ("u:alice", "g:staff", "everyone@", "D:bob", "D:g:staff", "A:fd:bob"), or a
/// whole entry; its permissions only tell a partial denial from a full one. Nothing is trimmed.
Parsed<GrantKey> parse_who(std::string_view text);
/// The text of a grant that parse_entry reads back to the same key, flags and letters, as short as possible: `u:alice:rw` where no
/// flag has to be shown, `A:fd:alice:rw` otherwise; a full denial is `D::alice:` whatever its type and letters are.
///
/// Only what parse_entry accepts is shown: letters and flags that acefs does not know are left out. Empty when that leaves
/// nothing to say or the grant has no text: a D, U or L ACE without a known letter, a `u:` or `g:` key without a name, an
/// `o:` key other than the three.
std::string format_entry(const GrantKey& key, const Ace& ace);

/// Letters of the built-in roles (viewer, editor, uploader, secure-viewer, file-editor, manager, denied …), as OpenCloud
/// defines them, and "administrator", every letter; nothing for another name. "denied" and "no-access" are "". A name may
/// also be written as OpenCloud writes it ("SecureViewer").
std::optional<std::string> builtin_role(std::string_view name);
/// Names of the built-in roles.
std::vector<std::string_view> builtin_roles();

}  // namespace acefs::acl
