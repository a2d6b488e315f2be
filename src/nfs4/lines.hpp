// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "acefs/acl/acl.hpp"
#include "nfs4/entry.hpp"
#include "nfs4/facts.hpp"
#include "nfs4/names.hpp"
#include "nfs4/xdr.hpp"

namespace acefs::nfs4 {

/// An ACE as served, and where it comes from.
struct Line {
  Ace ace;
  std::string principal;
  std::uint8_t scopes = 0;
  std::optional<std::size_t> grant;  ///< index into Acl::grants(); nothing: it says the mode
};

/// Everything that a full denial takes from `principal`: all bits, but for OWNER@ those that the owner keeps.
std::uint32_t full_denial_of(std::string_view principal, const Facts& facts);

/// The stored ACEs as served, denials first, then the mode's. See serve().
Outcome<std::vector<Line>> lines_of(const acl::Acl& stored, const Facts& facts, acl::TimePoint now, const Names& names, Form form);

/// True when an allow ACE for the same who gives at least what `of_mode` does, so that the latter need not be served.
bool makes_needless(const Ace& allow, std::uint8_t scopes, const Ace& of_mode);

}  // namespace acefs::nfs4
