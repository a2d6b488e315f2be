// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "common/io.hpp"

namespace acefs::tool::setace {

inline constexpr std::array<std::pair<Exit, std::string_view>, 3> kExits = {{
    {Exit::Ok, "Everything that was asked for was done."},
    {Exit::Failed, "Something failed for some file; the others were done."},
    {Exit::Usage, "The command line, an entry or a file of entries is wrong; nothing was changed."},
}};

/// Changes the ACEs of files and directories; setace(1). `args` without the program's name.
int run(std::vector<std::string> args, Io& io);

}  // namespace acefs::tool::setace
