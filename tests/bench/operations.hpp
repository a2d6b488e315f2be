// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "tree.hpp"

namespace acefs::bench {

/// What one thread needs to repeat an operation; paths are made beforehand, so that the loop does not measure it.
struct Worker {
  Worker(const Layout& layout, int thread);

  std::array<std::string, kFiles> files;
  std::array<std::string, kFiles> missing;
  std::string scratch;          ///< a name that is free between two runs
  std::string renamed_scratch;
  std::string listed;
  std::string walked;
  unsigned turn = 0;  ///< counts what was done
  int error = 0;      ///< errno of the first failure; the worker then stops

  const std::string& next_file() { return files[turn++ % kFiles]; }
  const std::string& next_missing() { return missing[turn++ % kFiles]; }
};

/// Each returns 0 or an errno.
struct Operation {
  std::string_view name;
  int batch;                        ///< how often it is done between two looks at the clock
  int (*once)(Worker&);
  int (*begin)(Worker&) = nullptr;  ///< before warming up
  int (*end)(Worker&) = nullptr;
};

std::span<const Operation> operations();
/// nullptr: there is none of that name.
const Operation* find_operation(std::string_view name);

}  // namespace acefs::bench
