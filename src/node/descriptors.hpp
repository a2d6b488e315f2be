// SPDX-License-Identifier: MIT
#pragma once

#include "node/node.hpp"

namespace acefs::node {

inline bool has_link(Node& node) {
  const std::lock_guard lock(node.mutex);
  return !node.links.empty();
}

/// A descriptor that leads to the node whatever became of its names.
inline SharedFd any_descriptor(Node& node) {
  const std::lock_guard lock(node.mutex);
  if (node.pinned) return node.pinned;
  if (node.held) return node.held;
  for (const auto& opened : node.opened) {
    if (SharedFd fd = opened.lock()) return fd;
  }
  return nullptr;
}

}  // namespace acefs::node
