// SPDX-License-Identifier: MIT
#include "job.hpp"

#include <fcntl.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cerrno>
#include <ostream>

#include "acefs/acl/text.hpp"
#include "common/quoting.hpp"
#include "tree_walk.hpp"

namespace acefs::tool::acectl {

namespace {

constexpr double kSaveEverySeconds = 5;

}  // namespace

void add_job_options(CLI::App& command, JobOptions& options) {
  command.add_option("TREE", options.tree, "Directory: on a mount, or on a backing tree")->required();
  command.add_flag("-n,--dry-run", options.dry_run, "Change nothing, say what would be done");
  command.add_flag("--json", options.json, "Answer in JSON, a line each");
  command.add_option("--root", options.root, "Root of the backing tree")->type_name("DIR");
  command.add_option("--prefix", options.prefix, "Prefix of grants on a backing directory")->type_name("NAME");
}

void add_resume_options(CLI::App& command, JobOptions& options) {
  options.resumable = true;
  command.add_option("--from", options.from, "Begin at this path below TREE")->type_name("PATH");
  command.add_option("--resume", options.resume, "Begin where the run before ended, as this file says")->type_name("FILE");
}

Job::Job(std::string_view name, const JobOptions& options, Io& io)
    : name_(name),
      options_(options),
      io_(io),
      complaints_(io, "acectl"),
      progress_(io),
      report_(io, progress_, name, options.json),
      trees_(options.prefix, options.root) {}

bool Job::open() {
  if (!options_.resume.empty()) {
    auto resume = ResumeFile::open(options_.resume, name_, options_.tree);
    if (!resume) {
      complaints_.error("", resume.error());
      return false;
    }
    resume_ = *std::move(resume);
  }
  auto top = open_node(AT_FDCWD, options_.tree, Symlinks::Follow);
  if (!top) {
    complaints_.error(options_.tree, error_text(top.status().errno_value()));
    return false;
  }
  if (!top->is_directory()) {
    complaints_.error(options_.tree, std::string("is ") + kind_of(top->st) + ", expected a directory");
    return false;
  }
  auto tree = trees_.of(*top);
  if (!tree) {
    complaints_.error(options_.tree, "root of the tree: " + error_text(tree.status().errno_value()));
    return false;
  }
  top_ = *std::move(top);
  tree_ = *std::move(tree);
  return true;
}

std::string Job::shown(const std::string& path) const {
  return path == "." ? options_.tree : join(options_.tree, path);
}

void Job::failed(const std::string& path, std::string_view message) {
  progress_.clear();
  complaints_.error(shown(path), message);
}

std::optional<GrantMap> Job::read(const Node& node, const Tree& tree, const std::string& path) {
  auto grants = tree.read(node);
  if (!grants) {
    failed(path, error_text(grants.status().errno_value()));
    return std::nullopt;
  }
  const auto all = tree.shows_all(node);
  if (all && *all) return *std::move(grants);
  failed(path, all ? "its ACL may not be read (c is missing)" : error_text(all.status().errno_value()));
  return std::nullopt;
}

std::string Job::from() const {
  if (!options_.from.empty()) return options_.from;
  return resume_ ? resume_->from() : std::string();
}

bool Job::walk(const Visit& visit, Saves saves) {
  TreeWalk walk(trees_, progress_, interruption_,
                [this](const std::string& path, int error) { failed(path, error_text(error)); });
  const auto stopped =
      walk.run(*top_, tree_, from(), [&](const Node& node, const std::shared_ptr<Tree>& tree, const std::string& path) {
        visit(node, *tree, path);
        if (saves == Saves::Often) passed(path);
      });
  if (stopped) stop_at(*stopped);
  return !stopped;
}

void Job::stop_at(const std::string& path) {
  stopped_ = true;
  progress_.clear();
  complaints_.note("", options_.resumable ? "interrupted, go on with --from '" + quote_name(path) + '\''
                                          : "interrupted, nothing to go on with: begin anew");
  if (!resume_) return;
  if (const Status s = resume_->save(path); !s) complaints_.error(options_.resume, error_text(s.errno_value()));
}

void Job::passed(const std::string& path) {
  if (progress_.seconds() < saved_) saved_ = 0;  // it began again
  if (!resume_ || progress_.seconds() - saved_ < kSaveEverySeconds) return;
  saved_ = progress_.seconds();
  if (const Status s = resume_->save(path); !s) complaints_.error(options_.resume, error_text(s.errno_value()));
}

Exit Job::end(std::ostream& summary, bool wrong) {
  if (!stopped_ && resume_)
    if (const Status s = resume_->forget(); !s) complaints_.error(options_.resume, error_text(s.errno_value()));
  report_.summary(summary, options_.dry_run);
  if (stopped_) return Exit::Interrupted;
  return wrong || complaints_.any() ? Exit::Failed : Exit::Ok;
}

std::string text_of(const acl::Grant& grant) {
  const std::string entry = grant.ace ? acl::format_entry(grant.key, *grant.ace) : std::string();
  return entry.empty() ? quote_name(acl::format_key(grant.key)) : entry;
}

}  // namespace acefs::tool::acectl
