// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io.hpp"
#include "node.hpp"
#include "tree.hpp"

namespace acefs::tool {

/// -R, -L and -P, as of setfacl(1).
struct WalkOptions {
  bool recursive = false;
  bool logical = false;   ///< follow symbolic links
  bool physical = false;  ///< skip them also where they are named
};

/// Visits the files and directories that a command line names, each as a held node, in the order of their names.
///
/// Symbolic links, fifos, sockets, devices and acefs' own `.oc-nodes` are passed over in silence below a directory that is
/// walked; naming one is an error. What fails is complained of, and the walk goes on.
class Walk {
 public:
  /// Whether the node stands on the command line, or was found below one that does.
  enum class Named { Yes, No };
  using Visit = std::function<void(Node&, const std::shared_ptr<Tree>&, Named)>;

  Walk(Io& io, Complaints& complaints, Trees& trees, WalkOptions options, Visit visit);
  ~Walk();

  /// Visits a file named on the command line, and with -R what is below it.
  void run(const std::string& path);
  /// Visits each; "-" stands for the names on standard input, one a line.
  void run_all(const std::vector<std::string>& paths);

 private:
  void visit(Node& node, const std::shared_ptr<Tree>& tree, Named named);
  void descend(const Node& directory, const std::shared_ptr<Tree>& tree);
  void show_progress();

  Io& io_;
  Complaints& complaints_;
  Trees& trees_;
  WalkOptions options_;
  Visit visit_;
  std::vector<std::pair<dev_t, ino_t>> open_directories_;  ///< from the named one down: a link back up ends the descent
  std::size_t visited_ = 0;
  acl::TimePoint progress_shown_ = 0;
  bool progress_on_screen_ = false;
};

}  // namespace acefs::tool
