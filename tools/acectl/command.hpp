// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "common/io.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace acefs::tool::acectl {

/// A subcommand with its options, and what it does when it was chosen.
struct Command {
  CLI::App* app = nullptr;
  std::function<Exit(Io&)> run;
};

}  // namespace acefs::tool::acectl
