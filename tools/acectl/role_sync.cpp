// SPDX-License-Identifier: MIT
#include "role_sync.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cerrno>
#include <ostream>

#include "acefs/acl/granted_role.hpp"
#include "acefs/acl/perm.hpp"
#include "acefs/acl/text.hpp"
#include "common/command_line.hpp"
#include "common/json_text.hpp"
#include "common/quoting.hpp"
#include "common/settings.hpp"
#include "common/walk.hpp"
#include "tree_options.hpp"

namespace acefs::tool::acectl {

namespace {

RoleDecision decide(const acl::Grant& grant, const std::string& role, const Settings& settings) {
  const acl::Ace& old = *grant.ace;
  RoleDecision decision{.role = role, .before = acl::format_entry(grant.key, old), .after = {}, .ace = {}, .problem = {}};
  const auto letters = settings.config().role(role);
  if (!letters) {
    decision.problem = "unknown role '" + role + "'";
    return decision;
  }
  const acl::AccessMask wanted = acl::mask_of(*letters);
  const bool denial = acl::is_full_denial(grant.key, old);
  if (denial ? wanted.empty() : acl::mask_of(old.permissions) == wanted) return decision;
  // A denial of everything does not tell whether it was meant to give the role or to take it.
  if (denial) decision.problem = "is a denial, and role '" + role + "' has permissions now: grant it anew";
  if (!denial && wanted.empty() && grant.key.kind != acl::KeyKind::Plain)
    decision.problem = "role '" + role + "' has no permissions any more: take the entry away, or set it anew";
  if (!decision.problem.empty()) return decision;
  acl::Ace ace = old;
  ace.permissions = acl::stored_letters_of(wanted);
  if (wanted.empty()) ace.type = "D";
  decision.after = acl::format_entry(grant.key, ace);
  decision.ace = std::move(ace);
  return decision;
}

}  // namespace

SyncedNode sync_roles(const Node& node, Tree& tree, const Settings& settings, bool dry_run) {
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    const auto stored = tree.read(node);
    if (!stored) return {stored.status(), {}};
    SyncedNode synced;
    std::vector<backing::Change> changes;
    for (const acl::Grant& grant : parse_grants(*stored)) {
      const auto role = grant.ace ? acl::granted_role(*grant.ace) : std::nullopt;
      if (!role) continue;
      synced.decisions.push_back(decide(grant, *role, settings));
      if (const auto& ace = synced.decisions.back().ace) changes.push_back({acl::format_key(grant.key), acl::encode(*ace)});
    }
    if (changes.empty() || dry_run) return synced;
    const auto now = tree.read(node);
    if (!now) return {now.status(), {}};
    if (*now != *stored) continue;
    synced.status = tree.replace(node, *stored, changes);
    if (synced.status.errno_value() != ENODATA) return synced;
  }
  return {Status::from(EAGAIN), {}};
}

namespace {

class Sync {
 public:
  Sync(const RoleSyncOptions& options, Io& io, Complaints& complaints, const Settings& settings)
      : options_(options), io_(io), complaints_(complaints), settings_(settings) {}

  void visit(const Node& node, Tree& tree) {
    const SyncedNode synced = sync_roles(node, tree, settings_, options_.dry_run);
    by_role_ += synced.decisions.size();
    for (const RoleDecision& decision : synced.decisions)
      if (!decision.problem.empty()) complaints_.error(node.path, quote_name(decision.before) + ": " + decision.problem);
    if (!synced.status) return complaints_.error(node.path, error_text(synced.status.errno_value()));
    for (const RoleDecision& decision : synced.decisions)
      if (decision.ace) tell(node, decision);
  }

  void sum_up() const {
    if (options_.json) return;
    io_.out << by_role_ << " by role, " << rewritten_ << (options_.dry_run ? " to be rewritten\n" : " rewritten\n");
  }

 private:
  void tell(const Node& node, const RoleDecision& decision) {
    ++rewritten_;
    if (options_.json) {
      io_.out << one_line({{"path", node.path}, {"path_hex", to_hex(node.path)}, {"role", decision.role}, {"before", decision.before},
                           {"after", decision.after}, {"dry_run", options_.dry_run}})
              << '\n';
    } else {
      io_.out << quote_name(node.path) << ": @" << decision.role << ": " << decision.before << " -> " << decision.after << '\n';
    }
  }

  const RoleSyncOptions& options_;
  Io& io_;
  Complaints& complaints_;
  const Settings& settings_;
  std::size_t by_role_ = 0;
  std::size_t rewritten_ = 0;
};

}  // namespace

CLI::App* add_role_sync(CLI::App& role, RoleSyncOptions& o) {
  CLI::App* command = role.add_subcommand("sync", "Rewrite the entries that were made by a role that has changed");
  command->add_flag("-n,--dry-run", o.dry_run, "Only say what would be rewritten");
  command->add_option("--root", o.root, "Root of the backing tree")->type_name("DIR");
  command->add_option("--prefix", o.prefix, "Prefix of grants on a backing directory")->type_name("NAME");
  command->add_option("--config", o.config, "Another file than /etc/acefs/acefs.toml")->type_name("FILE");
  command->add_flag("--json", o.json, "A line of JSON for each entry rewritten");
  add_paths(*command, o.paths, "Trees");
  return command;
}

Exit role_sync(const RoleSyncOptions& o, Io& io) {
  Complaints complaints(io, "acectl");
  if (o.paths.empty()) {
    complaints.error("", "role sync: no tree was named");
    return Exit::Usage;
  }
  const auto settings = settings_at(o.config, o.paths.front());
  if (!settings) return complain(settings.error(), complaints);
  settings->tell_problems(complaints);
  Trees trees(o.prefix, o.root);
  Sync sync(o, io, complaints, *settings);
  {
    Walk walk(io, complaints, trees, {.recursive = true},
              [&](Node& node, const std::shared_ptr<Tree>& tree, Walk::Named) { sync.visit(node, *tree); });
    walk.run_all(o.paths);
  }
  sync.sum_up();
  return complaints.verdict();
}

}  // namespace acefs::tool::acectl
