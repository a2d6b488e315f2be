// SPDX-License-Identifier: MIT
// How the ACLs of two trees differ. Holds no more than the way to where it is.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <ostream>

#include "command.hpp"
#include "common/command_line.hpp"
#include "common/directory.hpp"
#include "common/json_text.hpp"
#include "common/quoting.hpp"
#include "grant_line.hpp"
#include "tree_names.hpp"
#include "tree_options.hpp"

namespace acefs::tool::acectl {

namespace {

struct DiffOptions {
  std::string first, second;
  std::vector<std::string> roots;  ///< none, one for both, or one for each
  std::string prefix{backing::kDefaultPrefix};
  bool exact = false;
  bool json = false;
};

using Lines = std::vector<std::string>;

/// What is in `a` and not in `b`; both sorted.
Lines less(const Lines& a, const Lines& b) {
  Lines rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  return rest;
}

class Diff {
 public:
  Diff(const DiffOptions& options, Complaints& complaints, Io& io) : options_(options), complaints_(complaints), io_(io) {}

  void compare(const Named& a, const Named& b) {
    trees_[0] = a.tree.get();
    trees_[1] = b.tree.get();
    compare(a.node, b.node, ".", 0);
  }
  bool differs() const { return differs_; }

 private:
  void compare(const Node& a, const Node& b, const std::string& path, int depth) {
    if ((a.st.st_mode & S_IFMT) != (b.st.st_mode & S_IFMT)) {
      say(path, std::string("is ") + kind_of(a.st) + " in the first tree, " + kind_of(b.st) + " in the second");
      return;
    }
    if (!a.can_have_acl()) return;
    const auto in_a = entries_of(a, 0);
    const auto in_b = entries_of(b, 1);
    if (in_a && in_b && *in_a != *in_b) show(path, less(*in_a, *in_b), less(*in_b, *in_a));
    if (!a.is_directory()) return;
    if (depth == kDeepest) complaints_.error(a.path, kTooDeep);
    else compare_children(a, b, path, depth + 1);
  }

  void compare_children(const Node& a, const Node& b, const std::string& path, int depth) {
    TreeNames left(a, *trees_[0]);
    TreeNames right(b, *trees_[1]);
    while (can_go_on(left, a) && can_go_on(right, b) && (left.name() != nullptr || right.name() != nullptr)) {
      const bool only_left = right.name() == nullptr || (left.name() != nullptr && *left.name() < *right.name());
      const bool only_right = !only_left && (left.name() == nullptr || *right.name() < *left.name());
      const std::string name = only_right ? *right.name() : *left.name();
      const std::string below = path == "." ? name : join(path, name);
      if (only_left) say(below, "is only in the first tree");
      else if (only_right) say(below, "is only in the second tree");
      else compare_child(a, b, name, below, depth);
      if (!only_right) left.pass();
      if (!only_left) right.pass();
    }
  }

  /// Where names are unknown, nothing can be said to be in one tree only.
  bool can_go_on(const TreeNames& names, const Node& directory) {
    if (names.status()) return true;
    complaints_.error(directory.path, error_text(names.status().errno_value()));
    return false;
  }

  void compare_child(const Node& a, const Node& b, const std::string& name, const std::string& path, int depth) {
    const auto in_a = open_child(a, name);
    const auto in_b = open_child(b, name);
    if (in_a && in_b) compare(*in_a, *in_b, path, depth);
  }

  std::optional<Node> open_child(const Node& directory, const std::string& name) {
    auto node = open_node(directory.fd.get(), name, Symlinks::Stay, join(directory.path, name));
    if (node) return *std::move(node);
    complaints_.error(join(directory.path, name), error_text(node.status().errno_value()));
    return std::nullopt;
  }

  std::optional<Lines> entries_of(const Node& node, int side) {
    const Tree& tree = *trees_[side];
    if (const auto all = tree.shows_all(node); !all || !*all) {
      complaints_.error(node.path, all ? "its ACL may not be read" : error_text(all.status().errno_value()));
      return std::nullopt;
    }
    const auto grants = tree.read(node);
    if (!grants) {
      complaints_.error(node.path, error_text(grants.status().errno_value()));
      return std::nullopt;
    }
    Lines lines;
    for (const acl::Grant& grant : parse_grants(*grants)) lines.push_back(options_.exact ? line_of_all(grant) : line_of_meaning(grant));
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  void say(const std::string& path, const std::string& what) {
    differs_ = true;
    if (options_.json) io_.out << one_line({{"path", path}, {"path_hex", to_hex(path)}, {"differs", what}}) << '\n';
    else io_.out << quote_name(path) << ": " << what << '\n';
  }

  void show(const std::string& path, const Lines& removed, const Lines& added) {
    differs_ = true;
    if (options_.json) {
      io_.out << one_line({{"path", path}, {"path_hex", to_hex(path)}, {"first", removed}, {"second", added}}) << '\n';
      return;
    }
    io_.out << "# file: " << quote_name(path) << '\n';
    for (const std::string& line : removed) io_.out << '-' << line << '\n';
    for (const std::string& line : added) io_.out << '+' << line << '\n';
  }

  const DiffOptions& options_;
  Complaints& complaints_;
  Io& io_;
  const Tree* trees_[2] = {nullptr, nullptr};
  bool differs_ = false;
};

/// One of the trees, in which side files are those of its own root.
Result<Named, CannotTell> open_tree(const std::string& path, const DiffOptions& options, std::size_t side) {
  std::optional<std::string> root;
  if (!options.roots.empty()) root = options.roots[std::min(side, options.roots.size() - 1)];
  Trees trees(options.prefix, root);
  auto named = open_named(path, trees, Symlinks::Follow);
  if (!named) return named.error();
  if (!named->node.can_have_acl()) return CannotTell{path, std::string("is ") + kind_of(named->node.st) + ", which has no ACL of its own"};
  if (root && !named->tree->is_mount() && !named->tree->ancestors(named->node))
    return CannotTell{path, "is not below --root " + quote_name(*root)};
  return named;
}

Exit diff(const DiffOptions& options, Io& io) {
  Complaints complaints(io, "acectl");
  if (options.roots.size() > 2) return complain({"", "--root: expected one for both trees, or one for each", Exit::Usage}, complaints);
  const auto a = open_tree(options.first, options, 0);
  if (!a) return complain(a.error(), complaints);
  const auto b = open_tree(options.second, options, 1);
  if (!b) return complain(b.error(), complaints);
  allow_many_descriptors();
  Diff found(options, complaints, io);
  found.compare(*a, *b);
  if (complaints.any()) return Exit::Unknown;
  return found.differs() ? Exit::Failed : Exit::Ok;
}

}  // namespace

Command add_diff(CLI::App& app) {
  const auto options = std::make_shared<DiffOptions>();
  CLI::App* command = app.add_subcommand("diff", "Compare the ACLs of two trees");
  command->add_flag("--exact", options->exact, "Compare also creators, times of sharing and labels");
  add_repeated(*command, "--root", options->roots, "Root of the backing trees; given again, of the second")->type_name("DIR");
  add_prefix_option(*command, options->prefix);
  command->add_flag("--json", options->json, "Answer in JSON, a line for each node");
  // One by one: CLI11 would take a name in brackets apart where there are several values.
  command->add_option("TREE", options->first, "A directory, or a file")->required();
  command->add_option("OTHER", options->second, "Another")->required();
  return {command, [options](Io& io) { return diff(*options, io); }};
}

}  // namespace acefs::tool::acectl
