// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "common/quoting.hpp"
#include "common/settings.hpp"
#include "dump_file.hpp"
#include "job.hpp"
#include "link_memory.hpp"

namespace acefs::tool::acectl {

namespace {

struct ApplyOptions {
  JobOptions job;
  std::string file = "-";
  std::string config;
  bool yes = false;
};

/// Below `top` and through no symbolic link, whatever the dump says.
Result<Node> open_below(const Node& top, const std::string& path) {
  const auto open = [&]() -> Result<Node> {
    open_how how{};
    how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const long fd = ::syscall(SYS_openat2, top.fd.get(), path.c_str(), &how, sizeof how);
    if (fd < 0) return Status::last();
    Node node{UniqueFd(static_cast<int>(fd)), {}, path};
    if (::fstat(node.fd.get(), &node.st) != 0) return Status::last();
    return node;
  };
  return opened_as_named(open, top.fd.get(), path, Symlinks::Stay);
}

/// Whether what is stored is what is listed. A mount stores a grant in acefs' own form, and says who made it when nobody did.
bool is_as_listed(const acl::GrantKey& key, const std::string& stored, const std::string& listed, bool on_mount) {
  if (stored == listed) return true;
  if (!on_mount) return false;
  const auto is = acl::decode(key, stored);
  auto wanted = acl::decode(key, listed);
  if (!is || !wanted) return false;
  if (wanted->creator.empty()) wanted->creator = is->creator;
  if (wanted->share_time == 0) wanted->share_time = is->share_time;
  return *is == *wanted;
}

std::vector<backing::Change> changes_to(const GrantMap& current, const std::vector<ListedGrant>& listed, bool on_mount) {
  std::map<std::string_view, const ListedGrant*> wanted;
  for (const ListedGrant& grant : listed) wanted[grant.key] = &grant;
  std::vector<backing::Change> changes;
  for (const auto& [key, value] : current)
    if (!wanted.contains(key)) changes.push_back({key, std::nullopt});
  for (const auto& [name, grant] : wanted) {
    const auto old = current.find(name);
    const auto key = acl::parse_key(name);
    if (old == current.end() || !key || !is_as_listed(*key, old->second, grant->value, on_mount))
      changes.push_back({grant->key, grant->value});
  }
  return changes;
}

std::string text_of(const std::string& key, const std::string& value) {
  const auto parsed = acl::parse_key(key);
  return parsed ? acectl::text_of(acl::Grant::read(*parsed, value)) : quote_name(key);
}

class Applier {
 public:
  Applier(Job& job, DumpFile& dump, acl::RoleLookup roles, std::size_t nodes)
      : job_(job), dump_(dump), roles_(std::move(roles)), nodes_(nodes) {}

  /// Prints what is to be done. False: interrupted, or --from names a node that is not listed.
  bool plan() {
    return each([&](const Node& node, Tree& tree, const ListedNode& listed) {
      const auto current = job_.read(node, tree, listed.path);
      if (!current) return;
      for (const backing::Change& change : changes_to(*current, listed.grants, tree.is_mount())) say(listed.path, *current, change);
    });
  }

  bool carry_out() {
    saying_ = false;
    job_.progress().begin_again();
    return each([&](const Node& node, Tree& tree, const ListedNode& listed) {
      const auto current = job_.read(node, tree, listed.path);
      if (!current) return;
      const auto changes = changes_to(*current, listed.grants, tree.is_mount());
      if (changes.empty()) return;
      if (const Status s = tree.apply_at_once(node, *current, changes); !s)
        return job_.failed(listed.path, error_text(s.errno_value()));
      job_.report().count("nodes changed");
    });
  }

 private:
  using Visit = std::function<void(const Node&, Tree&, const ListedNode&)>;

