// SPDX-License-Identifier: MIT
#include "node/coherence.hpp"

namespace acefs::node {

bool Coherence::watch_side_file(int, const std::string&, const NodePtr&) { return false; }

void Coherence::note(Node& node) {
  node.version.fetch_add(1, std::memory_order_acq_rel);
  if (node.is_directory()) epoch_.fetch_add(1, std::memory_order_acq_rel);
}

void Coherence::note_all() {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  epoch_.fetch_add(1, std::memory_order_acq_rel);
}

}  // namespace acefs::node
