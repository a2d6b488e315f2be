// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "common/node.hpp"
#include "common/tree.hpp"
#include "maintenance/sorted_names.hpp"

namespace acefs::tool::acectl {

/// Trees are looked into this many directories deep: each level takes a descriptor and a part of the stack.
inline constexpr int kDeepest = 1000;
inline constexpr const char* kTooDeep = "is 1000 directories down: what is below it is not looked into";

/// The names of a directory, one after the other in the order of their bytes, without the place of side files. So many at a time are held that
/// no directory is too large for the memory.
class TreeNames {
 public:
  /// `directory` and `tree` must outlive this.
  TreeNames(const Node& directory, const Tree& tree);

  /// nullptr: there are no more, or they could not be read (`status`).
  const std::string* name() const { return at_ < some_.names.size() ? &some_.names[at_] : nullptr; }
  /// Goes on to the next.
  void pass();
  const Status& status() const { return status_; }

 private:
  void settle();

  const Node& directory_;
  bool holds_side_files_ = false;  ///< the directory is the root of a backing tree
  SortedNames some_;
  std::size_t at_ = 0;
  Status status_;
};

}  // namespace acefs::tool::acectl
