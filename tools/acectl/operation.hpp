// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/acl/perm.hpp"

namespace acefs::tool::acectl {

/// The nodes that an operation may be about.
enum class Place { Node, Parent, NewParent, Replaced };

/// One way to satisfy a need.
struct Way {
  enum class By { Letters, Owner, Root };
  Place place = Place::Node;
  By by = By::Letters;
  acl::AccessMask letters;
  /// Of a letters way to delete in a sticky directory: who does not own the node or the directory may not take it.
  bool owner_if_sticky = false;
};

/// Something that must be given, in any one of its ways.
struct Need {
  std::string what;  ///< "to delete the node: d on it, or D on its parent"
  std::vector<Way> ways;
  int error = 0;  ///< the errno of its refusal
};

/// What an operation is about, as far as its needs depend on it.
struct Subject {
  bool is_directory = false;    ///< the node
  bool changes_parent = false;  ///< rename: the new parent is another directory
  bool replaces = false;        ///< rename: the new name is taken
  bool parent_sticky = false;
  bool new_parent_sticky = false;
};

struct Operation {
  std::string_view name;
  bool makes_node = false;  ///< PATH names what is to be made: only its parent must exist
  bool has_target = false;  ///< takes --to
};

/// Every operation by name, in the order of the documentation.
const std::vector<Operation>& operations();
const Operation* find_operation(std::string_view name);
/// What must be given for it, all of it.
std::vector<Need> needs_of(const Operation& operation, const Subject& subject);

}  // namespace acefs::tool::acectl
