// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace acefs::tool {

using Args = std::vector<std::string>;

/// What the exit codes of a tool mean, for its --help and its page.
using ExitSentences = std::span<const std::pair<Exit, std::string_view>>;

/// Parses the options into what was bound to them. An exit code: there is nothing left to do (help or version was shown, or the
/// command line is wrong, which was said on standard error).
std::optional<Exit> parse_command_line(CLI::App& app, Args args, Io& io);

/// --help, --version and the exit codes; every tool has them.
void add_common_options(CLI::App& app, ExitSentences exits);

/// An option that may be given again, one value each time, taken as it is.
CLI::Option* add_repeated(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                          const std::string& help);
/// The files that a tool works on, taken as they are named.
CLI::Option* add_paths(CLI::App& app, std::vector<std::string>& paths, const std::string& help);

}  // namespace acefs::tool
