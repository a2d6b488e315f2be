// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "acefs/base/unique_fd.hpp"

namespace acefs::audit {

/// A Unix datagram socket that somebody listens on: one datagram an alarm.
class AlarmSocket {
 public:
  /// Throws std::runtime_error: the path is not absolute or too long for a socket's.
  explicit AlarmSocket(std::string path);

  /// False when nobody listens or the listener's queue is full; does not wait. By its path each time: a listener may come and go.
  bool send(const std::string& line);

 private:
  std::string path_;
  UniqueFd fd_;
};

}  // namespace acefs::audit
