// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "common/io.hpp"

namespace acefs::tool::acectl {

inline constexpr std::array<std::pair<Exit, std::string_view>, 5> kExits = {{
    {Exit::Ok, "Granted; or answered; or the ACLs do not differ; or what was asked for was done, and nothing is wrong."},
    {Exit::Failed,
     "Refused; or some line was bad; or the ACLs differ; or verify found something wrong, or something of what was asked for could not be done."},
    {Exit::Usage, "The command line is wrong, or a file that it names."},
    {Exit::Unknown, "It could not be told: something that matters could not be read."},
    {Exit::Interrupted, "A job was interrupted, and can be taken up where it ended."},
}};

/// Answers questions about a tree and its mount, and converts what is stored; acectl(1). `args` without the program's name.
int run(std::vector<std::string> args, Io& io);

}  // namespace acefs::tool::acectl
