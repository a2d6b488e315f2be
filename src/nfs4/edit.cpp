// SPDX-License-Identifier: MIT
#include "nfs4/edit.hpp"

#include "acefs/acl/granted_role.hpp"
#include "acefs/acl/perm.hpp"
#include "nfs4/flags.hpp"
#include "nfs4/letters.hpp"

namespace acefs::nfs4 {
namespace {

using acl::AccessMask;

/// Characters of `text` that acefs does not know; they are kept.
template <typename Known>
std::string unknown_in(const std::string& text, Known&& known) {
  std::string rest = text;
  std::erase_if(rest, known);
  return rest;
}

bool is_known_flag(char flag) { return std::string_view("gfdniSF").find(flag) != std::string_view::npos; }

std::string flags_for(const std::string& before, const acl::GrantKey& key, std::uint32_t flags, bool is_directory) {
  const bool counts_accesses = key.kind == acl::KeyKind::Audit || key.kind == acl::KeyKind::Alarm;
  const std::uint32_t relevant = counts_accesses ? kInheritFlags | kOnSuccess | kOnFailure : kInheritFlags;
  if (((flags_of_stored(before, is_directory) ^ flags) & relevant) == 0) return before;
  const std::uint32_t group = key.principal.starts_with("g:") ? kGroup : 0;
  return stored_of_flags((flags & relevant) | group, is_directory) + unknown_in(before, is_known_flag);
}

AccessMask letters_for(AccessMask before, const Wanted& wanted, bool is_directory) {
  if (wanted.full_denial) return AccessMask::all();
  // What was a denial of everything has no letters of its own to keep.
  if (before == AccessMask::all() && wanted.key.kind == acl::KeyKind::Deny) before = {};
  return letters_of_bits(wanted.part.mask) | (before - letters_of_bits(all_bits(is_directory)));
}

}  // namespace

std::optional<acl::Ace> edited(const std::optional<acl::Ace>& before, const Wanted& wanted, bool is_directory) {
  acl::Ace ace;
  ace.principal = wanted.key.principal;
  if (before) ace = *before;
  const bool plain_denial = wanted.full_denial && wanted.key.kind == acl::KeyKind::Plain;
  if (!before) {
    ace.type = plain_denial ? 'D' : static_cast<char>(wanted.key.kind);
    // Not those of "no flags", which on a directory count below it too.
    const bool group = wanted.key.principal.starts_with("g:");
    ace.flags = stored_of_flags((wanted.part.flags & ~kGroup) | (group ? kGroup : 0), is_directory);
  } else {
    ace.flags = flags_for(ace.flags, wanted.key, wanted.part.flags, is_directory);
  }
  if (plain_denial) return ace;
  const AccessMask old = acl::mask_of(ace.permissions);
  const AccessMask letters = letters_for(old, wanted, is_directory);
  if (letters.empty()) return std::nullopt;
  if (letters != old) {
    acl::remember_role(ace, {});
    ace.permissions = acl::stored_letters_of(letters) +
                      unknown_in(ace.permissions, [](char letter) { return acl::perm_of(letter).has_value(); });
  }
  return ace;
}

}  // namespace acefs::nfs4
