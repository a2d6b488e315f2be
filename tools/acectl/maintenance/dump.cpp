// SPDX-License-Identifier: MIT
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "common/json_text.hpp"
#include "common/listing.hpp"
#include "common/quoting.hpp"
#include "job.hpp"

namespace acefs::tool::acectl {

namespace {

struct DumpOptions {
  JobOptions job;
  bool all = false;
};

void print_text(std::ostream& out, const std::string& path, const std::vector<acl::Grant>& grants, acl::TimePoint now) {
  out << "# file: " << quote_name(path) << '\n';
  for (const acl::Grant& grant : grants) out << format_grant(grant, {now, {}});
  out << '\n';
}

void print_json(std::ostream& out, const std::string& path, const std::vector<acl::Grant>& grants) {
  Json line = {{"path", path}, {"path_hex", to_hex(path)}, {"grants", Json::array()}};
  for (const acl::Grant& grant : grants) {
    const std::string key = acl::format_key(grant.key);
    Json item = {{"key", key}, {"key_hex", to_hex(key)}, {"value_hex", to_hex(grant.value)}};
    if (grant.ace) item["entry"] = acl::format_entry(grant.key, *grant.ace);
    else item["malformed"] = grant.error;
    line["grants"].push_back(std::move(item));
  }
  out << one_line(line) << '\n';
}

Exit dump(const DumpOptions& options, Io& io) {
  Job job("dump", options.job, io);
  if (!job.open()) return Exit::Unknown;
  const acl::TimePoint now = io.now();
  const bool quiet = options.job.dry_run;
  if (!quiet && !options.job.json && job.from().empty())
    io.out << "# ACLs below " << quote_name(options.job.tree) << ", for acectl apply\n\n";
  job.walk(
      [&](const Node& node, Tree& tree, const std::string& path) {
        const auto stored = job.read(node, tree, path);
        if (!stored || (stored->empty() && !options.all)) return;
        job.report().count("grants", stored->size());
        if (quiet) return;
        const auto grants = parse_grants(*stored);
        if (options.job.json) print_json(io.out, path, grants);
        else print_text(io.out, path, grants, now);
      },
      Job::Saves::AtInterruption);  // else a run that was killed would be taken up before what it printed last
  io.out.flush();
  if (!io.out) job.complaints().error("", "standard output could not be written");
  return job.end(io.err);
}

}  // namespace

Command add_dump(CLI::App& app) {
  auto options = std::make_shared<DumpOptions>();
  CLI::App* command = app.add_subcommand("dump", "Print the ACLs of a tree as one text");
  add_job_options(*command, options->job);
  add_resume_options(*command, options->job);
  command->add_flag("--all", options->all, "Also files and directories without entries");
  return {command, [options](Io& io) { return dump(*options, io); }};
}

}  // namespace acefs::tool::acectl
