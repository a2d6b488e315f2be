// SPDX-License-Identifier: MIT
#include "run.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <exception>
#include <ostream>

#include "acefs/acl/text.hpp"
#include "common/command_line.hpp"
#include "common/settings.hpp"
#include "explain.hpp"
#include "json_lines.hpp"
#include "maintenance/commands.hpp"
#include "operation.hpp"
#include "status.hpp"

namespace acefs::tool::acectl {

namespace {

/// The words of --base, --traverse and --root-squash.
struct Rules {
  std::string base = "mode";
  std::string traverse = "strict";
  bool root_squash = false;
};

struct Options {
  ExplainOptions explain;
  Rules rules;
  std::string roles_config;
  std::string status_path;
};

struct Commands {
  CLI::App* explain;
  CLI::App* decode;
  CLI::App* encode;
  CLI::App* decide;
  CLI::App* role;
  CLI::App* status;
};

std::string operation_names() {
  std::string names;
  for (const Operation& operation : operations()) names += (names.empty() ? "" : " ") + std::string(operation.name);
  return names;
}

CLI::App* add_explain(CLI::App& app, Options& o) {
  CLI::App* command = app.add_subcommand("explain", "Say whether a user may do something, and why");
  command->add_option("--as", o.explain.user, "Who: a user's name or uid")->type_name("USER")->required();
  auto* operation = command->add_option("--op", o.explain.operation, "What: " + operation_names())->type_name("OP");
  command->add_option("--need", o.explain.letters, "Instead of an operation: permissions on PATH")
      ->type_name("LETTERS")
      ->excludes(operation);
  command->add_option("--to", o.explain.to, "New name, of rename and link; else another in the same directory")
      ->type_name("PATH");
  command->add_option("--root", o.explain.root, "Root of the backing tree")->type_name("DIR");
  command->add_option("--prefix", o.explain.prefix, "Prefix of grants on a backing directory")->type_name("NAME");
  command->add_option("--config", o.explain.config, "acefs.toml, for its ids, groups and users")->type_name("FILE");
  command->add_option("--base", o.rules.base, "Whether the mode gives permissions")->check(CLI::IsMember({"mode", "none"}))
      ->type_name("mode|none");
  command->add_option("--traverse", o.rules.traverse, "Whether every directory above must give x")
      ->check(CLI::IsMember({"strict", "bypass"}))
      ->type_name("strict|bypass");
  command->add_flag("--root-squash", o.rules.root_squash, "Root is a user like others");
  command->add_flag("--json", o.explain.json, "Answer in JSON");
  command->add_option("PATH", o.explain.path, "File or directory")->required();
  return command;
}

Commands add_commands(CLI::App& app, Options& o) {
  Commands commands{};
  commands.explain = add_explain(app, o);
  commands.decode = app.add_subcommand("decode", "Lines of JSON: stored grants to their fields");
  commands.encode = app.add_subcommand("encode", "Lines of JSON: fields to stored grants");
  commands.decide = app.add_subcommand("decide", "Lines of JSON: decisions");
  commands.role = app.add_subcommand("role", "Roles: named sets of permissions");
  CLI::App* list = commands.role->add_subcommand("list", "Print the roles and their permissions");
  list->add_option("--config", o.roles_config, "acefs.toml, for its roles")->type_name("FILE");
  commands.role->require_subcommand(1);
  commands.status = app.add_subcommand("status", "Print what a mount says of itself");
  commands.status->add_option("PATH", o.status_path, "Anything on the mount")->required();
  return commands;
}

/// What is wrong with explain's options; empty: nothing.
std::string contradiction(const ExplainOptions& o) {
  if (o.letters) {
    for (const char letter : *o.letters)
      if (!acl::perm_of(letter)) return std::string("--need: unknown permission '") + letter + '\'';
    return o.to.empty() ? "" : "--to goes with --op rename or --op link";
  }
  if (o.operation.empty()) return "explain: give --op or --need";
  const Operation* operation = find_operation(o.operation);
  if (operation == nullptr) return "--op: unknown operation '" + o.operation + "', known are " + operation_names();
  if (!o.to.empty() && !operation->has_target) return "--to goes with --op rename or --op link";
  return "";
}

Exit run_explain(Options& o, Io& io) {
  if (const std::string wrong = contradiction(o.explain); !wrong.empty()) {
    io.err << "acectl: " << wrong << '\n';
    return Exit::Usage;
  }
  o.explain.profile.mode_gives_base = o.rules.base == "mode";
  o.explain.profile.traverse_is_strict = o.rules.traverse == "strict";
  o.explain.profile.root_has_all = !o.rules.root_squash;
  return explain(o.explain, io);
}

Exit list_roles(const std::string& config, Io& io) {
  Complaints complaints(io, "acectl");
  const auto settings = load_for_roles(config, complaints);
  if (!settings) return Exit::Unknown;
  settings->tell_problems(complaints);
  const auto print = [&](std::string_view name, const std::string& letters) {
    io.out << name << '\t' << acl::letters_of(acl::mask_of(letters)) << '\n';
  };
  for (const auto& [name, letters] : settings->config().roles) print(name, letters);
  for (const std::string_view name : acl::builtin_roles())
    if (!settings->config().roles.contains(name)) print(name, *acl::builtin_role(name));
  return Exit::Ok;
}

Exit run_command(Args args, Io& io) {
  Options options;
  CLI::App app{"Look after the access control of acefs: explain, convert, verify, clean up, copy.", "acectl"};
  add_common_options(app, kExits);
  app.require_subcommand(1);
  const Commands commands = add_commands(app, options);
  const std::vector<Command> others = {
      add_verify(app), add_prune(app), add_gc(app), add_dump(app), add_apply(app),
  };
  if (const auto exit = parse_command_line(app, std::move(args), io)) return *exit;
  for (const Command& command : others)
    if (command.app->parsed()) return command.run(io);
  if (commands.explain->parsed()) return run_explain(options, io);
  if (commands.decode->parsed()) return answer_lines(decode_line, io);
  if (commands.encode->parsed()) return answer_lines(encode_line, io);
  if (commands.decide->parsed()) return answer_lines(decide_line, io);
  if (commands.status->parsed()) return status(options.status_path, io);
  return list_roles(options.roles_config, io);
}

}  // namespace

int run(std::vector<std::string> args, Io& io) {
  try {
    return static_cast<int>(run_command(std::move(args), io));
  } catch (const std::exception& e) {
    io.err << "acectl: " << e.what() << '\n';
    return static_cast<int>(Exit::Unknown);
  }
}

}  // namespace acefs::tool::acectl
