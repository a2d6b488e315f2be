// SPDX-License-Identifier: MIT
#include "sections.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "common/command_line.hpp"

namespace acefs::tool::acectl {

namespace {

void add_fields(CLI::App& command, const SectionKind& kind, SectionOptions& o, bool changes) {
  for (const Field& field : kind.fields) {
    const std::string key(field.key), option(field.option), help(field.help);
    add_repeated(command, "--" + option, o.values[key], help)->type_name(std::string(field.value_name));
    if (!changes || field.type != FieldType::List) continue;
    add_repeated(command, "--add-" + option, o.add[key], "One more")->type_name(std::string(field.value_name));
    add_repeated(command, "--del-" + option, o.drop[key], "One less")->type_name(std::string(field.value_name));
  }
  if (changes) add_repeated(command, "--unset", o.unset, "Take a key out of the section")->type_name("KEY");
}

void add_common(CLI::App& command, SectionOptions& o) {
  command.add_option("--config", o.config, "Another file than /etc/acefs/acefs.toml")->type_name("FILE");
  command.add_flag("--json", o.json, "Answer in JSON");
}

}  // namespace

void SectionCommands::add_to(CLI::App& app) {
  for (const SectionKind& kind : section_kinds()) {
    const std::string name(kind.name);
    CLI::App& command = *app.add_subcommand(name, std::string(kind.what));
    command.require_subcommand(1);
    commands_[name] = &command;
    add_common(*command.add_subcommand("list", "Print all"), options_);
    const auto named = [&](const char* verb, const std::string& help) -> CLI::App& {
      CLI::App& sub = *command.add_subcommand(verb, help);
      sub.add_option("NAME", options_.name, "Its name")->required();
      add_common(sub, options_);
      return sub;
    };
    named("show", "Print one");
    add_fields(named("add", "Add one"), kind, options_, false);
    add_fields(named("set", "Change one"), kind, options_, true);
    named("del", "Remove one");
  }
}

std::optional<Exit> SectionCommands::run(Io& io) {
  for (const SectionKind& kind : section_kinds()) {
    CLI::App& command = of(kind.name);
    if (!command.parsed()) continue;
    const std::string verb = command.get_subcommands().front()->get_name();
    if (verb == "list") return list_sections(kind, options_, io);
    if (verb == "show") return show_section(kind, options_, io);
    if (verb == "add" || verb == "set" || verb == "del") return change_section(kind, verb, options_, io);
  }
  return std::nullopt;
}

}  // namespace acefs::tool::acectl
