// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "acefs/acl/decide.hpp"
#include "common/io.hpp"
#include "common/listing.hpp"
#include "common/node.hpp"
#include "common/settings.hpp"
#include "common/tree.hpp"

namespace acefs::tool::getace {

struct PrintOptions {
  bool omit_header = false;
  bool numeric = false;
  bool absolute_names = false;
  bool skip_base = false;
  bool json = false;
  bool roles = false;
  std::optional<std::string> effective_for;  ///< a user
};

/// Prints the grants of nodes in the form that setace reads back, or as JSON.
class Printer {
 public:
  Printer(const PrintOptions& options, Io& io, Complaints& complaints, Settings& settings);

  /// False when `effective_for` names nobody.
  bool knows_user() const { return !options_.effective_for || user_; }
  void print(const Node& node, const Tree& tree);

 private:
  std::string shown_path(const std::string& path);
  std::string owner(uid_t uid);
  std::string group(gid_t gid);
  std::optional<std::string> effective(const Node& node, const Tree& tree);
  std::optional<std::string> role_of(const acl::Ace& ace) const;
  void print_text(const Node& node, const std::vector<acl::Grant>& grants, const std::optional<std::string>& effective);
  void print_json(const Node& node, const std::vector<acl::Grant>& grants, const std::optional<std::string>& effective);

  const PrintOptions& options_;
  Io& io_;
  Complaints& complaints_;
  Settings& settings_;
  std::optional<acl::Identity> user_;
  bool slash_noted_ = false;
};

}  // namespace acefs::tool::getace
