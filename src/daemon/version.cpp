// SPDX-License-Identifier: MIT
#include "daemon/version.hpp"

#include <fstream>

#include "audit/log_target.hpp"
#include "fuse/libfuse.hpp"

namespace acefs::daemon {

std::string built_with_libfuse() { return std::to_string(FUSE_MAJOR_VERSION) + "." + std::to_string(FUSE_MINOR_VERSION); }

bool can_use_io_uring() {
  std::ifstream parameter("/sys/module/fuse/parameters/enable_uring");
  char enabled = 'N';
  return fuse::kCanUseIoUring && parameter >> enabled && enabled == 'Y';
}

std::string version_text() {
  const auto either = [](bool has, const std::string& needs) { return has ? std::string("yes") : "no, needs libfuse " + needs; };
  return std::string("acefs ") + ACEFS_VERSION + "\nlibfuse " + fuse_pkgversion() + ", built with " + built_with_libfuse() +
         "\ncoherence: fanotify, statx, exclusive\ndata=passthrough: " + either(fuse::kCanPassThrough, "3.17") +
         "\ndata=direct: yes, from Linux 6.6 on" +
         "\nio_uring: " + (fuse::kCanUseIoUring && !can_use_io_uring() ? "no, fuse.enable_uring is off" : either(fuse::kCanUseIoUring, "3.18")) +
         "\naudit_to=journal: " + (audit::can_write_to_journal() ? "yes" : "no, built without libsystemd") + "\n";
}

}  // namespace acefs::daemon
