// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "common/io.hpp"

namespace acefs::tool::acectl {

inline constexpr std::array<std::pair<Exit, std::string_view>, 4> kExits = {{
    {Exit::Ok, "Granted; or every line was answered."},
    {Exit::Failed, "Refused; or some line was bad."},
    {Exit::Usage, "The command line is wrong."},
    {Exit::Unknown, "It could not be told: something that matters could not be read."},
}};

/// Explains decisions and converts what is stored; acectl(1). `args` without the program's name.
int run(std::vector<std::string> args, Io& io);

}  // namespace acefs::tool::acectl
