// SPDX-License-Identifier: MIT
#pragma once

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 314
#endif
#include <fuse3/fuse_lowlevel.h>

namespace acefs::fuse {

// What the libfuse that this was built with can do. Debian 12 ships 3.14, Debian 13 ships 3.17.
inline constexpr bool kCanPassThrough = FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17);
inline constexpr bool kCanUseIoUring = FUSE_VERSION >= FUSE_MAKE_VERSION(3, 18);

}  // namespace acefs::fuse
