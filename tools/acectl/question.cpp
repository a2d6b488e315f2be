// SPDX-License-Identifier: MIT
#include "question.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "common/quoting.hpp"
#include "operation.hpp"

namespace acefs::tool::acectl {

namespace {

struct Opened {
  Node node;
  std::shared_ptr<Tree> tree;
  Chain chain;
};

const Operation& operation_of(const ExplainOptions& options) {
  static const Operation raw{"need"};
  return options.letters ? raw : *find_operation(options.operation);
}

Result<Opened, CannotTell> with_chain(Named named, Settings& settings) {
  auto chain = Chain::open(named.node, *named.tree, settings.principals());
  if (!chain) return CannotTell{"", chain.error()};
  return Opened{std::move(named.node), std::move(named.tree), *std::move(chain)};
}

Result<Opened, CannotTell> open_chain(Trees& trees, const std::string& path, Settings& settings, Symlinks symlinks) {
  auto named = open_named(path, trees, symlinks);
  if (!named) return named.error();
  return with_chain(*std::move(named), settings);
}

/// Asks for each need of an operation.
class Question {
 public:
  Question(const ExplainOptions& options, const WhatIf& what_if, Trees& trees, Settings& settings, Answer& answer)
      : options_(options), what_if_(what_if), settings_(settings), trees_(trees), answer_(answer) {}

  std::optional<CannotTell> ask(Named named) {
    const Operation& operation = operation_of(options_);
    if (auto failed = open_places(operation, std::move(named))) return failed;
    if (auto failed = imagine()) return failed;
    const auto needs = options_.letters ? std::vector{letters_need(*options_.letters)} : needs_of(operation, subject());
    for (const Need& need : needs) {
      for (const Way& way : need.ways)
        if (!places_.contains(way.place)) return CannotTell{options_.path, "is the root of the tree, and has no parent in it"};
      answer_.findings.push_back(find(need, places_, answer_.asked));
    }
    if (operation.has_target)
      answer_.findings.push_back(find_widening(places_.at(Place::Node), places_.at(Place::NewParent), answer_.asked));
    describe();
    return std::nullopt;
  }

 private:
  static Need letters_need(const std::string& letters) {
    return {letters.empty() ? "x on every directory above" : letters,
            {{.place = Place::Node, .letters = acl::mask_of(letters)}},
            EACCES};
  }

  std::optional<CannotTell> open_places(const Operation& operation, Named named) {
    auto source = with_chain(std::move(named), settings_);
    if (!source) return source.error();
    source_ = *std::move(source);
    if (operation.makes_node) {
      if (!source_->node.is_directory()) return CannotTell{source_->node.path, error_text(ENOTDIR)};
      places_[Place::Parent] = {&source_->chain, false};
      return std::nullopt;
    }
    places_[Place::Node] = {&source_->chain, false};
    if (source_->chain.links().size() > 1) places_[Place::Parent] = {&source_->chain, true};
    return operation.has_target ? open_target() : std::nullopt;
  }

