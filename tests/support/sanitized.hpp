// SPDX-License-Identifier: MIT
#pragma once

#include "acefs/base/sanitized.hpp"

namespace acefs::test {

/// Whether memory can be measured: what a sanitizer needs for itself is not ours.
inline constexpr bool kMeasures = !kSanitized;

}  // namespace acefs::test
