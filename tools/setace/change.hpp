// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/settings.hpp"
#include "common/tree.hpp"
#include "edit.hpp"
#include "options.hpp"

namespace acefs::tool::setace {

/// Carries out what was asked for, node by node, and says what became of it.
class Changer {
 public:
  Changer(const Options& options, Io& io, Complaints& complaints, Settings& settings)
      : options_(options), io_(io), complaints_(complaints), settings_(settings) {}

  void edit_node(const Node& node, Tree& tree, const Edit& asked);
  /// Lets the principals of the edit's allow ACEs walk through the ancestors of a node.
  void let_through(const Node& node, Tree& tree, const Edit& asked);
  void restore_node(const ListedNode& listed, Trees& trees);

 private:
  std::optional<GrantMap> read(const Node& node, const Tree& tree);
  Stamp stamp(const Tree& tree);
  void carry_out(const Node& node, Tree& tree, const GrantMap& current, const std::vector<backing::Change>& changes);
  void print_result(const Node& node, const GrantMap& grants);
  void print_json(const Node& node, const std::vector<backing::Change>& changes);

  const Options& options_;
  Io& io_;
  Complaints& complaints_;
  Settings& settings_;
};

}  // namespace acefs::tool::setace
