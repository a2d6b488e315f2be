// SPDX-License-Identifier: MIT
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <unordered_set>

#include "acectl/tree_options.hpp"
#include "backing/upkeep.hpp"
#include "commands.hpp"
#include "common/quoting.hpp"
#include "common/settings.hpp"
#include "common/time_text.hpp"
#include "job.hpp"
#include "principals.hpp"

namespace acefs::tool::acectl {

namespace {

using backing::Placement;

struct VerifyOptions {
  JobOptions job;
  std::string config;
  bool repair = false;
};

class Verifier {
 public:
  Verifier(Job& job, Settings& settings, bool repair)
      : job_(job), principals_(settings), now_(job.io().now()), repair_(repair) {}

  void node(const Node& node, Tree& tree, const std::string& path) {
    if (!placement(node, tree, path)) return;
    const auto grants = job_.read(node, tree, path);
    if (!grants) return;
    job_.report().count("grants", grants->size());
    for (const acl::Grant& grant : parse_grants(*grants)) look_at(grant, path);
  }

  /// What writers left in `.oc-nodes`.
  void side_directory() {
    const Node* root = job_.tree()->root();
    if (root == nullptr || !root->same_as(job_.top().st)) return;
    const Status done = backing::each_side_entry(root->fd.get(), [&](const backing::SideEntry& entry) {
      if (entry.kind == backing::SideEntry::Kind::Temporary)
        find("keep", entry.path, "", "temporary-file", "left by a writer that ended early, gc removes it");
      if (entry.kind == backing::SideEntry::Kind::Other)
        find("keep", entry.path, "", "foreign-file", "not the name of a side file");
      return !job_.interruption().asked();
    });
    if (!done) job_.failed(std::string(backing::kSideDir), error_text(done.errno_value()));
  }

  bool found_any() const { return wrong_; }

 private:
  void find(std::string_view verb, const std::string& path, const std::string& what, std::string_view kind,
            const std::string& reason) {
    if (verb != "repair" || job_.options().dry_run) wrong_ = true;
    job_.report().count(kind);
    job_.report().decide({verb, job_.shown(path), what, kind, reason});
  }

  void look_at(const acl::Grant& grant, const std::string& path) {
    if (!grant.ace) find("keep", path, text_of(grant), "malformed", "counts as a full denial: " + grant.error);
    else if (grant.ace->expires != 0 && now_ > grant.ace->expires)
      find("keep", path, text_of(grant), "expired", "on " + format_time(grant.ace->expires) + ", prune removes it");
    if (!principals_.knows(grant.key.principal))
      find("keep", path, text_of(grant), "unknown-principal", "nobody is called " + quote_name(grant.key.principal));
  }

  /// False: the grants cannot be read.
  bool placement(const Node& node, Tree& tree, const std::string& path) {
    const Node* root = tree.root();
    if (root == nullptr) return true;
    const auto placed = backing::placement_of(root->fd.get(), node.fd.get(), tree.prefix());
    if (!placed) {
      job_.failed(path, error_text(placed.status().errno_value()));
      return false;
    }
    switch (placed->side) {
      case Placement::Side::None: return true;
      case Placement::Side::Missing:
        find("keep", path, "", "side-file-missing", "its grants are in a side file that is not there: nobody but root is let in");
        return false;
      case Placement::Side::Broken:
        find("keep", path, "", "side-file-broken", "its side file cannot be understood: nobody but root is let in");
        return false;
      case Placement::Side::Good: break;
    }
    if (!owners_.insert(std::hash<std::string>{}(placed->id)).second)
      find("keep", path, "", "side-file-shared", "another node has the same side file, of which this is a copy: the next change gives the copy its own");
    if (!placed->left_behind.empty()) left_behind(node, tree, path, placed->left_behind);
    return true;
  }

  void left_behind(const Node& node, Tree& tree, const std::string& path, const std::vector<std::string>& keys) {
    for (const std::string& key : keys)
      find(repair_ ? "repair" : "keep", path, quote_name(key), "beside-side-file",
           "an attribute still, though the node has a side file, which counts");
    if (!repair_ || job_.options().dry_run) return;
    if (const Status s = tree.tidy(node); !s) job_.failed(path, error_text(s.errno_value()));
  }

  Job& job_;
  KnownPrincipals principals_;
  acl::TimePoint now_;
  bool repair_;
  bool wrong_ = false;
  /// Hashes of ids; only nodes with a side file are in it.
  std::unordered_set<std::size_t> owners_;
};

Exit verify(const VerifyOptions& options, Io& io) {
  Job job("verify", options.job, io);
  auto settings = settings_at(options.config, options.job.tree);
  if (!settings) return complain(settings.error(), job.complaints());
  settings->tell_problems(job.complaints());
  if (!job.open()) return Exit::Unknown;
  Verifier verifier(job, *settings, options.repair);
  const bool whole = job.walk([&](const Node& node, Tree& tree, const std::string& path) { verifier.node(node, tree, path); },
                              Job::Saves::Often);
  if (whole) verifier.side_directory();
  return job.end(io.out, verifier.found_any());
}

}  // namespace

Command add_verify(CLI::App& app) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* command = app.add_subcommand("verify", "Look for what is wrong with the ACLs of a tree");
  add_job_options(*command, options->job);
  add_resume_options(*command, options->job);
  command->add_option("--config", options->config, "acefs.toml, for its users and groups")->type_name("FILE");
  command->add_flag("--repair", options->repair, "Make attributes and side files agree");
  return {command, [options](Io& io) { return verify(*options, io); }};
}

}  // namespace acefs::tool::acectl
