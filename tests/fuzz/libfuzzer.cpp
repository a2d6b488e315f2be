// SPDX-License-Identifier: MIT
// What libFuzzer calls: the target that this is compiled for.
#include <cstddef>
#include <cstdint>

#include "targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  acefs::fuzz::ACEFS_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
