// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/settings.hpp"
#include "explain.hpp"
#include "explanation.hpp"

namespace acefs::tool::acectl {

/// What `explain` found.
struct Answer {
  std::string user;
  Asked asked;
  std::vector<std::string> names;  ///< what ACEs may call the user
  std::string tree;
  std::string operation;
  std::vector<std::string> imagined;  ///< "with u:alice:w on /docs"
  std::vector<SegmentView> segments;   ///< of the node, or of the directory where it would be made
  std::vector<SegmentView> to_segments;
  acl::AccessMask effective;  ///< on the last of `segments`
  std::optional<acl::AccessMask> bound;  ///< of a token: what its user has there
  std::vector<Finding> findings;

  /// The first need that is not given; nullptr: granted.
  const Finding* refusal() const;
};

/// What the operation is about; of what would be made, its directory.
Result<Named, CannotTell> open_source(const ExplainOptions& options, Trees& trees);

/// Asks for each need of the operation on `source`, and fills in what of `answer` is not known yet: all but user, operation, names and
/// `asked`.
std::optional<CannotTell> ask(const ExplainOptions& options, const WhatIf& what_if, Trees& trees, Named source, Settings& settings,
                              Answer& answer);

}  // namespace acefs::tool::acectl
