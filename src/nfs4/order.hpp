// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "nfs4/entry.hpp"
#include "nfs4/facts.hpp"
#include "nfs4/names.hpp"

namespace acefs::nfs4 {

/// Whether the order of the list gives somebody what acefs would not, or takes it. NFSv4 has the first match decide, in acefs
/// a denial wins wherever it stands, and the mode counts last.
///
/// An allow before a denial that share a bit conflict when one identity can be named by both: the same principal, a group and
/// anybody (he may be its member), a special who and anybody, two users as far as Names says so. Not when a denial before the allow
/// has decided the bit for all of them, when the ACEs count on different nodes, or when it is about what an owner always has.
/// A denial that says the mode must not stand before an allow for somebody that it can meet either.
///
/// EOPNOTSUPP, with the positions of both, since a list in the order that acefs enforces would be another list.
///
/// `pairs`: how many pairs may be compared before a list is refused because it would take too long; counted down. Lists with denials first
/// have none.
std::optional<Refusal> misplaced(const Entries& entries, const Facts& facts, const Names& names, std::size_t& pairs);

}  // namespace acefs::nfs4
