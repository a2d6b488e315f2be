// SPDX-License-Identifier: MIT
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "common/quoting.hpp"
#include "common/time_text.hpp"
#include "job.hpp"

namespace acefs::tool::acectl {

namespace {

struct PruneOptions {
  JobOptions job;
  std::string keep_newer_than;
  std::size_t keep_last = 0;
};

/// What is kept of the expired grants of a node.
struct Keep {
  acl::TimePoint newer_than = 0;  ///< nanoseconds; 0: no such rule
  std::size_t last = 0;
};

/// 0: never, or it cannot be understood.
acl::TimePoint expiry_of(const acl::Grant& grant) { return grant.ace ? grant.ace->expires : 0; }

/// The expired ones, those that expired last first.
std::vector<acl::Grant> expired_in(const GrantMap& grants, acl::TimePoint now) {
  std::vector<acl::Grant> expired = parse_grants(grants);
  std::erase_if(expired, [&](const acl::Grant& grant) {
    return !grant.ace || grant.ace->expires == 0 || now <= grant.ace->expires;
  });
  std::stable_sort(expired.begin(), expired.end(),
                   [](const acl::Grant& a, const acl::Grant& b) { return expiry_of(a) > expiry_of(b); });
  return expired;
}

/// Why the `index`-th of them is kept; empty: it is not.
std::string reason_to_keep(const acl::Grant& grant, std::size_t index, const Keep& keep, acl::TimePoint now) {
  if (index < keep.last) return "one of the last " + std::to_string(keep.last);
  if (keep.newer_than != 0 && now - grant.ace->expires < keep.newer_than) return "newer than was asked for";
  return "";
}

void prune_node(Job& job, const Node& node, Tree& tree, const std::string& path, const Keep& keep, acl::TimePoint now) {
  const auto grants = job.read(node, tree, path);
  if (!grants) return;
  job.report().count("grants", grants->size());
  const auto expired = expired_in(*grants, now);
  std::vector<backing::Change> changes;
  std::vector<Decision> removals;
  for (std::size_t i = 0; i < expired.size(); ++i) {
    const std::string when = "expired on " + format_time(expired[i].ace->expires);
    const std::string kept = reason_to_keep(expired[i], i, keep, now);
    if (!kept.empty()) {
      job.report().decide({"keep", job.shown(path), text_of(expired[i]), "expired", when + ", " + kept});
      continue;
    }
    changes.push_back({acl::format_key(expired[i].key), std::nullopt});
    removals.push_back({"remove", job.shown(path), text_of(expired[i]), "expired", when});
  }
  if (changes.empty()) return;
  if (!job.options().dry_run) {
    const Status done = tree.apply_at_once(node, *grants, changes);
    if (!done) return job.failed(path, error_text(done.errno_value()));
  }
  for (const Decision& removal : removals) job.report().decide(removal);
}

Exit prune(const PruneOptions& options, Io& io) {
  Keep keep{0, options.keep_last};
  if (!options.keep_newer_than.empty()) {
    const auto duration = parse_expiry('+' + options.keep_newer_than, 0);
    if (!duration) {
      io.err << "acectl: --keep-newer-than: '" << quote_name(options.keep_newer_than)
             << "': expected a number and one of s m h d w, as in 30d\n";
      return Exit::Usage;
    }
    keep.newer_than = *duration;
  }
  Job job("prune", options.job, io);
  if (!job.open()) return Exit::Unknown;
  const acl::TimePoint now = io.now();
  job.walk([&](const Node& node, Tree& tree, const std::string& path) { prune_node(job, node, tree, path, keep, now); },
           Job::Saves::Often);
  return job.end(io.out);
}

}  // namespace

Command add_prune(CLI::App& app) {
  auto options = std::make_shared<PruneOptions>();
  CLI::App* command = app.add_subcommand("prune", "Remove grants that have expired");
  add_job_options(*command, options->job);
  add_resume_options(*command, options->job);
  command->add_option("--keep-newer-than", options->keep_newer_than, "Keep what expired less than this ago, as in 30d")
      ->type_name("DURATION");
  command->add_option("--keep-last", options->keep_last, "Keep the last of each node that expired")->type_name("N");
  return {command, [options](Io& io) { return prune(*options, io); }};
}

}  // namespace acefs::tool::acectl
