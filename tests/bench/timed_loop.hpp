// SPDX-License-Identifier: MIT
#pragma once

#include "operations.hpp"

namespace acefs::bench {

struct Rate {
  double per_second = 0;
  int error = 0;  ///< errno of a worker that could not go on; the rate then means nothing
};

/// Repeats one operation in as many threads as the layout has, for `seconds` after a quarter of that to warm up.
Rate measure(const Operation& operation, const Layout& layout, double seconds);

}  // namespace acefs::bench
