// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "common/io.hpp"

namespace acefs::tool::acectl {

inline constexpr std::array<std::pair<Exit, std::string_view>, 5> kExits = {{
    {Exit::Ok, "Granted; or every line was answered; or the job was done, and nothing is wrong."},
    {Exit::Failed, "Refused; or some line was bad; or verify found something wrong, or a job failed on some file."},
    {Exit::Usage, "The command line is wrong, or a file that it names."},
    {Exit::Unknown, "It could not be told: something that matters could not be read."},
    {Exit::Interrupted, "A job was interrupted, and can be taken up where it ended."},
}};

/// Explains decisions and converts what is stored; acectl(1). `args` without the program's name.
int run(std::vector<std::string> args, Io& io);

}  // namespace acefs::tool::acectl
