// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>

namespace acefs::tool::acectl {

/// While this exists SIGINT and SIGTERM ask a job to end after the node that it is at. Of one thread.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  bool asked() const;

 private:
  struct sigaction on_int_ {};
  struct sigaction on_term_ {};
};

}  // namespace acefs::tool::acectl
