// SPDX-License-Identifier: MIT
// What of a tree a user can get at. Holds no more than the way to where it is.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cerrno>
#include <memory>
#include <ostream>

#include "command.hpp"
#include "common/chain.hpp"
#include "common/directory.hpp"
#include "common/json_text.hpp"
#include "common/quoting.hpp"
#include "tree_names.hpp"
#include "tree_options.hpp"

namespace acefs::tool::acectl {

namespace {

struct ReachOptions {
  TreeOptions tree;
  std::string user;
  std::string letters;
  std::string path;
  bool json = false;
};

class Reach {
 public:
  Reach(const ReachOptions& options, Rules& rules, acl::Identity who, Complaints& complaints, Io& io)
      : options_(options), settings_(rules.settings), who_(std::move(who)), profile_(rules.profile), complaints_(complaints), io_(io) {}

  void walk(const Named& top) {
    tree_ = top.tree.get();
    auto chain = Chain::open(top.node, *top.tree, settings_.principals());
    if (!chain) return complaints_.error("", chain.error());
    chain_ = *std::move(chain);
    visit(top.node, 0);
  }

 private:
  acl::Decision decide(acl::AccessMask need) const {
    return acl::decide(chain_.segments(), who_, {need, io_.now(), std::nullopt}, profile_);
  }

  /// The node that ends the chain.
  void visit(const Node& node, int depth) {
    const acl::Decision decision = decide({});
    if (decision.granted && is_worth_telling(decision.effective)) print(node, decision.effective);
    if (!node.is_directory()) return;
    const bool passes = profile_.traverse_is_strict ? decide(acl::Perm::Execute).granted : true;
    if (passes && !who_.refused) descend(node, depth);
  }

  /// Attributes alone are nothing: everybody has these of whatever he can reach.
  bool is_worth_telling(acl::AccessMask letters) const {
    if (!options_.letters.empty()) return letters.contains(acl::mask_of(options_.letters));
    return !(letters - acl::AccessMask(acl::Perm::ReadAttributes)).empty();
  }

  void descend(const Node& directory, int depth) {
    if (depth == kDeepest) return complaints_.error(directory.path, kTooDeep);
    TreeNames names(directory, *tree_);
    for (; const std::string* name = names.name(); names.pass()) enter(directory, *name, depth + 1);
    if (const int error = names.status().errno_value(); error != 0) complaints_.error(directory.path, error_text(error));
  }

  void enter(const Node& directory, const std::string& name, int depth) {
    const std::string path = join(directory.path, name);
    const auto node = open_node(directory.fd.get(), name, Symlinks::Stay, path);
    if (!node && node.status().errno_value() == ENOENT) return;  // gone meanwhile
    if (!node) return complaints_.error(path, error_text(node.status().errno_value()));
    // What is mounted below a mount is not its business any more.
    if (tree_->is_mount() && node->st.st_dev != directory.st.st_dev) return;
    const auto entered = chain_.enter(*node, name, *tree_, settings_.principals());
    if (!entered) return complaints_.error("", entered.error());
    visit(*node, depth);
    chain_.leave();
  }

  void print(const Node& node, acl::AccessMask letters) {
    const char* kind = node.is_directory() ? "directory" : S_ISREG(node.st.st_mode) ? "file" : "other";
    if (options_.json) {
      io_.out << one_line({{"path", node.path}, {"path_hex", to_hex(node.path)}, {"kind", kind}, {"effective", acl::letters_of(letters)}})
              << '\n';
    } else {
      io_.out << acl::letters_of(letters) << '\t' << quote_name(node.path) << (node.is_directory() ? "/" : "") << '\n';
    }
  }

  const ReachOptions& options_;
  Settings& settings_;
  acl::Identity who_;
  acl::Profile profile_;
  Complaints& complaints_;
  Io& io_;
  const Tree* tree_ = nullptr;
  Chain chain_;
};

Exit reach(const ReachOptions& options, Io& io) {
  Complaints complaints(io, "acectl");
  if (const auto unknown = unknown_letter(options.letters)) {
    complaints.error("", std::string("--need: unknown permission '") + *unknown + "', known are " + std::string(acl::kLetters));
    return Exit::Usage;
  }
  Trees trees(options.tree.prefix, options.tree.root);
  const auto top = open_named(options.path, trees, Symlinks::Follow);
  if (!top) return complain(top.error(), complaints);
  auto rules = rules_for(options.tree, *top, complaints);
  if (!rules) return complain(rules.error(), complaints);
  auto who = rules->settings.resolver().identity_of(options.user, io.now());
  if (!who) return complain({"", "no such user: " + quote_name(options.user)}, complaints);
  allow_many_descriptors();
  Reach(options, *rules, *std::move(who), complaints, io).walk(*top);
  return complaints.any() ? Exit::Unknown : Exit::Ok;
}

}  // namespace

Command add_reach(CLI::App& app) {
  const auto options = std::make_shared<ReachOptions>();
  CLI::App* command = app.add_subcommand("reach", "List what a user can get at in a tree");
  command->add_option("--as", options->user, "Who: a user's name or uid")->type_name("USER")->required();
  command->add_option("--need", options->letters, "Only that on which he has all of these permissions")->type_name("LETTERS");
  add_tree_options(*command, options->tree);
  command->add_flag("--json", options->json, "Answer in JSON, a line for each");
  command->add_option("TREE", options->path, "Directory, or a single file")->required();
  return {command, [options](Io& io) { return reach(*options, io); }};
}

}  // namespace acefs::tool::acectl
