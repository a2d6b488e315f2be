// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <ostream>

#include "acefs/backing/grants.hpp"
#include "run.hpp"

namespace acefs::tool::setace {

namespace {

std::size_t uses_of_stdin(const Options& o) {
  const auto count = [](const std::vector<std::string>& names) { return std::count(names.begin(), names.end(), "-"); };
  return static_cast<std::size_t>(count(o.modify_files) + count(o.remove_files) + count(o.set_files) +
                                  count(o.paths) + (o.restore == "-" ? 1 : 0));
}

/// What is wrong with the options as a whole; empty: nothing.
std::string contradiction(const Options& o) {
  const bool sets = !o.set.empty() || !o.set_files.empty();
  const bool modifies = !o.modify.empty() || !o.modify_files.empty();
  const bool removes = !o.remove.empty() || !o.remove_files.empty() || o.remove_all;
  if (uses_of_stdin(o) > 1) return "only one '-' can be read from standard input";
  if (o.creator && ::geteuid() != 0) return "--creator is for root";
  if (o.creator && o.creator->empty()) return "--creator: expected a name";
  if (o.restore) {
    if (sets || modifies || removes || o.traverse || o.expires || o.label || o.creator)
      return "--restore cannot be mixed with options that change entries";
    if (o.walk.recursive || o.walk.logical || o.walk.physical) return "--restore cannot be mixed with -R, -L or -P";
    return o.paths.empty() ? "" : "--restore takes its files from the backup";
  }
  if (!sets && !modifies && !removes) return "nothing to do: give -m, -x, -b, -s or --restore";
  if (sets && (modifies || removes)) return "-s replaces all entries and cannot be mixed with -m, -x or -b";
  if (o.traverse && !sets && !modifies) return "--traverse needs entries: give -m or -s";
  if (o.paths.empty()) return "no file was named";
  if (o.walk.logical && o.walk.physical) return "-L and -P contradict each other";
  return "";
}

}  // namespace

std::optional<Exit> parse_options(Args args, Io& io, Options& o) {
  CLI::App app{"Change the access control entries of files and directories.", "setace"};
  add_common_options(app, kExits);
  o.prefix = backing::kDefaultPrefix;
  add_repeated(app, "-m,--modify", o.modify, "Set these entries, separated by ','")->type_name("ENTRIES");
  add_repeated(app, "-M,--modify-file", o.modify_files, "Set the entries in a file ('-': standard input)")
      ->type_name("FILE");
  add_repeated(app, "-x,--remove", o.remove, "Remove the entries of these principals")->type_name("WHO");
  add_repeated(app, "-X,--remove-file", o.remove_files, "Remove the entries of the principals in a file")
      ->type_name("FILE");
  app.add_flag("-b,--remove-all", o.remove_all, "Remove all entries");
  add_repeated(app, "-s,--set", o.set, "Replace all entries by these")->type_name("ENTRIES");
  add_repeated(app, "-S,--set-file", o.set_files, "Replace all entries by those in a file")->type_name("FILE");
  app.add_option("--restore", o.restore, "Restore what getace printed ('-': standard input)")->type_name("FILE");
  app.add_flag("-R,--recursive", o.walk.recursive, "Also everything below");
  app.add_flag("-L,--logical", o.walk.logical, "Follow symbolic links");
  app.add_flag("-P,--physical", o.walk.physical, "Skip symbolic links also where they are named");
  app.add_flag("--test", o.test, "Print what would result, change nothing");
  app.add_option("--expires", o.expires, "When the entries expire: RFC 3339, a date, +7d, or never")->type_name("TIME");
  app.add_option("--label", o.label, "A remark to keep with the entries")->type_name("TEXT");
  app.add_option("--creator", o.creator, "Who stands as creator (root, on the backing directory)")->type_name("WHO");
  app.add_flag("--traverse", o.traverse, "Let the same principals walk through the directories above");
  app.add_flag("--json", o.json, "Print a line of JSON for each file changed");
  app.add_option("--root", o.root, "Root of the backing tree")->type_name("DIR");
  app.add_option("--prefix", o.prefix, "Prefix of grants on a backing directory")->type_name("NAME");
  app.add_option("--config", o.config, "acefs.toml, for its roles and ids")->type_name("FILE");
  add_paths(app, o.paths, "Files and directories ('-': names from standard input)");
  if (const auto exit = parse_command_line(app, std::move(args), io)) return exit;
  if (const std::string wrong = contradiction(o); !wrong.empty()) {
    io.err << "setace: " << wrong << '\n';
    return Exit::Usage;
  }
  return std::nullopt;
}

}  // namespace acefs::tool::setace
