// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "acefs/acl/ace.hpp"
#include "acefs/backing/grants.hpp"
#include "node.hpp"

namespace acefs::tool {

/// The grants of one node as bytes: what follows the prefix → value, names that are not keys of grants left out.
using GrantMap = std::map<std::string, std::string, std::less<>>;

/// What became of a node's changes.
struct Applied {
  Status status;
  std::string key;       ///< the change that failed, when the others were made one by one
  std::size_t done = 0;  ///< how many had been made before it
};

/// A tree of files whose grants can be read and written: an acefs mount, or a backing directory.
class Tree {
 public:
  virtual ~Tree() = default;
  virtual bool is_mount() const = 0;
  virtual const std::string& prefix() const = 0;
  /// Whether there is a place for grants that do not fit into the node's attributes (ENOSPC else).
  virtual bool can_overflow() const = 0;
  virtual Result<GrantMap> read(const Node& node) const = 0;
  /// Whether read() shows this process all of the node's grants: through a mount, who may not read an ACL sees his own only.
  virtual Result<bool> shows_all(const Node& node) const = 0;
  /// `current` is what read() gave. On the backing all changes are made, or none; on a mount one by one, in an order in which
  /// no state between gives more than the one before or the one after.
  virtual Applied apply(const Node& node, const GrantMap& current, std::span<const backing::Change> changes) = 0;
  /// All changes, or none, on a mount too, with the rights that each of them needs. What passes one request to the daemon (48 KiB) is
  /// made in several.
  virtual Status apply_at_once(const Node& node, const GrantMap& current, std::span<const backing::Change> changes) = 0;
  /// Gives grants new values, one by one on a mount, as apply() orders them. ENODATA: one of them is gone meanwhile, and stays so.
  virtual Status replace(const Node& node, const GrantMap& current, std::span<const backing::Change> changes) = 0;
  /// The root of a backing tree, when it is known: where side files are.
  virtual const Node* root() const { return nullptr; }
  /// GrantStore::tidy, of a backing tree; a mount has nothing to tidy.
  virtual Status tidy(const Node&) { return Status::ok(); }
  /// The nodes from the root of the tree down to `node`, `node` left out, by their absolute paths. ENOENT: the root is not known, or `node` is
  /// not below it.
  Result<std::vector<Node>> ancestors(const Node& node) const;

 protected:
  enum class Place { Below, Root, Unknown };
  virtual Place place_of(const Node& directory) const = 0;
};

/// Tells which tree a node is in.
class Trees {
 public:
  /// `root`: the root of the backing tree, if it was said.
  Trees(std::string prefix, std::optional<std::string> root) : prefix_(std::move(prefix)), root_(std::move(root)) {}

  /// ENOENT: `root` was said and cannot be opened (with its errno).
  Result<std::shared_ptr<Tree>> of(const Node& node);
  /// For a directory reached from another whose tree is known: looks only at what can have changed in between.
  Result<std::shared_ptr<Tree>> below(const std::shared_ptr<Tree>& parent_tree, const Node& parent, const Node& node);

 private:
  Result<std::shared_ptr<Tree>> backing_of(const Node& node);

  std::string prefix_;
  std::optional<std::string> root_;
  std::map<dev_t, std::shared_ptr<Tree>> mounts_;
  std::shared_ptr<Tree> rooted_;  ///< the tree of `root_`
};

/// The grants among them, parsed; sorted by key.
std::vector<acl::Grant> parse_grants(const GrantMap& grants);

}  // namespace acefs::tool
