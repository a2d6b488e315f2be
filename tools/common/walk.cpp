// SPDX-License-Identifier: MIT
#include "walk.hpp"

#include <fcntl.h>

#include <algorithm>
#include <istream>
#include <ostream>

#include "directory.hpp"

namespace acefs::tool {

Walk::Walk(Io& io, Complaints& complaints, Trees& trees, WalkOptions options, Visit visit)
    : io_(io), complaints_(complaints), trees_(trees), options_(options), visit_(std::move(visit)) {
  if (options_.recursive) allow_many_descriptors();
}

Walk::~Walk() {
  if (progress_on_screen_) io_.err << "\r\033[K" << std::flush;
}

void Walk::run_all(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (path != "-") {
      run(path);
      continue;
    }
    for (std::string line; std::getline(io_.in, line);)
      if (!line.empty()) run(line);
  }
}

void Walk::run(const std::string& path) {
  auto node = open_node(AT_FDCWD, path, options_.logical ? Symlinks::Follow : Symlinks::Stay);
  if (!node) return complaints_.error(path, error_text(node.status().errno_value()));
  if (S_ISLNK(node->st.st_mode) && options_.physical) return;
  if (!node->can_have_acl()) {
    std::string message = std::string("is ") + kind_of(node->st) + ", which has no ACL of its own";
    if (S_ISLNK(node->st.st_mode)) message += " (-L follows it)";
    return complaints_.error(path, message);
  }
  const auto tree = trees_.of(*node);
  if (!tree) return complaints_.error(path, "root of the tree: " + error_text(tree.status().errno_value()));
  visit(*node, *tree, Named::Yes);
}

void Walk::visit(Node& node, const std::shared_ptr<Tree>& tree, Named named) {
  show_progress();
  visit_(node, tree, named);
  if (options_.recursive && node.is_directory()) descend(node, tree);
}

void Walk::descend(const Node& directory, const std::shared_ptr<Tree>& tree) {
  const std::pair id{directory.st.st_dev, directory.st.st_ino};
  if (std::find(open_directories_.begin(), open_directories_.end(), id) != open_directories_.end()) return;
  const auto names = names_in(directory);
  if (!names) return complaints_.error(directory.path, error_text(names.status().errno_value()));
  open_directories_.push_back(id);
  for (const std::string& name : *names) {
    if (name == backing::kSideDir && !tree->is_mount()) continue;
    const std::string path = join(directory.path, name);
    auto node =
        open_node(directory.fd.get(), name, options_.logical ? Symlinks::Follow : Symlinks::Stay, path);
    if (!node && node.status().errno_value() == ENOENT) continue;  // gone meanwhile, or a link to nothing
    if (!node) {
      complaints_.error(path, error_text(node.status().errno_value()));
      continue;
    }
    if (!node->can_have_acl()) continue;
    const auto node_tree = trees_.below(tree, directory, *node);
    if (!node_tree) complaints_.error(path, error_text(node_tree.status().errno_value()));
    else visit(*node, *node_tree, Named::No);
  }
  open_directories_.pop_back();
}

void Walk::show_progress() {
  ++visited_;
  if (!options_.recursive || !io_.err_is_terminal) return;
  constexpr acl::TimePoint kInterval = 200'000'000;
  const acl::TimePoint now = io_.now();
  if (progress_shown_ == 0) progress_shown_ = now;
  if (now - progress_shown_ < kInterval) return;
  progress_shown_ = now;
  progress_on_screen_ = true;
  io_.err << '\r' << visited_ << " files" << std::flush;
}

}  // namespace acefs::tool
