// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "nfs4/entry.hpp"
#include "nfs4/facts.hpp"
#include "nfs4/lines.hpp"

namespace acefs::nfs4 {

/// A way to read a list: which of its ACEs for OWNER@, GROUP@ and EVERYONE@ say the mode (marked in `entries`), and which mode that
/// is. The others for these three are grants of their own.
struct Split {
  Entries entries;
  mode_t mode = 0;
};

/// The ways to read `written`, best first, never none. Only ACEs that count on the node itself alone may say the mode, and only
/// if the mode's ACEs (aces_of_mode) are these and, at most, some that add nothing to them. The fewer grants the better, since
/// chmod does not reach grants; but what is stored as a grant and came back as it was served stays one.
///
/// In the last way no ACE says the mode: all are grants, and the mode gives each class what the list gives it anyway, so that it
/// shows in stat(2) and a file is executable. Without any ACE for the three that is 000: NFSv4 denies what it does not mention.
std::vector<Split> ways_to_read(const Entries& written, const std::vector<Line>& served, const Facts& facts);

}  // namespace acefs::nfs4
