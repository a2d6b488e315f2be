// SPDX-License-Identifier: MIT
#include "run.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <exception>
#include <optional>
#include <ostream>

#include "common/command_line.hpp"
#include "common/settings.hpp"
#include "common/walk.hpp"
#include "printer.hpp"

namespace acefs::tool::getace {

namespace {

struct Options {
  PrintOptions print;
  WalkOptions walk;
  std::optional<std::string> root;
  std::string config;
  std::string prefix{backing::kDefaultPrefix};
  std::vector<std::string> paths;
};

/// An exit code: help was shown, or the command line is wrong, which was said.
std::optional<Exit> parse_options(Args args, Io& io, Options& o) {
  CLI::App app{"Print the access control entries of files and directories.", "getace"};
  add_common_options(app, kExits);
  app.add_flag("-R,--recursive", o.walk.recursive, "Also everything below");
  app.add_flag("-L,--logical", o.walk.logical, "Follow symbolic links");
  app.add_flag("-P,--physical", o.walk.physical, "Skip symbolic links also where they are named");
  app.add_flag("-c,--omit-header", o.print.omit_header, "Print no comments before the entries");
  app.add_flag("-n,--numeric", o.print.numeric, "Print owner and group as numbers");
  app.add_flag("-p,--absolute-names", o.print.absolute_names, "Keep a leading '/' in names");
  app.add_flag("-s,--skip-base", o.print.skip_base, "Skip files that have no entries");
  app.add_flag("--json", o.print.json, "Print a line of JSON for each file");
  app.add_option("-e,--effective", o.print.effective_for, "Also what this user may do")->type_name("USER");
  app.add_flag("--roles", o.print.roles, "Show the role that an entry's permissions are also where it was not granted by role");
  app.add_option("--root", o.root, "Root of the backing tree")->type_name("DIR");
  app.add_option("--prefix", o.prefix, "Prefix of grants on a backing directory")->type_name("NAME");
  app.add_option("--config", o.config, "acefs.toml, for its roles and ids")->type_name("FILE");
  add_paths(app, o.paths, "Files and directories ('-': names from standard input)");
  if (const auto exit = parse_command_line(app, std::move(args), io)) return exit;
  std::string wrong;
  if (o.paths.empty()) wrong = "no file was named";
  else if (o.walk.logical && o.walk.physical) wrong = "-L and -P contradict each other";
  else if (std::count(o.paths.begin(), o.paths.end(), "-") > 1) wrong = "only one '-' can be read from standard input";
  if (wrong.empty()) return std::nullopt;
  io.err << "getace: " << wrong << '\n';
  return Exit::Usage;
}

Exit run_options(const Options& o, Io& io) {
  Complaints complaints(io, "getace");
  std::optional<Settings> settings;
  if (o.print.effective_for) {  // what is not known of the user would make the answer wrong
    auto loaded = Settings::load(o.config);
    if (loaded) settings = *std::move(loaded);
    else complaints.error("", loaded.error());
  } else {
    settings = load_for_roles(o.config, complaints);
  }
  if (!settings) return Exit::Usage;
  settings->tell_problems(complaints);
  Printer printer(o.print, io, complaints, *settings);
  if (!printer.knows_user()) {
    complaints.error("", "-e: no such user: " + *o.print.effective_for);
    return Exit::Usage;
  }
  Trees trees(o.prefix, o.root);
  Walk walk(io, complaints, trees, o.walk,
            [&](Node& node, const std::shared_ptr<Tree>& tree, Walk::Named) { printer.print(node, *tree); });
  walk.run_all(o.paths);
  return complaints.verdict();
}

}  // namespace

int run(std::vector<std::string> args, Io& io) {
  Options options;
  try {
    if (const auto exit = parse_options(std::move(args), io, options)) return static_cast<int>(*exit);
    return static_cast<int>(run_options(options, io));
  } catch (const std::exception& e) {
    io.err << "getace: " << e.what() << '\n';
    return static_cast<int>(Exit::Failed);
  }
}

}  // namespace acefs::tool::getace
