// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "common/io.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace acefs::tool::acectl {

/// A subcommand: what stands for it on the command line, and what is done when it was chosen.
struct Command {
  CLI::App* app = nullptr;
  std::function<Exit(Io&)> run;
};

// Each adds its subcommand to the command line; in files of their names.
Command add_explain(CLI::App& app);
Command add_who(CLI::App& app);
Command add_reach(CLI::App& app);
Command add_diff(CLI::App& app);
Command add_status(CLI::App& app);
Command add_completion(CLI::App& app);

}  // namespace acefs::tool::acectl
