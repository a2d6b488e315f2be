// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

namespace acefs::audit {

/// A program that is run for each alarm, with its line on standard input. No shell, no arguments, PATH alone as environment, `/` as
/// working directory.
class AlarmCommand {
 public:
  /// Throws std::runtime_error: not an absolute path of a program.
  explicit AlarmCommand(std::string path, std::chrono::milliseconds limit = std::chrono::seconds(10));

  /// Waits for its end. False when it could not be run, failed, or was killed with its process group because it took longer than the
  /// limit.
  bool run(const std::string& line) const;

 private:
  std::string path_;
  std::chrono::milliseconds limit_;
};

}  // namespace acefs::audit
