// SPDX-License-Identifier: MIT
#include "node/coherence.hpp"

namespace acefs::node {

bool Coherence::watch_side_file(int, const std::string&, const NodePtr&) { return false; }

void Coherence::note(Node& node) {
  node.version.fetch_add(1, std::memory_order_acq_rel);
  if (node.is_directory()) epoch_.fetch_add(1, std::memory_order_acq_rel);
}

void Coherence::note_moved(Node& node) {
  if (node.is_directory()) return note(node);
  const std::lock_guard lock(node.mutex);
  const Stamp before = stamp(node);
  const std::uint32_t version = node.version.fetch_add(1, std::memory_order_acq_rel) + 1;
  // Of the same generation: if everything came into doubt meanwhile, so did this.
  const bool alone = version == static_cast<std::uint32_t>(before) + 1U;
  if (alone && node.acl_stamp == before) node.acl_stamp = (before & ~Stamp{UINT32_MAX}) | version;
}

void Coherence::note_all() {
  hear();
  generation_.fetch_add(1, std::memory_order_acq_rel);
  epoch_.fetch_add(1, std::memory_order_acq_rel);
}

}  // namespace acefs::node
