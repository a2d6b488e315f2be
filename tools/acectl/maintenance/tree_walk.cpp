// SPDX-License-Identifier: MIT
#include "tree_walk.hpp"

#include <algorithm>

#include "common/directory.hpp"
#include "sorted_names.hpp"

namespace acefs::tool::acectl {

namespace {

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (const std::string part = path.substr(at, end - at); !part.empty() && part != ".") parts.push_back(part);
    at = end + 1;
  }
  return parts;
}

std::string below(const std::string& path, const std::string& name) { return path == "." ? name : path + '/' + name; }

}  // namespace

std::optional<std::string> TreeWalk::run(const Node& top, const std::shared_ptr<Tree>& tree, const std::string& from,
                                         Visit visit) {
  allow_many_descriptors();
  visit_ = std::move(visit);
  links_ = {};
  stopped_.reset();
  const auto parts = parts_of(from);
  if (parts.empty()) {
    if (interruption_.asked()) return ".";
    visit_(top, tree, ".");
    progress_.step(0);
  }
  if (top.is_directory()) descend(top, tree, ".", parts, {});
  return stopped_;
}

void TreeWalk::descend(const Node& directory, const std::shared_ptr<Tree>& tree, const std::string& path,
                       std::vector<std::string> from, Part part) {
  std::string last;
  for (bool more = true; more && !stopped_;) {
    const auto some = names_after(directory.fd.get(), last);
    if (!some) return failed_(path, some.status().errno_value());
    more = some->more;
    std::size_t index = some->before;
    for (const std::string& name : some->names) {
      const Part mine{part.start + part.width * static_cast<double>(index++) / static_cast<double>(some->total),
                      part.width / static_cast<double>(some->total)};
      last = name;
      if (name == backing::kSideDir && !tree->is_mount()) continue;
      if (!from.empty() && name < from.front()) continue;
      std::vector<std::string> rest;
      if (!from.empty() && name == from.front()) rest.assign(from.begin() + 1, from.end());
      from.clear();
      child(directory, tree, name, below(path, name), std::move(rest), mine);
      if (stopped_) return;
    }
  }
}

void TreeWalk::child(const Node& directory, const std::shared_ptr<Tree>& tree, const std::string& name,
                     const std::string& path, std::vector<std::string> from, Part part) {
  if (interruption_.asked()) {
    stopped_ = path;
    return;
  }
  auto node = open_node(directory.fd.get(), name, Symlinks::Stay, path);
  if (!node && node.status().errno_value() == ENOENT) return;  // gone meanwhile
  if (!node) return failed_(path, node.status().errno_value());
  if (!node->can_have_acl()) return;
  const auto node_tree = trees_.below(tree, directory, *node);
  if (!node_tree) return failed_(path, node_tree.status().errno_value());
  if (from.empty()) {
    if (!links_.is_first(node->st)) return;
    visit_(*node, *node_tree, path);
    progress_.step(part.start);
  }
  if (node->is_directory()) descend(*node, *node_tree, path, std::move(from), part);
}

}  // namespace acefs::tool::acectl
