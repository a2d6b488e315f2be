// SPDX-License-Identifier: MIT
#include "nfs4/mode_aces.hpp"

#include "nfs4/letters.hpp"

namespace acefs::nfs4 {
namespace {

using acl::Perm;

mode_t class_of(mode_t mode, ModeClass who) {
  switch (who) {
    case ModeClass::Owner: return mode >> 6 & 7u;
    case ModeClass::Group: return mode >> 3 & 7u;
    case ModeClass::Other: break;
  }
  return mode & 7u;
}

std::uint32_t with_synchronize(std::uint32_t bits, mode_t rwx) { return (rwx & 6u) != 0 ? bits | kSynchronize : bits; }

void add(AceList& aces, Type type, std::string_view who, std::uint32_t bits) {
  if (bits != 0) aces.push_back({type, 0, bits, std::string(who)});
}

}  // namespace

std::uint32_t always_given(ModeClass who, const Facts& facts) {
  std::uint32_t bits = facts.profile.mode_gives_base ? bits_of(facts.profile.everyone_always) : 0;
  if (who == ModeClass::Owner) bits |= bits_of(facts.profile.owner_always - Perm::ChangeAce);
  return bits;
}

std::uint32_t kept_by_owner(const Facts& facts) { return bits_of(facts.profile.owner_always); }

std::uint32_t given_by_mode(mode_t rwx, const Facts& facts) {
  const acl::Profile& p = facts.profile;
  if (!p.mode_gives_base) return 0;
  acl::AccessMask letters;
  if ((rwx & 4u) != 0) letters |= facts.is_directory ? p.directory_read : p.file_read;
  if ((rwx & 2u) != 0) letters |= facts.is_directory ? p.directory_write : p.file_write;
  if ((rwx & 1u) != 0) letters |= facts.is_directory ? p.directory_execute : p.file_execute;
  return bits_of(letters) & all_bits(facts.is_directory);
}

AceList aces_of_mode(const Facts& facts) {
  const auto rwx_of = [&](ModeClass who) { return facts.profile.mode_gives_base ? class_of(facts.mode, who) : mode_t{0}; };
  const auto bits = [&](ModeClass who) { return given_by_mode(rwx_of(who), facts) | always_given(who, facts); };
  const std::uint32_t owner = bits(ModeClass::Owner), group = bits(ModeClass::Group), other = bits(ModeClass::Other);
  AceList aces;
  add(aces, Type::Deny, kOwnerAt, (group | other) & ~owner);
  add(aces, Type::Allow, kOwnerAt, with_synchronize(owner, rwx_of(ModeClass::Owner)));
  add(aces, Type::Deny, kGroupAt, other & ~group);
  add(aces, Type::Allow, kGroupAt, with_synchronize(group, rwx_of(ModeClass::Group)));
  add(aces, Type::Allow, kEveryoneAt, with_synchronize(other, rwx_of(ModeClass::Other)));
  return aces;
}

}  // namespace acefs::nfs4
