// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "acefs/acl/decide.hpp"
#include "common/chain.hpp"
#include "operation.hpp"

namespace acefs::tool::acectl {

/// A place of an operation: its chain, and what the decision takes.
struct PlaceChain {
  const Chain* chain = nullptr;
  bool parent_of_last = false;  ///< the place is the parent of the chain's last segment

  std::vector<acl::Segment> segments() const;
  const std::string& path() const;
};
using Places = std::map<Place, PlaceChain>;

/// What an ACE on a segment does to the user on the node that the operation is about.
struct AceEffect {
  enum class Kind { Gives, Takes, Expired, CountsElsewhere, Watches };
  std::string entry;  ///< as typed, or why it is malformed
  Kind kind = Kind::Gives;
  acl::AccessMask letters;
};

struct SegmentView {
  std::string path;
  struct stat st {};
  std::vector<AceEffect> aces;       ///< those that name the user
  std::optional<bool> lets_through;  ///< x, of directories
};

/// What was found of one need: of the way that satisfied it, or of those that did not (kind and path: of the first).
struct Finding {
  std::string what;
  bool given = false;
  int error = 0;
  std::string reason;        ///< one sentence
  std::string reason_kind;   ///< for JSON
  std::string reason_path;   ///< segment that the reason is about
};

struct Asked {
  acl::Identity who;
  acl::TimePoint now = 0;
  acl::Profile profile;
};

/// The segments of `chain`, with what their ACEs do to `asked.who` on its last one.
std::vector<SegmentView> view(const Chain& chain, const Asked& asked);

/// Whether a need is given, and why; by acl::decide().
Finding find(const Need& need, const Places& places, const Asked& asked);

/// Whether a rename or link would give `asked.who` rights that he lacks now.
Finding find_widening(const PlaceChain& from, const PlaceChain& to_parent, const Asked& asked);

}  // namespace acefs::tool::acectl
