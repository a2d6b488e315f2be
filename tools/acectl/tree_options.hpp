// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "acefs/acl/decide.hpp"
#include "acefs/backing/grants.hpp"
#include "command.hpp"
#include "common/node.hpp"
#include "common/settings.hpp"
#include "common/tree.hpp"

namespace acefs::tool::acectl {

/// What every question about a tree must know: where it begins, who is who, and by which rules its mount decides.
struct TreeOptions {
  std::optional<std::string> root;
  std::string prefix{backing::kDefaultPrefix};
  std::string config;    ///< empty: the mount's, else the default file
  std::string base;      ///< empty: as the mount says, else mode
  std::string traverse;  ///< empty: as the mount says, else strict
  bool root_squash = false;
};

/// Adds --root, --prefix, --config, --base, --traverse and --root-squash.
void add_tree_options(CLI::App& command, TreeOptions& options);
/// Adds --prefix only: for what asks nothing about users.
void add_prefix_option(CLI::App& command, std::string& prefix);

/// Why a question cannot be answered.
struct CannotTell {
  std::string about;
  std::string message;
  Exit exit = Exit::Unknown;
};
/// Says it, and how the command then ends.
Exit complain(const CannotTell& why, Complaints& complaints);

/// Who is who by `config`; if that is empty, by the file that the mount at `path` uses; else by the default one.
Result<Settings, CannotTell> settings_at(const std::string& config, const std::string& path);

/// A node that a command line names, and the tree that it is in.
struct Named {
  Node node;
  std::shared_ptr<Tree> tree;
};
/// A symbolic link with a slash behind it is followed whatever `symlinks` says, as everywhere.
Result<Named, CannotTell> open_named(const std::string& path, Trees& trees, Symlinks symlinks);

/// By what a question is decided.
struct Rules {
  Settings settings;
  acl::Profile profile;
};
/// The rules where `named` is: what was said, else what the mount that it is on says, else, on a backing directory, the defaults of acefs(8). A
/// mount that does not say what was not said either is none that can be answered for.
Result<Rules, CannotTell> rules_for(const TreeOptions& options, const Named& named, Complaints& complaints);

/// The first of these letters that is no permission.
std::optional<char> unknown_letter(const std::string& letters);

}  // namespace acefs::tool::acectl
