// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "acefs/backing/grants.hpp"
#include "common/io.hpp"
#include "common/settings.hpp"
#include "common/tree.hpp"

namespace CLI {
class App;
}

namespace acefs::tool::acectl {

struct RoleSyncOptions {
  std::vector<std::string> paths;
  std::optional<std::string> root;
  std::string prefix{backing::kDefaultPrefix};
  std::string config;
  bool dry_run = false;
  bool json = false;
};

/// What becomes of one grant that was made by role.
struct RoleDecision {
  std::string role;
  std::string before, after;       ///< as entries
  std::optional<acl::Ace> ace;     ///< to be stored; nothing: it stays as it is
  std::string problem;             ///< why it stays although the role is another one
};

/// Every grant of one node that was made by role, and whether the node could be read and written.
struct SyncedNode {
  Status status;
  std::vector<RoleDecision> decisions;
};

/// Rewrites the grants of one node, unless it is a dry run. What somebody else changes meanwhile is decided anew: nothing that was taken
/// away comes back.
SyncedNode sync_roles(const Node& node, Tree& tree, const Settings& settings, bool dry_run);

CLI::App* add_role_sync(CLI::App& role, RoleSyncOptions& options);

/// Gives the grants that were made by role the letters that their roles have now, in whole trees.
Exit role_sync(const RoleSyncOptions& options, Io& io);

}  // namespace acefs::tool::acectl
