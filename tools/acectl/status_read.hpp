// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>

#include "acefs/base/result.hpp"

namespace acefs::tool::acectl {

/// What the daemon sends to whoever connects to its socket. EACCES: it did not want to; EPERM: it is somebody else's than root's and `user`'s, and is
/// not asked; ETIMEDOUT: it took longer than five seconds altogether; EFBIG: it sent more than a MiB.
Result<std::string> read_status(const std::string& socket, uid_t user);

}  // namespace acefs::tool::acectl
