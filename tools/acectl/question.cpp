// SPDX-License-Identifier: MIT
#include "question.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "operation.hpp"

namespace acefs::tool::acectl {

namespace {

struct Opened {
  Node node;
  std::shared_ptr<Tree> tree;
  Chain chain;
};

Result<Opened, CannotTell> open_chain(Trees& trees, const std::string& path, Settings& settings) {
  auto node = open_node(AT_FDCWD, path, Symlinks::Stay);
  if (!node) return CannotTell{path, error_text(node.status().errno_value())};
  const auto tree = trees.of(*node);
  if (!tree) return CannotTell{path, "root of the tree: " + error_text(tree.status().errno_value())};
  auto chain = Chain::open(*node, **tree, settings.principals());
  if (!chain) return CannotTell{"", chain.error()};
  return Opened{*std::move(node), *tree, *std::move(chain)};
}

/// Opens what the operation is about and asks for each of its needs.
class Question {
 public:
  Question(const ExplainOptions& options, Settings& settings, Answer& answer)
      : options_(options), settings_(settings), trees_(options.prefix, options.root), answer_(answer) {}

  std::optional<CannotTell> ask() {
    static const Operation raw{"need"};
    const Operation* operation = options_.letters ? &raw : find_operation(options_.operation);
    if (auto failed = open_places(*operation)) return failed;
    const auto needs = options_.letters ? std::vector{letters_need(*options_.letters)} : needs_of(*operation, subject());
    for (const Need& need : needs) {
      for (const Way& way : need.ways)
        if (!places_.contains(way.place)) return CannotTell{options_.path, "is the root of the tree, and has no parent in it"};
      answer_.findings.push_back(find(need, places_, answer_.asked));
    }
    if (operation->has_target)
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

  std::optional<CannotTell> open_places(const Operation& operation) {
    const std::string path = without_trailing_slashes(options_.path);
    auto source = open_chain(trees_, operation.makes_node ? directory_of(path) : path, settings_);
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
    auto parent = open_chain(trees_, directory_of(to), settings_);
    if (!parent) return parent.error();
    if (!parent->node.is_directory()) return CannotTell{parent->node.path, error_text(ENOTDIR)};
    if (parent->chain.links().front().st.st_dev != source_->chain.links().front().st.st_dev ||
        parent->chain.links().front().st.st_ino != source_->chain.links().front().st.st_ino)
      return CannotTell{to, "is not in the same tree"};
    target_parent_ = *std::move(parent);
    places_[Place::NewParent] = {&target_parent_->chain, false};
    auto replaced = open_chain(trees_, to, settings_);
    if (!replaced) return ::faccessat(AT_FDCWD, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT
                              ? std::nullopt
                              : std::optional(replaced.error());
    replaced_ = *std::move(replaced);
    places_[Place::Replaced] = {&replaced_->chain, false};
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
    answer_.effective =
        acl::decide(segments, answer_.asked.who, {{}, answer_.asked.now, std::nullopt}, answer_.asked.profile).effective;
  }

  const ExplainOptions& options_;
  Settings& settings_;
  Trees trees_;
  Answer& answer_;
  std::optional<Opened> source_, target_parent_, replaced_;
  Places places_;
};

}  // namespace

const Finding* Answer::refusal() const {
  const auto found = std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return !f.given; });
  return found == findings.end() ? nullptr : &*found;
}

std::optional<CannotTell> ask(const ExplainOptions& options, Settings& settings, Answer& answer) {
  return Question(options, settings, answer).ask();
}

}  // namespace acefs::tool::acectl
