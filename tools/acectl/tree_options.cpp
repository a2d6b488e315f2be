// SPDX-License-Identifier: MIT
#include "tree_options.hpp"

#include <fcntl.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "acefs/acl/perm.hpp"
#include "mount_says.hpp"

namespace acefs::tool::acectl {

namespace {

/// Which file says who is who: the one that was named, else the mount's, else the default one.
Result<Settings, CannotTell> settings_for(const std::string& config, const MountSays* said) {
  if (!config.empty()) {
    auto named = Settings::load(config);
    if (!named) return CannotTell{"", named.error(), Exit::Usage};
    return *std::move(named);
  }
  // A mount without a file does not know the default one.
  if (said != nullptr && said->find("config")->second.empty()) return Settings::without_config();
  auto settings = Settings::load(said != nullptr ? said->find("config")->second : "");
  if (!settings) return CannotTell{"", settings.error()};
  return *std::move(settings);
}

/// What `said` lacks of what `options` leave to it; empty: nothing.
std::string missing_in(const MountSays& said, const TreeOptions& options) {
  for (const auto& [option, key] : {std::pair{&options.config, "config"}, {&options.base, "base"}, {&options.traverse, "traverse"}})
    if (option->empty() && !said.contains(key)) return key;
  return "";
}

}  // namespace

Result<Settings, CannotTell> settings_at(const std::string& config, const std::string& path) {
  const auto node = open_node(AT_FDCWD, path, Symlinks::Follow);
  const auto said = node ? mount_says(*node) : Result<MountSays>(MountSays());
  return settings_for(config, said && said->contains("config") ? &*said : nullptr);
}

void add_prefix_option(CLI::App& command, std::string& prefix) {
  command.add_option("--prefix", prefix, "Prefix of grants on a backing directory")->type_name("NAME");
}

void add_tree_options(CLI::App& command, TreeOptions& o) {
  command.add_option("--root", o.root, "Root of the backing tree")->type_name("DIR");
  add_prefix_option(command, o.prefix);
  command.add_option("--config", o.config, "acefs.toml, for its ids, groups and users")->type_name("FILE");
  command.add_option("--base", o.base, "Whether the mode gives permissions")
      ->check(CLI::IsMember({"mode", "none"}))
      ->type_name("mode|none");
  command.add_option("--traverse", o.traverse, "Whether every directory above must give x")
      ->check(CLI::IsMember({"strict", "bypass"}))
      ->type_name("strict|bypass");
  command.add_flag("--root-squash", o.root_squash, "Root is a user like others");
}

Exit complain(const CannotTell& why, Complaints& complaints) {
  complaints.error(why.about, why.message);
  return why.exit;
}

Result<Named, CannotTell> open_named(const std::string& path, Trees& trees, Symlinks symlinks) {
  const std::string bare = without_trailing_slashes(path);
  auto node = open_node(AT_FDCWD, bare, bare == path ? symlinks : Symlinks::Follow);
  if (!node) return CannotTell{path, error_text(node.status().errno_value())};
  auto tree = trees.of(*node);
  if (!tree) return CannotTell{path, "root of the tree: " + error_text(tree.status().errno_value())};
  return Named{*std::move(node), *std::move(tree)};
}

Result<Rules, CannotTell> rules_for(const TreeOptions& options, const Named& named, Complaints& complaints) {
  MountSays said;
  if (named.tree->is_mount()) {
    auto told = mount_says(named.node);
    const std::string why = told ? "" : ": " + error_text(told.status().errno_value());
    if (told) said = *std::move(told);
    if (const std::string key = missing_in(said, options); !key.empty())
      return CannotTell{named.node.path, "the mount does not say its " + key + why + " (give --config, --base and --traverse)"};
  }
  auto settings = settings_for(options.config, named.tree->is_mount() ? &said : nullptr);
  if (!settings) return settings.error();
  settings->tell_problems(complaints);
  const auto chosen = [&said](const std::string& option, const char* name) {
    const auto found = said.find(name);
    return option.empty() && found != said.end() ? found->second : option;
  };
  acl::Profile profile;
  profile.mode_gives_base = chosen(options.base, "base") != "none";
  profile.traverse_is_strict = chosen(options.traverse, "traverse") != "bypass";
  profile.root_has_all = !options.root_squash && chosen("", "root_squash") != "yes";
  return Rules{*std::move(settings), profile};
}

std::optional<char> unknown_letter(const std::string& letters) {
  const auto found = std::find_if(letters.begin(), letters.end(), [](char letter) { return !acl::perm_of(letter); });
  return found == letters.end() ? std::nullopt : std::optional(*found);
}

}  // namespace acefs::tool::acectl
