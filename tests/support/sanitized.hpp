// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>

#include "acefs/base/sanitized.hpp"

namespace acefs::test {

/// Whether memory and descriptors can be measured: what a sanitizer needs for itself is not ours. With ACEFS_TEST_SANITIZED the daemon was
/// built with one, though this program was not.
inline bool measures() { return !kSanitized && std::getenv("ACEFS_TEST_SANITIZED") == nullptr; }

}  // namespace acefs::test
