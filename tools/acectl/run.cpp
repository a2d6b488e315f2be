// SPDX-License-Identifier: MIT
#include "run.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <exception>
#include <ostream>
#include <vector>

#include "acefs/acl/text.hpp"
#include "command.hpp"
#include "common/command_line.hpp"
#include "json_lines.hpp"
#include "maintenance/commands.hpp"
#include "role_sync.hpp"
#include "sections.hpp"

namespace acefs::tool::acectl {

namespace {

struct Options {
  SectionCommands sections;
  RoleSyncOptions role_sync;
};

struct Commands {
  CLI::App* decode;
  CLI::App* encode;
  CLI::App* decide;
  CLI::App* role_sync;
};

Commands add_commands(CLI::App& app, Options& o) {
  Commands commands{};
  commands.decode = app.add_subcommand("decode", "Lines of JSON: stored grants to their fields");
  commands.encode = app.add_subcommand("encode", "Lines of JSON: fields to stored grants");
  commands.decide = app.add_subcommand("decide", "Lines of JSON: decisions");
  o.sections.add_to(app);
  commands.role_sync = add_role_sync(o.sections.of("role"), o.role_sync);
  return commands;
}

Exit run_command(Args args, Io& io) {
  Options options;
  CLI::App app{"Administer acefs: who is who, who may do what and why; verify, clean up and copy ACLs.", "acectl"};
  add_common_options(app, kExits);
  app.require_subcommand(1);
  const std::vector<Command> own_files = {
      add_explain(app),
      add_who(app),
      add_reach(app),
      add_diff(app),
      add_verify(app),
      add_prune(app),
      add_gc(app),
      add_dump(app),
      add_apply(app),
      add_status(app),
      add_completion(app),
  };
  const Commands commands = add_commands(app, options);
  if (const auto exit = parse_command_line(app, std::move(args), io)) return *exit;
  for (const Command& command : own_files)
    if (command.app->parsed()) return command.run(io);
  if (commands.decode->parsed()) return answer_lines(decode_line, io);
  if (commands.encode->parsed()) return answer_lines(encode_line, io);
  if (commands.decide->parsed()) return answer_lines(decide_line, io);
  if (commands.role_sync->parsed()) return role_sync(options.role_sync, io);
  return options.sections.run(io).value_or(Exit::Usage);
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
