// SPDX-License-Identifier: MIT
#pragma once

#include "audit/record.hpp"

namespace acefs::audit {

/// Where operations leave what is to be told of them.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Called by the thread that serves the operation, from any: must not block and not throw.
  virtual void take(const Record& record) noexcept = 0;
};

}  // namespace acefs::audit
