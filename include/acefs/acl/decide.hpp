// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "acefs/acl/acl.hpp"

namespace acefs::acl {

/// Who is asking, resolved: the numbers for the mode's sake, the principals for the ACEs' sake.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;            ///< sorted, with `gid`; only `gid` while `groups_known` is false
  bool groups_failed = false;           ///< they could not be found out: grants to groups do not count, denials to any group do
  bool groups_known = true;             ///< false: no decision that depends on groups may be made yet
  bool names_known = true;              ///< false: `principals` is empty; no decision that depends on names may be made yet
  bool refused = false;                 ///< disabled or expired in acefs.toml: every request is EACCES
  std::vector<PrincipalId> principals;  ///< sorted, unique; `u:` and `g:` ones only
  /// Of a token: the user whose it is, with names and groups known. What the token has is what its own ACEs and the modes give it,
  /// as far as he has it too; and it owns what he owns, and nothing else.
  std::shared_ptr<const Identity> user;
  bool makes_for_user = false;          ///< of a token: new nodes belong to `user`

  bool in_group(gid_t group) const;
  bool is(PrincipalId principal) const;
  /// Whether a node of `owner` is this identity's: for a token, its user's.
  bool owns(uid_t owner) const { return (user ? user->uid : uid) == owner; }
};

/// Letters given and letters taken.
struct GivenTaken {
  AccessMask allow;
  AccessMask deny;

  GivenTaken& operator|=(const GivenTaken& other) {
    allow |= other.allow;
    deny |= other.deny;
    return *this;
  }
};

/// Letters by whom they are for. OWNER@ and GROUP@ stay apart because they mean the owner and group of the node that is
/// evaluated, not of the one that carries the ACE.
struct Share {
  GivenTaken caller;  ///< by name, by group, and EVERYONE@
  GivenTaken owner;
  GivenTaken group;

  Share& operator|=(const Share& other) {
    caller |= other.caller;
    owner |= other.owner;
    group |= other.group;
    return *this;
  }
};

/// What the ACEs of one segment give one identity, by where it counts. May be kept and handed to `decide` in Segment::known
/// while the Acl and the identity are the same and now <= next_expiry (or that is 0).
struct Contribution {
  std::array<Share, 5> at;    ///< in the order of Scope's bits
  TimePoint next_expiry = 0;  ///< earliest expiry among the ACEs counted, 0: none expires
};
Contribution contribution_of(const Acl& acl, const Identity& who, TimePoint now);

/// What the decision needs to know of one path segment's node.
struct Segment {
  const Acl* acl = nullptr;  ///< nullptr: none
  bool is_directory = false;
  mode_t mode = 0;  ///< permission bits; the type bits are ignored
  uid_t uid = 0;
  gid_t gid = 0;
  const Contribution* known = nullptr;  ///< contribution_of(*acl, who, now), when the caller kept it; nullptr: computed
};

/// The rules as data, so that another profile is another table and not another evaluator.
struct Profile {
  bool mode_gives_base = true;     ///< `base=mode`; false is `base=none`
  bool traverse_is_strict = true;  ///< every ancestor must give x; false is `traverse=bypass`
  bool root_has_all = true;        ///< false is `root_squash`
  AccessMask owner_always = Perm::ReadAttributes | Perm::WriteAttributes | Perm::ReadAcl | Perm::AddAce |
                            AccessMask(Perm::ChangeAce) | AccessMask(Perm::WriteDeny);
  AccessMask everyone_always = Perm::ReadAttributes;  ///< only with mode_gives_base
  AccessMask file_read = Perm::ReadData | Perm::ReadAttributes | Perm::ReadNamed | AccessMask(Perm::ReadAcl);
  AccessMask file_write = Perm::WriteData | Perm::AppendData | AccessMask(Perm::WriteNamed);
  AccessMask file_execute = Perm::Execute;
  AccessMask directory_read = file_read;
  AccessMask directory_write =
      Perm::WriteData | Perm::AppendData | Perm::DeleteChild | AccessMask(Perm::WriteNamed);
  AccessMask directory_execute = Perm::Execute;
};

struct Question {
  AccessMask need;
  TimePoint now = 0;
  /// Instead of what the mode gives on the last segment: what a handle was opened with (a change of mode never revokes a
  /// handle, a change of ACE does).
  std::optional<AccessMask> base;
  /// The same for the user of a token (Decision::user_base).
  AccessMask user_base{};
};

