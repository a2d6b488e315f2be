// SPDX-License-Identifier: MIT
#include "tree_names.hpp"

#include "acefs/backing/grants.hpp"

namespace acefs::tool::acectl {

TreeNames::TreeNames(const Node& directory, const Tree& tree) : directory_(directory) {
  // Only at the root: further down it is a directory like others. A mount has no root of this kind.
  if (const Node* const root = tree.root()) holds_side_files_ = root->same_as(directory.st);
  some_.more = true;
  settle();
}

void TreeNames::pass() {
  ++at_;
  settle();
}

void TreeNames::settle() {
  for (;;) {
    if (at_ < some_.names.size()) {
      if (!holds_side_files_ || some_.names[at_] != backing::kSideDir) return;
      ++at_;
    } else if (some_.more) {
      auto next = names_after(directory_.fd.get(), some_.names.empty() ? "" : some_.names.back());
      if (!next) status_ = next.status();
      some_ = next ? *std::move(next) : SortedNames{};
      at_ = 0;
    } else {
      return;
    }
  }
}

}  // namespace acefs::tool::acectl
