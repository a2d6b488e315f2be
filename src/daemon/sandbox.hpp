// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "daemon/reach.hpp"

namespace acefs::daemon {

/// What a daemon that serves other people's files can do without, it gives up: whoever finds a fault in it finds himself in a process
/// that cannot start programs, look at others, load modules, change mounts or open other files.
class Sandbox {
 public:
  explicit Sandbox(bool wanted = true, bool io_uring = false) : wanted_(wanted), io_uring_(io_uring) {}

  std::string capabilities;  ///< "dropped", or why not
  std::string privileges;    ///< no_new_privs: "none new", or why not
  std::string system_calls;  ///< "filtered", or why not
  std::string files;         ///< "confined", or why not

  /// Whether anything is given up in this process: it is wanted, and root's. What it cannot do then others must: Errand.
  bool applies() const;

  /// Before there are other threads, and before anything is mounted: keeps the capabilities that serving needs.
  void give_up_capabilities();
  /// Before anything is mounted: which files will be left.
  void prepare(const Reach& reach);
  /// Once everything is set up: no other files, no new privileges and no other system calls, for all threads.
  void confine();

 private:
  const char* why_not() const;

  const bool wanted_;
  const bool io_uring_;
  UniqueFd rules_;
  int no_rules_ = 0;
};

}  // namespace acefs::daemon
