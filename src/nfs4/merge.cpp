// SPDX-License-Identifier: MIT
#include "nfs4/merge.hpp"

#include <algorithm>

#include "nfs4/entry.hpp"
#include "nfs4/flags.hpp"

namespace acefs::nfs4 {
namespace {

constexpr unsigned kScopeBits = 5;

std::uint16_t where(const Ace& ace, bool is_directory) {
  const std::uint16_t scopes = scopes_of_flags(ace.flags, is_directory);
  if (gives_or_takes(ace)) return scopes;
  const unsigned success = (ace.flags & kOnSuccess) != 0 ? scopes : 0u;
  const unsigned failure = (ace.flags & kOnFailure) != 0 ? scopes : 0u;
  return static_cast<std::uint16_t>(success | failure << kScopeBits);
}

/// Flags by which an ACE of that type counts exactly at `places`; those of one of `aces` if possible.
std::optional<std::uint32_t> flags_for(std::uint16_t places, std::span<const Ace> aces, bool is_directory) {
  for (const Ace& ace : aces) {
    if (where(ace, is_directory) == places) return ace.flags;
  }
  Ace tried = aces.front();
  const std::uint32_t kept = tried.flags & ~(kInheritFlags | kOnSuccess | kOnFailure);
  const std::uint32_t last = gives_or_takes(tried) ? kInheritFlags : kInheritFlags | kOnSuccess | kOnFailure;
  for (std::uint32_t flags = 0; flags <= last; ++flags) {
    tried.flags = kept | flags;
    if (where(tried, is_directory) == places) return tried.flags;
  }
  return std::nullopt;
}

/// The single ACE for the bits that count anywhere; nothing when they count at different places. `found` is left alone when no
/// bit counts.
bool as_one(const Coverage& coverage, std::span<const Ace> aces, bool is_directory, std::optional<Part>& found) {
  Part part;
  std::uint16_t places = 0;
  for (std::size_t bit = 0; bit < coverage.size(); ++bit) {
    if (coverage[bit] == 0) continue;
    if (places != 0 && coverage[bit] != places) return false;
    places = coverage[bit];
    part.mask |= 1u << bit;
  }
  if (places == 0) return true;
  const auto flags = flags_for(places, aces, is_directory);
  if (!flags) return false;
  part.flags = *flags;
  found = part;
  return true;
}

}  // namespace

Coverage coverage_of(std::span<const Ace> aces, bool is_directory) {
  Coverage coverage{};
  for (const Ace& ace : aces) {
    const std::uint16_t places = where(ace, is_directory);
    for (std::size_t bit = 0; bit < coverage.size(); ++bit) {
      if ((ace.mask >> bit & 1u) != 0) coverage[bit] |= places;
    }
  }
  return coverage;
}

std::optional<Part> merge(std::span<const Ace> aces, bool is_directory) {
  Part all{aces.front().flags, 0};
  bool same_flags = true;
  for (const Ace& ace : aces) {
    all.mask |= ace.mask;
    same_flags &= ace.flags == all.flags;
  }
  // Also for those that count nowhere: they are stored as they are.
  if (same_flags) return all;
  std::optional<Part> one;
  if (!as_one(coverage_of(aces, is_directory), aces, is_directory, one)) return std::nullopt;
  return one ? one : all;
}

std::optional<FullAndRest> merge_with_full(std::span<const Ace> aces, std::uint32_t full, bool is_directory) {
  Coverage coverage = coverage_of(aces, is_directory);
  std::uint16_t everywhere = static_cast<std::uint16_t>((1u << 2 * kScopeBits) - 1);
  for (std::size_t bit = 0; bit < coverage.size(); ++bit) {
    if ((full >> bit & 1u) != 0) everywhere &= coverage[bit];
  }
  FullAndRest parts;
  if (everywhere != 0) {
    const auto flags = flags_for(everywhere, aces, is_directory);
    if (flags) {
      parts.full = Part{*flags, full};
      for (std::uint16_t& places : coverage) {
        if (places == everywhere) places = 0;
      }
    }
  }
  if (!parts.full) {
    parts.rest = merge(aces, is_directory);
    return parts.rest ? std::optional(parts) : std::nullopt;
  }
  if (!as_one(coverage, aces, is_directory, parts.rest)) return std::nullopt;
  return parts;
}

}  // namespace acefs::nfs4
