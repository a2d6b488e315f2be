// SPDX-License-Identifier: MIT
#pragma once

#include "node/node.hpp"

namespace acefs::node {

// A node's descriptors besides the held ones. These take the node's mutex.

/// Keeps `fd`, O_PATH, for a node that is going to be without a name: nothing else will lead to it. Until unpin().
void pin(Node& node, SharedFd fd);
void unpin(Node& node);
bool is_pinned(Node& node);

/// Somebody opened the node, and goes on as long as he keeps `fd`; closed() when he let go of it.
void opened(Node& node, const SharedFd& fd);
void closed(Node& node);
bool is_open(Node& node);

/// A descriptor that leads to the node whatever became of its names.
SharedFd any_descriptor(Node& node);

}  // namespace acefs::node
