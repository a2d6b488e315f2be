// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "acefs/acl/acl.hpp"
#include "nfs4/facts.hpp"
#include "nfs4/names.hpp"
#include "nfs4/xdr.hpp"

namespace acefs::nfs4 {

/// What to store so that a node has the ACL that was written.
struct Change {
  std::vector<acl::Grant> set;         ///< new, or instead of what has the key now
  std::vector<acl::GrantKey> remove;
  mode_t mode = 0;                     ///< 12 bits; setuid, setgid and sticky are those of before
};

/// What a list without ACEs says.
enum class Empty {
  RemovesGrants,  ///< all grants go, the mode stays: so tools strip an ACL
  GivesNothing,   ///< what it says: also the mode gives nobody anything
};

/// The change that makes `written` the ACL of a node that has `stored`; or why acefs cannot enforce it, with an errno.
///
/// What came back as serve() shows it stays stored as it is, byte for byte. Where a principal's ACE was changed, the grant is edited: it
/// keeps what NFSv4 cannot say of it (expiry, creator, label, letters without a bit ...). What was served and is not in the
/// list goes. What was not served stays (expired; of nobody; audits and alarms in Form::Dacl), unless its key is needed: then the
/// new ACE takes nothing over from it. The empty list removes all grants, those too, and leaves the mode as it is.
///
/// ACEs of one principal and type become one grant. A denial of all bits is a full denial. ACEs for OWNER@, GROUP@ and EVERYONE@ that count
/// on the node alone become its mode where they say one, y apart, which nothing checks; otherwise they are grants, and the
/// mode has the bits that give no class more than the list does (see split.hpp).
///
/// Taken as written, without effect: D on a file, `n` without f and d. `D::EVERYONE@:C` and the like are stored, though the owner
/// keeps t T c C o: RFC 7530 lets a server do so (6.2.1.3.2), and such lists are common. Saying it of OWNER@ is refused.
///
/// EINVAL: no such user or group; f, d, n or i on a file; i without f and d (inert by the RFC, while nfsd takes it for an
/// ACE that counts: nobody can mean it); S or F on an allow or a denial. EOPNOTSUPP: an order that acefs does not enforce (see
/// order.hpp); two ACEs of a principal and type that cannot be one; OWNER@ denied what the owner keeps; another special
/// who, such as NETWORK@; a stored ACE that cannot be shown, so that nobody could have seen what this list replaces.
Outcome<Change> accept(const AceList& written, const acl::Acl& stored, const Facts& facts, acl::TimePoint now, const Names& names,
                       Form form = Form::Acl, Empty empty = Empty::RemovesGrants);

}  // namespace acefs::nfs4
