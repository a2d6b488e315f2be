// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/options.hpp"

namespace acefs::daemon {

/// Mounts, serves until unmounted or told to stop, and unmounts. Returns an exit code; throws StartError when it cannot start.
int run(const Options& options);

}  // namespace acefs::daemon
