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
  /// As acl::decide takes it; valid as long as the chain.
  std::vector<acl::Segment> segments() const;
  /// The chain of the last segment's parent; only where there is one.
  std::vector<acl::Segment> parent_segments() const;

 private:
  std::deque<ChainLink> links_;
};

}  // namespace acefs::tool