enum class ReasonKind : std::uint8_t {
  Granted,        ///< by mode, owner's part or ACEs
  GrantedToRoot,  ///< uid 0
  DeniedByAce,    ///< `segment` and `grant` say which
  NotGranted,     ///< nothing gives `letters`
  NoTraverse,     ///< ancestor `segment` does not give x; `grant` says which ACE took it, if one did
  NotExecutable,  ///< the file's mode has no x bit at all
  Refused,        ///< the identity is disabled or expired
};

/// The word for it in records and explanations: "denied_by_ace".
const char* name_of(ReasonKind kind);

struct Reason {
  ReasonKind kind = ReasonKind::NotGranted;
  std::size_t segment = 0;                  ///< index into the chain
  std::optional<std::uint32_t> grant;       ///< index into Acl::grants() of `grant_segment`
  AccessMask letters;                       ///< what was needed and is not there
  std::size_t grant_segment = 0;            ///< where `grant` is stored: `segment` or, for NoTraverse, maybe above it
  bool of_user = false;                     ///< it is the user of the token who may not
};

struct Decision {
  bool granted = false;
  AccessMask effective;    ///< rule 4, whatever rule 5 (traverse) then says
  AccessMask denied;       ///< letters that a denial takes on the last segment, owner's part not given back
  AccessMask base;         ///< what mode and owner gave on the last segment, before ACEs
  AccessMask user_base;    ///< the same for the user of a token
  TimePoint next_expiry = 0;  ///< first instant after which the answer may differ, 0: never
  Reason reason;
};

/// Effective permissions of `who` on the last segment of `chain` (root first, never empty), and whether they suffice.
///
/// Allow ACEs add up along the chain; a matching denial anywhere on it takes its letters away, whatever the order; the
/// owner's part comes back last. Every ancestor must give x under the same rules (unless the profile says otherwise).
/// A token is decided for twice, as itself and as its user: it has what both have, and is refused what either is refused.
/// Pure: no system call, no clock, no log; cannot fail. `who` must have its groups and names known if
/// `depends_on_groups` / `depends_on_names` say that they matter.
Decision decide(std::span<const Segment> chain, const Identity& who, const Question& question, const Profile& profile);

/// What the ACEs on the way down a chain of directories come to for one identity: all that has to be known of the chain to decide
/// about what is below it. May be kept while the segments and the identity are the same and now <= next_expiry (or that is 0).
struct Descended {
  Share child_file;           ///< on files directly below the last segment
  Share child_directory;
  Share deep_file;            ///< further below
  Share deep_directory;
  bool any = false;           ///< some segment had ACEs
  bool blocked = false;       ///< some segment does not give x, if traversing needs that
  TimePoint next_expiry = 0;  ///< earliest expiry among the ACEs met, 0: none

  const Share& below(std::size_t distance, bool is_directory) const {
    if (distance == 1) return is_directory ? child_directory : child_file;
    return is_directory ? deep_directory : deep_file;
  }
};

/// Takes `above` one directory further down.
void descend(Descended& above, const Segment& directory, const Identity& who, TimePoint now, const Profile& profile);

/// decide() on the chain that `above` came down, with `last` at its end. The reason's kind is told, not which segment or ACE it
/// was: whoever wants to know asks decide(). Tokens are refused everything here: two came down the chain, not one; ask decide().
Decision decide_below(const Descended& above, const Segment& last, const Identity& who, const Question& question, const Profile& profile);

/// Whether the answer can depend on the caller's supplementary groups: a `g:` or GROUP@ ACE on the chain, or a node on it
/// whose group and other mode bits differ, which `who` does not own and whose group is not his gid.
bool depends_on_groups(std::span<const Segment> chain, const Identity& who, const Profile& profile);
/// Whether the answer can depend on what the caller is called: a `u:` or `g:` ACE on the chain.
bool depends_on_names(std::span<const Segment> chain, const Identity& who, const Profile& profile);

/// Letters that the ACEs of `chain`, which ends in a directory, give `who` on whatever is below it. A mode counts for its own node
/// only, so who may do something on the directory by its mode may not therefore hand it out for what is below.
AccessMask held_below(std::span<const Segment> chain, const Identity& who, TimePoint now, const Profile& profile);

/// What moving the last segment of `from` below the directory that ends `to_parent` would give `who`: letters on the node, or
/// on anything that may be below it, that he does not have now. Empty: nothing widens. (rename, link: EXDEV otherwise.)
AccessMask widened(std::span<const Segment> from, std::span<const Segment> to_parent, const Identity& who, TimePoint now,
                   const Profile& profile);

}  // namespace acefs::acl
