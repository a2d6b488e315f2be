// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/settings.hpp"
#include "explain.hpp"
#include "explanation.hpp"

namespace acefs::tool::acectl {

/// Why the question cannot be answered.
struct CannotTell {
  std::string about;
  std::string message;
};

/// What `explain` found.
struct Answer {
  std::string user;
  Asked asked;
  std::vector<std::string> names;  ///< what ACEs may call the user
  std::string tree;
  std::string operation;
  std::vector<SegmentView> segments;   ///< of the node, or of the directory where it would be made
  std::vector<SegmentView> to_segments;
  acl::AccessMask effective;  ///< on the last of `segments`
  std::vector<Finding> findings;

  /// The first need that is not given; nullptr: granted.
  const Finding* refusal() const;
};

/// Opens what the operation is about, and asks for each of its needs. `answer.asked` is what it is given; the rest it fills in.
std::optional<CannotTell> ask(const ExplainOptions& options, Settings& settings, Answer& answer);

}  // namespace acefs::tool::acectl
