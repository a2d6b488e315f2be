// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "nfs4/serve.hpp"

namespace acefs::nfs4 {

// acefs copies no ACE: one on a directory counts below as long as it is there. Programs that decide by the ACL of a node alone, as Samba
// does, would not know. In Form::Dacl, which has a mark for inherited ACEs, they are shown what counts on a node from above.

/// As serve() in Form::Dacl, and with the mark kInherited what the ACEs of the directories above give and take on the node; all denials
/// first, the mode's ACEs last. `above`: root first, the parent last; empty for the root.
Outcome<AceList> serve_with_inherited(const acl::Acl& stored, std::span<const acl::Segment> above, const Facts& facts, acl::TimePoint now,
                                      const Names& names);

/// What of `written` is the node's own. Marked ACEs are not: what counts from above follows from what is stored there, whoever writes it
/// down here, and be it by another name (Samba writes OWNER@ for the owner's uid).
AceList own_part(const AceList& written);

}  // namespace acefs::nfs4
