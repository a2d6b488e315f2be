// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "nfs4/ace.hpp"

namespace acefs::nfs4 {

/// For each bit where it counts: acl::Scope in the low five bits; of audits and alarms those for success there, for failure above.
using Coverage = std::array<std::uint16_t, 21>;

/// What the ACEs come to together. All of one type and one principal.
Coverage coverage_of(std::span<const Ace> aces, bool is_directory);

/// The flags and the mask of one ACE.
struct Part {
  std::uint32_t flags = 0;
  std::uint32_t mask = 0;
};

/// The one ACE that means what all of these mean; nothing when no single one does. `aces` is not empty.
std::optional<Part> merge(std::span<const Ace> aces, bool is_directory);

/// Two ACEs that mean what `aces` mean: one of all the bits in `full`, and the rest.
struct FullAndRest {
  std::optional<Part> full;
  std::optional<Part> rest;
};
/// Nothing when no such two do.
std::optional<FullAndRest> merge_with_full(std::span<const Ace> aces, std::uint32_t full, bool is_directory);

}  // namespace acefs::nfs4
