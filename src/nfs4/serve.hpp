// SPDX-License-Identifier: MIT
#pragma once

#include "acefs/acl/acl.hpp"
#include "nfs4/facts.hpp"
#include "nfs4/names.hpp"
#include "nfs4/xdr.hpp"

namespace acefs::nfs4 {

/// The ACL of one node as NFSv4 has it: evaluated first match by first match it says what acefs enforces by this node's ACEs and
/// mode. (What ancestors give or take is not in it.)
///
/// Denials come first (users, groups, the special three), then allows, audits and alarms in the same order, and last what the
/// mode gives OWNER@, GROUP@ and EVERYONE@. Expired ACEs are not served. A malformed ACE and a full denial are a denial of all bits.
/// An ACE whose letters all have no bit is served without permissions, so that it can be seen and removed.
///
/// What it does not say: the owner keeps t T c C o whatever a denial for somebody else takes from him (a denial for
/// OWNER@ is served without these); nobody executes a file whose mode has no x bit; an ACE that gives r gives t as well, also
/// below a directory (on the node itself the mode's ACEs give t to everyone).
///
/// Fails with EOPNOTSUPP when an ACE cannot be shown: a name with a NUL byte or '@' at its end; for Form::Numbers one without a
/// number of its own.
Outcome<AceList> serve(const acl::Acl& stored, const Facts& facts, acl::TimePoint now, const Names& names, Form form = Form::Acl);

}  // namespace acefs::nfs4
