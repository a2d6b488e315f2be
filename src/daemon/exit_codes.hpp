// SPDX-License-Identifier: MIT
#pragma once

namespace acefs::daemon {

/// Exit codes of acefs, as in sysexits(3); acefs(8) lists the same sentences.
enum ExitCode : int {
  kOk = 0,            ///< The filesystem was unmounted, or in background mode: is mounted.
  kUsage = 64,        ///< An option or argument is not understood.
  kNoSource = 66,     ///< The backing directory is missing, is no directory, or has no support for user attributes.
  kUnavailable = 69,  ///< The mount point cannot be mounted on, or FUSE is not available.
  kInternal = 70,     ///< The daemon failed while it was running.
  kConfig = 78,       ///< acefs.toml cannot be read.
};

}  // namespace acefs::daemon