  bool each(const Visit& visit) {
    LinkMemory links;
    std::size_t number = 0;
    bool begun = job_.from().empty();
    bool stopped = false;
    dump_.each(roles_, [&](const ListedNode& listed) {
      const double part = static_cast<double>(number++) / static_cast<double>(nodes_);
      begun = begun || listed.path == job_.from();
      if (!begun) return true;
      if (job_.interruption().asked()) {
        stopped = true;
        job_.stop_at(listed.path);
        return false;
      }
      one(listed, links, visit);
      job_.progress().step(part);
      if (!saying_) job_.passed(listed.path);
      return true;
    });
    if (!begun) job_.complaints().error("", "--from: '" + quote_name(job_.from()) + "': expected a file of the dump");
    return begun && !stopped;
  }

  void one(const ListedNode& listed, LinkMemory& links, const Visit& visit) {
    const auto node = open_below(job_.top(), listed.path);
    if (!node) return skip(listed, error_text(node.status().errno_value()));
    if (!node->can_have_acl()) return skip(listed, std::string("is ") + kind_of(node->st) + ", which has no ACL of its own");
    if (!links.is_first(node->st)) return skip(listed, "another name of a file that was listed before");
    const auto tree = tree_of(*node);
    if (!tree) return skip(listed, error_text(tree.status().errno_value()));
    visit(*node, **tree, listed);
  }

  Result<std::shared_ptr<Tree>> tree_of(const Node& node) {
    const bool same = node.st.st_dev == job_.top().st.st_dev && (job_.tree()->is_mount() || job_.tree()->root() != nullptr);
    return same ? job_.tree() : job_.trees().of(node);
  }

  /// Told once, with the plan.
  void skip(const ListedNode& listed, const std::string& why) {
    if (!saying_) return;
    job_.report().decide({"skip", job_.shown(listed.path), "", "unreachable", why});
    job_.failed(listed.path, why);
  }

  void say(const std::string& path, const GrantMap& current, const backing::Change& change) {
    const auto old = current.find(change.key);
    const std::string was = old == current.end() ? "" : text_of(change.key, old->second);
    if (!change.value) return job_.report().decide({"remove", job_.shown(path), was, "not-listed", "not in the dump"});
    const std::string is = text_of(change.key, *change.value);
    job_.report().decide({was.empty() ? "add" : "change", job_.shown(path), is, was.empty() ? "missing" : "different",
                          was.empty() ? "is not there yet" : was == is ? "differs in what the entry does not say" : "is " + was});
  }

  Job& job_;
  DumpFile& dump_;
  acl::RoleLookup roles_;
  std::size_t nodes_;
  bool saying_ = true;
};

Exit apply(ApplyOptions& options, Io& io) {
  const bool only_plans = !options.yes && !options.job.dry_run;
  options.job.dry_run = !options.yes;
  Job job("apply", options.job, io);
  const auto settings = load_for_roles(options.config, job.complaints());
  if (!settings) return Exit::Usage;
  settings->tell_problems(job.complaints());
  auto dump = DumpFile::open(options.file, io.in);
  if (!dump) {
    job.complaints().error("", dump.error());
    return Exit::Usage;
  }
  const auto nodes = dump->check(settings->roles());
  if (!nodes) {
    job.complaints().error("", nodes.error());
    return Exit::Usage;
  }
  if (!job.open()) return Exit::Unknown;
  Applier applier(job, *dump, settings->roles(), *nodes);
  if (applier.plan() && !options.job.dry_run) (void)applier.carry_out();
  if (only_plans) job.complaints().note("", "nothing was changed, --yes does it");
  return job.end(io.out);
}

}  // namespace

Command add_apply(CLI::App& app) {
  auto options = std::make_shared<ApplyOptions>();
  CLI::App* command = app.add_subcommand("apply", "Make the ACLs of a tree those of a dump; without --yes, say what would be done");
  add_job_options(*command, options->job);
  add_resume_options(*command, options->job);
  command->add_option("FILE", options->file, "What dump printed ('-': standard input)");
  command->add_option("--config", options->config, "acefs.toml, for its roles")->type_name("FILE");
  command->add_flag("--yes", options->yes, "Do it")->excludes(command->get_option("--dry-run"));
  return {command, [options](Io& io) { return apply(*options, io); }};
}

}  // namespace acefs::tool::acectl
