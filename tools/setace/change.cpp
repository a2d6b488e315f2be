// SPDX-License-Identifier: MIT
#include "change.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ostream>

#include "common/json_text.hpp"
#include "common/listing.hpp"
#include "common/quoting.hpp"

namespace acefs::tool::setace {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

bool is_allow(const NewAce& ace) { return ace.entry.key.kind == acl::KeyKind::Plain && ace.entry.type == "A"; }

/// OWNER@ and GROUP@ of an ancestor are other people.
bool is_relative(const std::string& principal) { return principal == acl::kOwnerWho || principal == acl::kGroupWho; }

}  // namespace

std::optional<GrantMap> Changer::read(const Node& node, const Tree& tree) {
  auto grants = tree.read(node);
  if (grants) return *std::move(grants);
  complaints_.error(node.path, error_text(grants.status().errno_value()));
  return std::nullopt;
}

Stamp Changer::stamp(const Tree& tree) {
  if (tree.is_mount()) return {};  // the daemon knows better who asks
  return {options_.creator ? *options_.creator : settings_.resolver().creator_name(::geteuid()), io_.now() / kSecond,
          options_.creator.has_value()};
}

void Changer::edit_node(const Node& node, Tree& tree, const Edit& asked) {
  if (options_.creator && tree.is_mount())
    return complaints_.error(node.path, "--creator works on the backing directory only");
  const auto current = read(node, tree);
  if (!current) return;
  const Outcome outcome = edit(*current, asked, stamp(tree), io_.now());
  for (const std::string& note : outcome.notes) complaints_.note(node.path, note);
  carry_out(node, tree, *current, outcome.changes);
}

void Changer::let_through(const Node& node, Tree& tree, const Edit& asked) {
  const auto above = tree.ancestors(node);
  if (!above && above.status().errno_value() == ENOENT)
    return complaints_.error(node.path, "--traverse: the root of the tree is not known (give --root)");
  if (!above) return complaints_.error(node.path, "--traverse: " + error_text(above.status().errno_value()));
  for (const Node& directory : *above) {
    const auto current = read(directory, tree);
    if (!current) continue;
    GrantMap grants = *current;
    std::vector<backing::Change> changes;
    for (const NewAce& ace : asked.modify) {
      if (!is_allow(ace) || is_relative(ace.entry.key.principal)) continue;
      TraverseAce traverse = traverse_ace(grants, ace, stamp(tree), io_.now());
      if (!traverse.refusal.empty()) complaints_.error(directory.path, traverse.refusal);
      if (!traverse.change) continue;
      grants = after(std::move(grants), {*traverse.change});
      std::erase_if(changes, [&](const backing::Change& earlier) { return earlier.key == traverse.change->key; });
      changes.push_back(*std::move(traverse.change));
    }
    if (!changes.empty()) carry_out(directory, tree, *current, changes);
  }
}

void Changer::restore_node(const ListedNode& listed, Trees& trees) {
  const auto node = open_node(AT_FDCWD, listed.path, Symlinks::Stay);
  if (!node) return complaints_.error(listed.path, error_text(node.status().errno_value()));
  if (!node->can_have_acl())
    return complaints_.error(listed.path, std::string("is ") + kind_of(node->st) + ", which has no ACL of its own");
  const auto tree = trees.of(*node);
  if (!tree) return complaints_.error(listed.path, "root of the tree: " + error_text(tree.status().errno_value()));
  const auto current = read(*node, **tree);
  if (current) carry_out(*node, **tree, *current, restore(*current, listed.grants));
}

void Changer::carry_out(const Node& node, Tree& tree, const GrantMap& current,
                        const std::vector<backing::Change>& changes) {
  if (options_.test) {
    if (!options_.json) print_result(node, after(current, changes));
    else if (!changes.empty()) print_json(node, changes);
    return;
  }
  if (changes.empty()) return;
  const Applied applied = tree.apply(node, current, changes);
  if (!applied.status) {
    std::string message = applied.key.empty() ? "" : quote_name(applied.key) + ": ";
    message += error_text(applied.status.errno_value());
    if (applied.status.errno_value() == ENOSPC && !tree.can_overflow())
      message += " (give --root, for grants that do not fit into attributes)";
    if (applied.done != 0)
      message += " (after " + std::to_string(applied.done) + " of " + std::to_string(changes.size()) + " changes)";
    return complaints_.error(node.path, message);
  }
  if (options_.json) print_json(node, changes);
}

void Changer::print_result(const Node& node, const GrantMap& grants) {
  io_.out << "# file: " << quote_name(node.path) << '\n';
  for (const acl::Grant& grant : parse_grants(grants)) io_.out << format_grant(grant, {io_.now(), {}});
  io_.out << '\n';
}

void Changer::print_json(const Node& node, const std::vector<backing::Change>& changes) {
  Json line = {{"path", node.path}, {"test", options_.test}, {"changes", Json::array()}};
  for (const backing::Change& change : changes) {
    Json item = {{"key", change.key}, {"key_hex", to_hex(change.key)}, {"action", change.value ? "set" : "remove"}};
    if (change.value) {
      const auto key = acl::parse_key(change.key);
      const auto grant = key ? acl::Grant::read(*key, *change.value) : acl::Grant{};
      if (grant.ace) item["entry"] = acl::format_entry(grant.key, *grant.ace);
      item["value_hex"] = to_hex(*change.value);
    }
    line["changes"].push_back(std::move(item));
  }
  io_.out << one_line(line) << '\n';
}

}  // namespace acefs::tool::setace
