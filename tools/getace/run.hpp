// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "common/io.hpp"

namespace acefs::tool::getace {

inline constexpr std::array<std::pair<Exit, std::string_view>, 3> kExits = {{
    {Exit::Ok, "Everything that was asked for was printed."},
    {Exit::Failed, "Some file could not be read; the others were printed."},
    {Exit::Usage, "The command line is wrong."},
}};

/// Prints the ACEs of files and directories; getace(1). `args` without the program's name.
int run(std::vector<std::string> args, Io& io);

}  // namespace acefs::tool::getace
