// SPDX-License-Identifier: MIT
#include "node/slots.hpp"

#include <algorithm>

namespace acefs::node {
namespace {

constexpr std::uint32_t kRootSlot = 1;

constexpr NodeId make_id(std::uint32_t generation, std::uint32_t slot) {
  return NodeId{(static_cast<std::uint64_t>(generation) << 32) | slot};
}
static_assert(make_id(0, kRootSlot) == kRootId);

}  // namespace

Slots::Slots() : slots_(kRootSlot + 1), used_(1) {}

NodeId Slots::take() {
  std::uint32_t slot = first_free_;
  if (slot != 0) {
    first_free_ = slots_[slot].next_free;
  } else {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back({.generation = first_generation_});
  }
  ++used_;
  return make_id(slots_[slot].generation, slot);
}

void Slots::give_back(NodeId id) noexcept {
  Slot& slot = slots_[slot_of(id)];
  slot.node = nullptr;
  ++slot.generation;
  slot.next_free = first_free_;
  first_free_ = slot_of(id);
  --used_;
}

Node* Slots::at(NodeId id) const {
  const std::uint32_t slot = slot_of(id);
  if (slot >= slots_.size() || make_id(slots_[slot].generation, slot) != id) return nullptr;
  return slots_[slot].node;
}

void Slots::shrink() noexcept {
  std::size_t last = slots_.size() - 1;
  while (last > kRootSlot && slots_[last].node == nullptr) --last;
  if (last > slots_.size() / 2) return;
  while (slots_.size() > last + 1) {
    first_generation_ = std::max(first_generation_, slots_.back().generation);
    slots_.pop_back();
  }
  first_free_ = 0;
  for (std::size_t i = last; i > kRootSlot; --i) {
    if (slots_[i].node != nullptr) continue;
    slots_[i].next_free = first_free_;
    first_free_ = static_cast<std::uint32_t>(i);
  }
}

}  // namespace acefs::node
