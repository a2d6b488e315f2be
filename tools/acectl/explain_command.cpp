// SPDX-License-Identifier: MIT
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <ostream>

#include "command.hpp"
#include "common/command_line.hpp"
#include "explain.hpp"
#include "operation.hpp"

namespace acefs::tool::acectl {

namespace {

std::string operation_names() {
  std::string names;
  for (const Operation& operation : operations()) names += (names.empty() ? "" : " ") + std::string(operation.name);
  return names;
}

/// What is wrong with explain's options; empty: nothing.
std::string contradiction(const ExplainOptions& o) {
  if (o.letters) {
    if (const auto unknown = unknown_letter(*o.letters)) return std::string("--need: unknown permission '") + *unknown + '\'';
    if (!o.to.empty()) return "--to goes with --op rename or --op link";
  } else if (o.operation.empty()) {
    return "explain: give --op or --need";
  }
  const Operation* operation = o.letters ? nullptr : find_operation(o.operation);
  if (!o.letters && operation == nullptr)
    return "--op: unknown operation '" + o.operation + "', known are " + operation_names();
  if (!o.to.empty() && operation != nullptr && !operation->has_target)
    return "--to goes with --op rename or --op link";
  if (!o.at.empty() && o.with.empty() && o.without.empty()) return "--at goes with --with or --without";
  return "";
}

Exit run_explain(const ExplainOptions& o, Io& io) {
  if (const std::string wrong = contradiction(o); !wrong.empty()) {
    io.err << "acectl: " << wrong << '\n';
    return Exit::Usage;
  }
  return explain(o, io);
}

}  // namespace

Command add_explain(CLI::App& app) {
  const auto options = std::make_shared<ExplainOptions>();
  ExplainOptions& o = *options;
  CLI::App* command = app.add_subcommand("explain", "Say whether a user may do something, and why");
  command->add_option("--as", o.user, "Who: a user's name or uid")->type_name("USER")->required();
  auto* operation = command->add_option("--op", o.operation, "What: " + operation_names())->type_name("OP");
  command->add_option("--need", o.letters, "Instead of an operation: permissions on PATH")
      ->type_name("LETTERS")
      ->excludes(operation);
  command->add_option("--to", o.to, "New name, of rename and link; else another in the same directory")
      ->type_name("PATH");
  add_repeated(*command, "--with", o.with, "Think these ACEs added, as setace -m takes them")->type_name("ENTRY");
  add_repeated(*command, "--without", o.without, "Think this ACE removed, as setace -x takes it")->type_name("ENTRY");
  command->add_option("--at", o.at, "Where, of --with and --without; else on PATH")->type_name("PATH");
  add_tree_options(*command, o.tree);
  command->add_flag("--json", o.json, "Answer in JSON");
  command->add_option("PATH", o.path, "File or directory")->required();
  return {command, [options](Io& io) { return run_explain(*options, io); }};
}

}  // namespace acefs::tool::acectl
