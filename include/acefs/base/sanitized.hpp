// SPDX-License-Identifier: MIT
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ACEFS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ACEFS_SANITIZED true
#endif
#endif
#ifndef ACEFS_SANITIZED
#define ACEFS_SANITIZED false
#endif

namespace acefs {

/// Whether this was built with a sanitizer, which has memory, descriptors and system calls of its own.
inline constexpr bool kSanitized = ACEFS_SANITIZED;

}  // namespace acefs
