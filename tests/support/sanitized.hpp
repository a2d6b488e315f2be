// SPDX-License-Identifier: MIT
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ACEFS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ACEFS_SANITIZED 1
#endif
#endif

namespace acefs::test {

/// Whether memory can be measured: what a sanitizer needs for itself is not ours.
#ifdef ACEFS_SANITIZED
inline constexpr bool kMeasures = false;
#else
inline constexpr bool kMeasures = true;
#endif

}  // namespace acefs::test