  std::optional<CannotTell> open_target() {
    if (options_.to.empty()) {
      if (places_.contains(Place::Parent)) places_[Place::NewParent] = places_[Place::Parent];
      else return CannotTell{options_.path, "is the root of the tree, and has no parent in it"};
      return std::nullopt;
    }
    const std::string to = without_trailing_slashes(options_.to);
    auto parent = open_chain(trees_, directory_of(to), settings_, Symlinks::Follow);
    if (!parent) return parent.error();
    if (!parent->node.is_directory()) return CannotTell{parent->node.path, error_text(ENOTDIR)};
    if (parent->chain.links().front().st.st_dev != source_->chain.links().front().st.st_dev ||
        parent->chain.links().front().st.st_ino != source_->chain.links().front().st.st_ino)
      return CannotTell{to, "is not in the same tree"};
    target_parent_ = *std::move(parent);
    places_[Place::NewParent] = {&target_parent_->chain, false};
    auto replaced = open_chain(trees_, to, settings_, Symlinks::Stay);
    if (!replaced) return ::faccessat(AT_FDCWD, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT
                              ? std::nullopt
                              : std::optional(replaced.error());
    replaced_ = *std::move(replaced);
    places_[Place::Replaced] = {&replaced_->chain, false};
    return std::nullopt;
  }

  /// Changes what --with and --without say, on every chain that leads through the node.
  std::optional<CannotTell> imagine() {
    if (what_if_.empty()) return std::nullopt;
    struct stat st = source_->node.st;
    std::string about = source_->node.path;
    if (!options_.at.empty()) {
      const auto node = open_node(AT_FDCWD, without_trailing_slashes(options_.at), Symlinks::Stay);
      if (!node) return CannotTell{options_.at, error_text(node.status().errno_value())};
      st = node->st;
      about = node->path;
    }
    std::string met;  // its path in the tree
    for (std::optional<Opened>* opened : {&source_, &target_parent_, &replaced_}) {
      if (!*opened) continue;
      for (const ChainLink& link : (*opened)->chain.links())
        if (link.st.st_dev == st.st_dev && link.st.st_ino == st.st_ino) met = link.path;
      if (auto wrong = what_if_.imagine((*opened)->chain, st, settings_.principals())) return CannotTell{about, *wrong};
    }
    if (met.empty()) return CannotTell{about, "is not on the way to " + quote_name(options_.path)};
    for (const std::string& entry : options_.without) answer_.imagined.push_back("without " + entry + " on " + quote_name(met));
    for (const std::string& entry : options_.with) answer_.imagined.push_back("with " + entry + " on " + quote_name(met));
    return std::nullopt;
  }

  Subject subject() const {
    Subject s;
    const auto is_sticky = [&](Place place) {
      return places_.contains(place) && (places_.at(place).segments().back().mode & S_ISVTX) != 0;
    };
    s.is_directory = places_.contains(Place::Node) && source_->node.is_directory();
    s.replaces = replaced_.has_value();
    s.parent_sticky = is_sticky(Place::Parent);
    s.new_parent_sticky = is_sticky(Place::NewParent);
    if (target_parent_ && source_->chain.links().size() > 1) {
      const ChainLink& parent = source_->chain.links()[source_->chain.links().size() - 2];
      s.changes_parent = !target_parent_->node.same_as(parent.st);
    }
    return s;
  }

  void describe() {
    const auto root = path_of(source_->node);
    std::string tree = root ? *root : source_->node.path;
    const std::string& below = source_->chain.last().path;
    if (tree.ends_with(below)) tree.resize(tree.size() - (below == "/" ? 0 : below.size()));
    answer_.tree = tree.empty() ? "/" : tree;
    answer_.tree += source_->tree->is_mount() ? " (mount)" : " (backing)";
    answer_.segments = view(source_->chain, answer_.asked);
    if (target_parent_) answer_.to_segments = view(target_parent_->chain, answer_.asked);
    const auto segments = source_->chain.segments();
    const auto has = [&](const acl::Identity& who) {
      return acl::decide(segments, who, {{}, answer_.asked.now, std::nullopt}, answer_.asked.profile).effective;
    };
    const acl::Identity& who = answer_.asked.who;
    answer_.effective = has(who);
    if (who.user) answer_.bound = has(*who.user);
  }

  const ExplainOptions& options_;
  const WhatIf& what_if_;
  Settings& settings_;
  Trees& trees_;
  Answer& answer_;
  std::optional<Opened> source_, target_parent_, replaced_;
  Places places_;
};

}  // namespace

const Finding* Answer::refusal() const {
  const auto found = std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return !f.given; });
  return found == findings.end() ? nullptr : &*found;
}

Result<Named, CannotTell> open_source(const ExplainOptions& options, Trees& trees) {
  if (!operation_of(options).makes_node) return open_named(options.path, trees, Symlinks::Stay);
  return open_named(directory_of(without_trailing_slashes(options.path)), trees, Symlinks::Follow);
}

std::optional<CannotTell> ask(const ExplainOptions& options, const WhatIf& what_if, Trees& trees, Named source, Settings& settings,
                              Answer& answer) {
  return Question(options, what_if, trees, settings, answer).ask(std::move(source));
}

}  // namespace acefs::tool::acectl
