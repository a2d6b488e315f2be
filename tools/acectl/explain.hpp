// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/io.hpp"
#include "tree_options.hpp"
#include "what_if.hpp"

namespace acefs::tool::acectl {

struct ExplainOptions {
  std::string user;
  std::string operation;              ///< or
  std::optional<std::string> letters; ///< a raw set of them on the node
  std::string path;
  std::string to;                     ///< rename, link: the new name; empty: another name in the same directory
  TreeOptions tree;
  std::vector<std::string> with;      ///< ACEs thought to be there,
  std::vector<std::string> without;   ///< or not to be,
  std::string at;                     ///< on this node; empty: `path`, or the directory of what would be made
  bool json = false;
};

/// Says whether `user` may do something to `path`, and why.
Exit explain(const ExplainOptions& options, Io& io);

}  // namespace acefs::tool::acectl
