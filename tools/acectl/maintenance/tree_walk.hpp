// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/node.hpp"
#include "common/tree.hpp"
#include "interruption.hpp"
#include "link_memory.hpp"
#include "progress.hpp"

namespace acefs::tool::acectl {

/// Visits every file and directory of a tree, each inode once, in an order that is the same every time: a directory before what is
/// below it, and names in the order of their bytes. So a walk that ended can be taken up at the path where it did.
///
/// Memory does not grow with the tree: a part of the names of each directory on the way down, and files with several names.
class TreeWalk {
 public:
  /// `path` is relative to the top, which is ".".
  using Visit = std::function<void(const Node& node, const std::shared_ptr<Tree>& tree, const std::string& path)>;
  using Failed = std::function<void(const std::string& path, int error)>;

  TreeWalk(Trees& trees, Progress& progress, const Interruption& interruption, Failed failed)
      : trees_(trees), progress_(progress), interruption_(interruption), failed_(std::move(failed)) {}

  /// `from`: begin at this path, or at what comes after it; empty: at the top. Returns the path before which the walk was interrupted,
  /// nothing when it came to its end.
  std::optional<std::string> run(const Node& top, const std::shared_ptr<Tree>& tree, const std::string& from, Visit visit);

 private:
  /// How much of the job a directory stands for.
  struct Part {
    double start = 0;
    double width = 1;
  };
  /// `from`: the parts of a path below the directory at which to begin; empty: all of it.
  void descend(const Node& directory, const std::shared_ptr<Tree>& tree, const std::string& path,
               std::vector<std::string> from, Part part);
  void child(const Node& directory, const std::shared_ptr<Tree>& tree, const std::string& name, const std::string& path,
             std::vector<std::string> from, Part part);

  Trees& trees_;
  Progress& progress_;
  const Interruption& interruption_;
  Failed failed_;
  Visit visit_;
  LinkMemory links_;
  std::optional<std::string> stopped_;
};

}  // namespace acefs::tool::acectl
