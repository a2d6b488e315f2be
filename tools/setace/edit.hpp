// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "acefs/acl/text.hpp"
#include "acefs/backing/grants.hpp"
#include "common/listing.hpp"
#include "common/tree.hpp"

namespace acefs::tool::setace {

/// An ACE to be set.
struct NewAce {
  acl::TextEntry entry;
  acl::TimePoint expires = 0;
  std::optional<std::string> label;  ///< nothing: the label that is there stays
};

/// What the command line asks for, on every node alike. -b comes first, then -x, then -m, wherever they stand.
struct Edit {
  bool remove_all = false;
  std::vector<acl::GrantKey> remove;
  std::vector<NewAce> modify;
  std::vector<std::string> notes;  ///< on how the entries were read
};

/// Who makes the change, and when, for the grants themselves to say.
struct Stamp {
  std::string creator;          ///< empty, with no time: the daemon stamps
  std::int64_t share_time = 0;  ///< Unix seconds
  bool creator_matters = false; ///< a grant that differs in its creator only is rewritten
};

/// What an edit makes of a node's grants.
struct Outcome {
  std::vector<backing::Change> changes;  ///< empty: everything is as it was asked to be
  std::vector<std::string> notes;        ///< what whoever asked may not have meant
};

/// The ACE replaces the one of the same key. Label, password hash and unknown fields of that one stay, but for the role it was by; its creator, share time
/// and expiry do not. A grant that is already as asked for, creator and share time aside, is left alone.
Outcome edit(const GrantMap& current, const Edit& asked, const Stamp& stamp, acl::TimePoint now);

/// The changes that make a node's grants exactly those of a listing.
std::vector<backing::Change> restore(const GrantMap& current, const std::vector<ListedGrant>& listed);

/// The grants after the changes.
GrantMap after(GrantMap current, const std::vector<backing::Change>& changes);

/// Whether reva, which does not know D T n N y, would read this allow ACE as a denial.
bool is_denial_to_reva(const acl::TextEntry& entry);

/// What lets `ace`'s principal walk through an ancestor directory: x, on that directory alone (flag n).
struct TraverseAce {
  std::optional<backing::Change> change;  ///< nothing: he can already
  std::string refusal;                    ///< why it cannot be done without changing an ACE that somebody else wrote
};
TraverseAce traverse_ace(const GrantMap& current, const NewAce& ace, const Stamp& stamp, acl::TimePoint now);

}  // namespace acefs::tool::setace
