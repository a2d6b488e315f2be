// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace acefs::backing {

// getxattrat(2) and listxattrat(2) of Linux 6.13, which the C library does not have yet. -1 and errno; ENOSYS on older kernels. A
// symbolic link is not followed.
//
// For an inode that is not open this is a third of what O_PATH, /proc/self/fd and close cost; but by a name, so the caller must
// find out that it is still the inode's.

ssize_t get_xattr_at(int dir, const char* name, const char* attribute, char* value, std::size_t size);
ssize_t list_xattr_at(int dir, const char* name, char* list, std::size_t size);

}  // namespace acefs::backing
