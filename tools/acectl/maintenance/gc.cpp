// SPDX-License-Identifier: MIT
#include <time.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "backing/upkeep.hpp"
#include "commands.hpp"
#include "job.hpp"

namespace acefs::tool::acectl {

namespace {

using backing::SideEntry;

/// The clock that the kernel stamps files with.
std::int64_t file_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

/// The ids that nodes refer to, as hashes: eight bytes for each. Two ids with one hash keep a file too many, never one too few.
class Referenced {
 public:
  void add(const std::string& id) { hashes_.push_back(std::hash<std::string>{}(id)); }
  void settle() {
    std::sort(hashes_.begin(), hashes_.end());
    hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  }
  bool has(const std::string& id) const {
    return std::binary_search(hashes_.begin(), hashes_.end(), std::hash<std::string>{}(id));
  }

 private:
  std::vector<std::size_t> hashes_;
};

class GarbageCollector {
 public:
  GarbageCollector(Job& job, int root) : job_(job), root_(root), started_(file_clock()) {}

  void run() {
    if (!look_at_nodes()) return;
    if (!count_candidates()) return;
    // Who was renamed from where nobody had looked yet to where somebody had is found by looking again; who was being moved to a side
    // file has its marker by now.
    if (candidates_ > 0 && !job_.options().dry_run && !look_at_nodes()) return;
    remove();
  }

 private:
  /// False: not every node was looked at, so nothing may be removed.
  bool look_at_nodes() {
    job_.progress().begin_again();
    const bool whole = job_.walk(
        [&](const Node& node, Tree& tree, const std::string& path) {
          const auto id = backing::side_id_of(node.fd.get(), tree.prefix());
          if (!id) return job_.failed(path, error_text(id.status().errno_value()));
          if (*id) referenced_.add(**id);
        },
        Job::Saves::AtInterruption);
    referenced_.settle();
    if (whole && job_.complaints().any()) job_.failed(".", "not every node could be looked at: nothing is removed");
    return whole && !job_.complaints().any();
  }

  bool is_waste(const SideEntry& entry) const {
    if (entry.kind == SideEntry::Kind::Other || entry.ctime_ns > started_) return false;
    return entry.kind == SideEntry::Kind::Temporary || !referenced_.has(entry.id);
  }

  bool count_candidates() {
    return each([&](const SideEntry& entry) {
      if (!is_waste(entry)) return;
      ++candidates_;
      if (job_.options().dry_run) return;
      if (const Status s = backing::wait_for_writers(root_, entry.id); !s) job_.failed(entry.path, error_text(s.errno_value()));
    });
  }

  void remove() {
    (void)each([&](const SideEntry& entry) {
      const bool temporary = entry.kind == SideEntry::Kind::Temporary;
      const std::string_view kind = temporary ? "temporary-file" : "side-file";
      if (entry.kind == SideEntry::Kind::Other)
        return job_.report().decide({"keep", job_.shown(entry.path), "", "foreign-file", "not the name of a side file"});
      if (!is_waste(entry)) {
        if (temporary || !referenced_.has(entry.id))
          job_.report().decide({"keep", job_.shown(entry.path), "", kind, "changed since the job began"});
        else job_.report().count("in use");
        return;
      }
      const Decision removal{"remove", job_.shown(entry.path), "", kind,
                             temporary ? "left by a writer that ended early" : "no node refers to it"};
      if (job_.options().dry_run) return job_.report().decide(removal);
      const auto removed = backing::remove_side_entry(root_, entry);
      if (!removed) job_.failed(entry.path, error_text(removed.status().errno_value()));
      else if (*removed) job_.report().decide(removal);
    });
  }

  /// False: interrupted, or not all could be read.
  bool each(const std::function<void(const SideEntry&)>& visit) {
    const Status done = backing::each_side_entry(root_, [&](const SideEntry& entry) {
      if (job_.interruption().asked()) return false;
      visit(entry);
      return true;
    });
    if (!done) job_.failed(std::string(backing::kSideDir), error_text(done.errno_value()));
    if (done && job_.interruption().asked()) job_.stop_at(".");
    return done && !job_.interruption().asked();
  }

  Job& job_;
  int root_;
  std::int64_t started_;
  Referenced referenced_;
  std::size_t candidates_ = 0;
};

Exit gc(const JobOptions& options, Io& io) {
  Job job("gc", options, io);
  if (!job.open()) return Exit::Unknown;
  const Node* root = job.tree()->root();
  if (root == nullptr || !root->same_as(job.top().st)) {
    job.complaints().error(options.tree, job.tree()->is_mount()
                                             ? "is on a mount, which does not show .oc-nodes: give the backing directory"
                                             : "is not the root of a backing tree, which holds .oc-nodes");
    return Exit::Unknown;
  }
  GarbageCollector(job, root->fd.get()).run();
  return job.end(io.out);
}

}  // namespace

Command add_gc(CLI::App& app) {
  auto options = std::make_shared<JobOptions>();
  CLI::App* command = app.add_subcommand("gc", "Remove side files that no node refers to");
  add_job_options(*command, *options);
  return {command, [options](Io& io) { return gc(*options, io); }};
}

}  // namespace acefs::tool::acectl
