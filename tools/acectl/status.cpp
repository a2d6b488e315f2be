// SPDX-License-Identifier: MIT
// What a mount is doing.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <ostream>

#include "command.hpp"
#include "status_source.hpp"
#include "status_text.hpp"

namespace acefs::tool::acectl {

namespace {

struct StatusOptions {
  std::string path;
  bool json = false;
  bool prometheus = false;
};

Exit status(const StatusOptions& options, Io& io) {
  Complaints complaints(io, "acectl");
  // A series that is there now and not then would be taken for one that ended.
  const auto status = ask_mount(options.path, options.prometheus ? Wanted::All : Wanted::WhatCanBeHad, complaints);
  if (!status) return Exit::Unknown;
  if (options.json) io.out << one_line(*status) << '\n';
  else if (options.prometheus) print_prometheus(*status, io.out);
  else print_status(*status, io.out);
  return Exit::Ok;
}

}  // namespace

Command add_status(CLI::App& app) {
  const auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "Say what a mount is doing, and how long operations take");
  auto* json = command->add_flag("--json", options->json, "Answer in JSON");
  command->add_flag("--prometheus", options->prometheus, "Answer in Prometheus' text format")->excludes(json);
  command->add_option("PATH", options->path, "Anything on the mount")->required();
  return {command, [options](Io& io) { return status(*options, io); }};
}

}  // namespace acefs::tool::acectl
