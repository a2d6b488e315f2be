// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/command_line.hpp"
#include "common/io.hpp"
#include "common/walk.hpp"

namespace acefs::tool::setace {

/// The command line as it was typed, its combinations checked.
struct Options {
  std::vector<std::string> modify, modify_files;
  std::vector<std::string> remove, remove_files;
  std::vector<std::string> set, set_files;
  std::optional<std::string> restore;
  std::optional<std::string> expires, label, creator, root;
  std::string config;
  std::string prefix;
  WalkOptions walk;
  bool remove_all = false;
  bool test = false;
  bool traverse = false;
  bool json = false;
  std::vector<std::string> paths;
};

/// An exit code: help was shown, or the command line is wrong, which was said.
std::optional<Exit> parse_options(Args args, Io& io, Options& options);

}  // namespace acefs::tool::setace
