// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "acefs/acl/ace.hpp"
#include "acefs/backing/grants.hpp"
#include "common/io.hpp"
#include "common/node.hpp"
#include "common/tree.hpp"
#include "interruption.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "resume_file.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace acefs::tool::acectl {

/// What all jobs on a tree are told.
struct JobOptions {
  std::string tree;
  bool dry_run = false;
  bool json = false;
  std::string from;
  std::string resume;
  std::optional<std::string> root;
  std::string prefix{backing::kDefaultPrefix};
  bool resumable = false;  ///< has --from and --resume
};

void add_job_options(CLI::App& command, JobOptions& options);
/// --from and --resume, of jobs that can be taken up in the middle.
void add_resume_options(CLI::App& command, JobOptions& options);

/// One job on one tree: what it works on, what it said, and how it ends.
class Job {
 public:
  using Visit = std::function<void(const Node& node, Tree& tree, const std::string& path)>;
  /// How often the place where the job is is written to the resume file. Never: only when it is interrupted.
  enum class Saves { Often, AtInterruption };

  Job(std::string_view name, const JobOptions& options, Io& io);

  /// Opens the tree; false: it cannot be worked on, which was said.
  bool open();
  const Node& top() const { return *top_; }
  const std::shared_ptr<Tree>& tree() const { return tree_; }
  Trees& trees() { return trees_; }

  Io& io() { return io_; }
  const JobOptions& options() const { return options_; }
  Complaints& complaints() { return complaints_; }
  Report& report() { return report_; }
  Progress& progress() { return progress_; }
  const Interruption& interruption() const { return interruption_; }

  /// The node's name for people: below TREE as that was typed.
  std::string shown(const std::string& path) const;
  /// Something could not be done with this node.
  void failed(const std::string& path, std::string_view message);
  /// The node's grants, all of them; nothing: they cannot be read, which was said.
  std::optional<GrantMap> read(const Node& node, const Tree& tree, const std::string& path);

  /// Where to begin, as --from or the resume file says; empty: at the start.
  std::string from() const;
  /// Visits every node. False: interrupted.
  bool walk(const Visit& visit, Saves saves);
  /// Remembers where the job stopped, and says it.
  void stop_at(const std::string& path);
  /// To be called after each node; writes the place down now and then.
  void passed(const std::string& path);

  /// How the job ended. `wrong`: it found something that is not as it should be.
  Exit end(std::ostream& summary, bool wrong = false);

 private:
  std::string name_;
  const JobOptions& options_;
  Io& io_;
  Interruption interruption_;
  Complaints complaints_;
  Progress progress_;
  Report report_;
  Trees trees_;
  std::optional<Node> top_;
  std::shared_ptr<Tree> tree_;
  std::optional<ResumeFile> resume_;
  double saved_ = 0;
  bool stopped_ = false;
};

/// A grant as an entry; its key when no entry says what it is.
std::string text_of(const acl::Grant& grant);

}  // namespace acefs::tool::acectl
