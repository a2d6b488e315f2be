// SPDX-License-Identifier: MIT
#include "oracle.hpp"

#include <set>

namespace acefs::acl::test {
namespace {

bool names(const std::string& principal, const Segment& node, const Identity& who, const PrincipalTable& principals) {
  if (principal == "o:EVERYONE@") return true;
  if (principal == "o:OWNER@") return who.uid == node.uid;
  if (principal == "o:GROUP@") {
    return who.gid == node.gid || std::find(who.groups.begin(), who.groups.end(), node.gid) != who.groups.end();
  }
  return std::any_of(who.principals.begin(), who.principals.end(),
                     [&](PrincipalId id) { return principals.name(id) == principal; });
}

bool counts(std::string_view flags, bool on_directory, std::size_t distance, bool node_is_directory) {
  const auto has = [&](char flag) { return flags.find(flag) != std::string_view::npos; };
  if (!on_directory) return true;
  if (distance == 0) return !has('i');
  if (has('n') && (distance > 1 || (!has('f') && !has('d')))) return false;
  if (!has('f') && !has('d')) return true;
  return has(node_is_directory ? 'd' : 'f');
}

AccessMask mode_letters(const Segment& node, const Identity& who) {
  mode_t bits = node.mode & 7u;
  if (who.gid == node.gid || std::find(who.groups.begin(), who.groups.end(), node.gid) != who.groups.end()) {
    bits = (node.mode >> 3) & 7u;
  }
  if (who.uid == node.uid) bits = (node.mode >> 6) & 7u;
  AccessMask letters = mask_of("t");
  if (bits & 4u) letters |= mask_of("rtnc");
  if (bits & 2u) letters |= mask_of(node.is_directory ? "waDN" : "waN");
  if (bits & 1u) letters |= mask_of("x");
  return letters;
}

struct Sum {
  AccessMask allow, deny;

  void add(const Grant& grant) {
    if (!grant.ace) {
      deny = AccessMask::all();
    } else if (grant.key.kind == KeyKind::Deny) {
      deny |= mask_of(grant.ace->permissions);
    } else if (grant.key.kind == KeyKind::Plain) {
      const AccessMask letters = mask_of(grant.ace->permissions);
      if (grant.ace->type != "A" || letters.empty()) deny = AccessMask::all();
      allow |= letters;
      if (letters.has(Perm::ReadData)) allow |= Perm::ReadAttributes;
    }
  }
};

}  // namespace

AccessMask plain_effective(std::span<const Segment> chain, const Identity& who, TimePoint now, const Profile& profile,
                           const PrincipalTable& principals) {
  const Segment& node = chain.back();
  Sum sum;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (const Grant& grant : chain[i].acl->grants()) {
      if (!names(grant.key.principal, node, who, principals)) continue;
      if (grant.ace && grant.ace->expires != 0 && now > grant.ace->expires) continue;
      if (grant.ace && !counts(grant.ace->flags, chain[i].is_directory, chain.size() - 1 - i, node.is_directory)) continue;
      sum.add(grant);
    }
  }
  AccessMask letters = profile.mode_gives_base ? mode_letters(node, who) : AccessMask();
  letters = (letters | sum.allow) - sum.deny;
  if (who.uid == node.uid) letters |= mask_of("tTcCoO");
  if (!node.is_directory && (node.mode & 0111u) == 0) letters -= Perm::Execute;
  return letters;
}

std::string RandomGrants::subset(std::string_view letters) {
  std::string chosen;
  for (char letter : letters) {
    if (coin()) chosen += letter;
  }
  return chosen;
}

std::string RandomGrants::principal() {
  constexpr std::string_view kPrincipals[] = {"u:alice", "u:bob", "g:staff", "g:guests", "o:OWNER@", "o:GROUP@", "o:EVERYONE@"};
  return std::string(kPrincipals[below(std::size(kPrincipals))]);
}

TimePoint RandomGrants::expiry() { return below(4) == 0 ? static_cast<TimePoint>(below(2000)) : 0; }

Grant RandomGrants::allow_ace() {
  std::string letters = subset("rwaxdDtC");
  return allow_who(principal(), letters.empty() ? "r" : letters, subset("fdni"), expiry());
}

Grant RandomGrants::denial() {
  switch (below(8)) {
    case 0: return shut_out_who(principal(), subset("fdni"), expiry());
    case 1: return malformed(principal());
    default: return deny_who(principal(), subset("rwaxdDtC"), subset("fdni"), expiry());
  }
}

std::vector<Grant> RandomGrants::some(std::size_t max) {
  std::vector<Grant> grants;
  std::set<GrantKey> taken;
  for (std::size_t n = below(max + 1); n > 0; --n) {
    Grant grant = below(4) == 0 ? denial() : allow_ace();
    if (taken.insert(grant.key).second) grants.push_back(std::move(grant));
  }
  return grants;
}

Posix RandomGrants::posix() {
  constexpr uid_t kOwners[] = {kAlice, kBob, kSomebody};
  constexpr gid_t kNodeGroups[] = {kStaff, kGuests, kSomeGroup};
  return {static_cast<mode_t>(below(01000)), kOwners[below(3)], kNodeGroups[below(3)]};
}

Path RandomGrants::path(PrincipalTable& principals) {
  Path p(principals);
  p.dir(posix(), some(4));
  for (std::size_t n = below(4); n > 0; --n) p.dir(posix(), some(4));
  if (coin()) p.file(posix(), some(4));
  return p;
}

}  // namespace acefs::acl::test
