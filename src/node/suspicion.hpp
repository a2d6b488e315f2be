// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "node/node.hpp"

namespace acefs::node {

// The kernel asks for a file by number alone. When a name of it was lost behind the mount, who comes may have been led by that name: until
// the kernel has dropped it, and a moment longer, for those who were on their way. During that time only who was led here by a look-up in the
// same system call is known to have come by the name that he looked up. These take the node's mutex.

/// The file lost that name, of which the kernel is being told (WalkEvents::stale_name()).
void suspect(Node& node, const LinkPtr& lost, std::uint64_t ticket);
/// A directory on the way to one of its names was moved.
void suspect_ways(Node& node);
/// Where those may have come from who were led here: the directories of its names and of those that it lost. Nothing: anywhere.
std::vector<NodePtr> origins(Node& node);

struct Suspicion {
  bool is_suspect = false;
  std::uint64_t ticket = 0;  ///< of what the kernel is still to drop, as far as is known here
};
Suspicion suspicion_of(Node& node);
/// The kernel had dropped the names up to that ticket at that time.
void dropped(Node& node, std::uint64_t ticket, std::chrono::steady_clock::time_point at);

/// The thread looked up that name of the file, in that system call (a text that tells it from others). Not kept unless the node is suspect.
void looked_up(Node& node, pid_t thread, const LinkPtr& link, const std::string& system_call);
/// Whether that is how the thread came, who asks for `opcode` by a request of that number. Another request for the same is another call, though
/// it may look the same.
bool came_by_lookup(Node& node, pid_t thread, const std::string& system_call, const char* opcode, std::uint64_t number);

}  // namespace acefs::node
