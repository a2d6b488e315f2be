// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>

namespace acefs::acl::test {

/// How often a property is tried: `usual` times, so that the unit tests stay fast, or that times the number in the
/// environment variable ACEFS_TEST_ROUNDS for a thorough run.
inline int rounds(int usual) {
  const char* factor = std::getenv("ACEFS_TEST_ROUNDS");
  return factor == nullptr ? usual : usual * std::atoi(factor);
}

}  // namespace acefs::acl::test
