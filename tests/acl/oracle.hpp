// SPDX-License-Identifier: MIT
#pragma once

#include <random>

#include "support/acl_builders.hpp"

namespace acefs::acl::test {

/// Rule 4 of the decision written as plainly as possible, one ACE after the other, to compare decide() with.
AccessMask plain_effective(std::span<const Segment> chain, const Identity& who, TimePoint now, const Profile& profile,
                           const PrincipalTable& principals);

/// Random grants, for few principals so that they often meet.
class RandomGrants {
 public:
  explicit RandomGrants(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
  bool coin() { return below(2) == 0; }
  std::string subset(std::string_view letters);
  std::string principal();
  Grant allow_ace();
  Grant denial();
  std::vector<Grant> some(std::size_t max);
  Posix posix();
  /// A chain of 1 to 5 segments.
  Path path(PrincipalTable& principals);

 private:
  TimePoint expiry();
  std::mt19937 engine_;
};

}  // namespace acefs::acl::test
