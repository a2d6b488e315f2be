// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace acefs::daemon {

/// What a daemon that serves other people's files can do without, it gives up: whoever finds a fault in it finds himself in a process
/// that cannot start programs, trace others, load modules or change mounts.
struct Sandbox {
  bool wanted = true;
  /// Alarms run a program: as root, with what root's programs need. They would inherit what is given up, so nothing is.
  bool runs_programs = false;
  bool io_uring = false;

  std::string capabilities;  ///< "dropped", or why not
  std::string privileges;    ///< no_new_privs: "none new", or why not
  std::string system_calls;  ///< "filtered", or why not

  /// Before there are other threads, and before anything is mounted: keeps the capabilities that serving needs.
  void give_up_capabilities();
  /// Once everything is set up: no new privileges and no other system calls, for all threads.
  void confine();
};

}  // namespace acefs::daemon
