// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <span>

#include "nfs4/serve.hpp"

namespace acefs::nfs4 {

// acefs copies no ACE: one on a directory counts below as long as it is there. Programs that decide by the ACL of a node alone, as Samba
// does, would not know. In Form::Dacl, which has a mark for inherited ACEs, they are shown what counts on a node from above.

/// As serve() in Form::Dacl, and with the mark kInherited what the ACEs of the directories above give and take on the node; all denials
/// first, the mode's ACEs last. `above`: root first, the parent last; empty for the root.
Outcome<AceList> serve_with_inherited(const acl::Acl& stored, std::span<const acl::Segment> above, const Facts& facts, acl::TimePoint now,
                                      const Names& names);

/// What of `written` is the node's own. Marked allows are not: what is given from above follows from what is stored there. Nor are marked
/// denials that `served` has too; others stay as the node's own, so that nothing is given that the list takes.
/// `is_owner`: whether an ACE is for the owner of the node, for whom Samba writes OWNER@.
AceList own_part(const AceList& written, const AceList& served, const std::function<bool(const Ace&)>& is_owner);

}  // namespace acefs::nfs4
