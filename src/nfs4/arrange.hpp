// SPDX-License-Identifier: MIT
#pragma once

#include "nfs4/accept.hpp"
#include "nfs4/entry.hpp"
#include "nfs4/lines.hpp"

namespace acefs::nfs4 {

/// The grants that mean `entries` (those that do not say the mode), as a change of `stored`, of which `served` was shown; the
/// mode is left at 0. EOPNOTSUPP when what a principal has does not fit under its keys.
Outcome<Change> arrange(const Entries& entries, const acl::Acl& stored, const std::vector<Line>& served, const Facts& facts);

}  // namespace acefs::nfs4
