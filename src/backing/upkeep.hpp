// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/base/result.hpp"

namespace acefs::backing {

/// How the two places where a node's grants can be agree.
struct Placement {
  enum class Side { None, Good, Missing, Broken };
  Side side = Side::None;                ///< None: the marker is not set
  std::string id;                        ///< of a node whose marker is set; empty: it has none
  std::vector<std::string> left_behind;  ///< keys of grants that are xattrs still, beside the side file
};

/// Looks once: whoever writes the node meanwhile may make it look inconsistent.
Result<Placement> placement_of(int root, int fd, std::string_view prefix);

/// The id of the side file that the node's grants are in; nothing when they are attributes of its own.
Result<std::optional<std::string>> side_id_of(int fd, std::string_view prefix);

/// A file below `.oc-nodes`.
struct SideEntry {
  enum class Kind {
    Grants,     ///< a side file
    Temporary,  ///< what a writer leaves when it ends in the middle
    Other,      ///< nothing that acefs writes
  };
  Kind kind = Kind::Other;
  std::string path;  ///< relative to the root
  std::string id;    ///< of the node that it is for; empty for Other
  std::int64_t ctime_ns = 0;
};

/// Visits what is below `.oc-nodes`, locks left out, in no order; ends early when `visit` returns false. Nothing is there: nothing is
/// visited. Fails when a directory cannot be read.
Status each_side_entry(int root, const std::function<bool(const SideEntry&)>& visit);

/// Waits until nobody writes the side file of the node `id`.
Status wait_for_writers(int root, const std::string& id);

/// Removes a side file or a temporary file, unless it changed after it was visited. Nobody writes it meanwhile. False: it changed,
/// or it is gone.
Result<bool> remove_side_entry(int root, const SideEntry& entry);

}  // namespace acefs::backing
