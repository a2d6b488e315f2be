// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "acefs/base/result.hpp"

namespace acefs::principal {

/// All that is in the file. Fails with open(2)'s and read(2)'s errors.
Result<std::string> read_file(const std::string& file);

}  // namespace acefs::principal
