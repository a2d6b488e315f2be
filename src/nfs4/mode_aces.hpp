// SPDX-License-Identifier: MIT
#pragma once

#include "nfs4/ace.hpp"
#include "nfs4/facts.hpp"

namespace acefs::nfs4 {

/// Whose part of the mode.
enum class ModeClass : std::uint8_t { Owner, Group, Other };

/// Bits that everyone of that class has whatever mode and ACEs say: t where the mode counts; the owner also T c C. The owner's `o`
/// is not among them: in acefs it is the right to change ACEs, which he has; in NFSv4 it is the right to give the file away.
std::uint32_t always_given(ModeClass who, const Facts& facts);
/// Bits that no denial takes from the owner of the node, `o` included.
std::uint32_t kept_by_owner(const Facts& facts);
/// Bits of a class of the mode (`rwx` is 0 to 7); y, which nothing checks, is not among them.
std::uint32_t given_by_mode(mode_t rwx, const Facts& facts);

/// The ACEs that say `facts.mode`. The classes of a mode exclude one another while ACEs add up, so a mode that gives a class less
/// than the next takes denials: 0464 begins with one for OWNER@. As servers do, y comes with r and w.
///
/// They belong behind all other ACEs, since in acefs an allow ACE adds to the mode.
AceList aces_of_mode(const Facts& facts);

}  // namespace acefs::nfs4
