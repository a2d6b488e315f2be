// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/io.hpp"
#include "section_kind.hpp"

namespace CLI {
class App;
}

namespace acefs::tool::acectl {

/// What a subcommand of `acectl user`, `group`, `token` or `role` was given.
struct SectionOptions {
  std::string config;
  std::string name;
  bool json = false;
  std::map<std::string, std::vector<std::string>> values;  ///< by key, from options that set it
  std::map<std::string, std::vector<std::string>> add;     ///< by key of a list
  std::map<std::string, std::vector<std::string>> drop;
  std::vector<std::string> unset;                          ///< keys
};

/// `acectl user|group|token|role list|show|add|set|del`: the sections of acefs.toml.
class SectionCommands {
 public:
  void add_to(CLI::App& app);
  /// Nothing: it was none of these.
  std::optional<Exit> run(Io& io);
  /// The command of a kind, for what else it has.
  CLI::App& of(std::string_view kind) { return *commands_.at(std::string(kind)); }

 private:
  std::map<std::string, CLI::App*> commands_;
  SectionOptions options_;
};

/// Prints all, or the one of `options.name`.
Exit list_sections(const SectionKind& kind, const SectionOptions& options, Io& io);
Exit show_section(const SectionKind& kind, const SectionOptions& options, Io& io);
/// Changes the file: `verb` is add, set or del.
Exit change_section(const SectionKind& kind, const std::string& verb, const SectionOptions& options, Io& io);

}  // namespace acefs::tool::acectl
