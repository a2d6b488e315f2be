// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace acefs::daemon {

/// "3.14": the libfuse whose headers this was built with.
std::string built_with_libfuse();

/// What --version prints: this program, libfuse, and what the two can do here.
std::string version_text();

/// Whether this libfuse and this kernel exchange requests by io_uring when asked to.
bool can_use_io_uring();

}  // namespace acefs::daemon
