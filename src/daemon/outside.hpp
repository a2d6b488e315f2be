// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/errand.hpp"
#include "daemon/options.hpp"

namespace acefs::daemon {

/// What a confined daemon cannot do, done by processes that are not: unmounting, running the program for alarms, and looking at what system
/// call a caller is in. A daemon that is not confined does all of it by itself.
class Outside {
 public:
  /// Before anything is given up and before there are other threads. Throws StartError(kUsage) for a program that cannot be run.
  Outside(const Options& options, bool confined);

  /// Runs the program for a line; empty: the trail may do that by itself.
  std::function<bool(const std::string& line)> run_alarm() const;
  /// Ends the mount while it is served, such that nothing is lost: what the kernel still holds (pages of writable mappings) is written
  /// while there is somebody to write it. If it is in use, the connection is cut then: nobody waits for an answer that will not come, and
  /// libfuse sees that there is nothing left for it to unmount.
  void end_mount() const;
  /// Ends it when nobody serves it any more.
  void cut_mount() const;

 private:
  const std::string mountpoint_;
  std::unique_ptr<Errand> unmounter_;
  std::unique_ptr<Errand> callers_;
  std::shared_ptr<Errand> alarms_;
};

}  // namespace acefs::daemon
