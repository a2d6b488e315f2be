// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "acefs/acl/acl.hpp"
#include "acefs/acl/decide.hpp"
#include "node.hpp"
#include "tree.hpp"

namespace acefs::tool {

/// One segment of a path with what the decision needs to know of it.
struct ChainLink {
  std::string path;  ///< from the root of the tree: "/", "/docs" …
  struct stat st {};
  acl::Acl acl;
};

/// The segments from the root of a tree down to a node.
class Chain {
 public:
  /// An error is a sentence saying what could not be known.
  static Result<Chain, std::string> open(const Node& node, const Tree& tree, acl::PrincipalTable& principals);

  const std::deque<ChainLink>& links() const { return links_; }
  const ChainLink& last() const { return links_.back(); }
  /// Has a segment carry another ACL: for questions of what would be.
  void replace_acl(std::size_t segment, acl::Acl acl) { links_[segment].acl = std::move(acl); }
  /// As acl::decide takes it; valid as long as the chain.
  std::vector<acl::Segment> segments() const;
  /// Goes on to a child of the last segment, which must be a directory.
  Result<bool, std::string> enter(const Node& child, const std::string& name, const Tree& tree, acl::PrincipalTable& principals);
  /// Back to the last segment's parent.
  void leave() { links_.pop_back(); }
  /// The chain of the last segment's parent; only where there is one.
  std::vector<acl::Segment> parent_segments() const;

 private:
  std::deque<ChainLink> links_;
};

}  // namespace acefs::tool
