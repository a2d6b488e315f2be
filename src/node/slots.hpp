// SPDX-License-Identifier: MIT
#pragma once

#include <deque>

#include "node/node.hpp"

namespace acefs::node {

/// Which node has which number: 16 bytes for each. A number is given out once only. Guarded by the table.
class Slots {
 public:
  /// The root's number is taken from the beginning; 0 is nobody's.
  Slots();

  /// A number that nobody has yet: put() must follow, or give_back().
  NodeId take();
  void put(NodeId id, Node& node) { slots_[slot_of(id)].node = &node; }
  void give_back(NodeId id) noexcept;
  /// nullptr: nobody has it (any more).
  Node* at(NodeId id) const;

  /// Calls `visit` for each node that had a number when the call began, those that got theirs last before the others; nodes may give their
  /// numbers back meanwhile.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = slots_.size(); i-- > 0;) {
      if (i < slots_.size() && slots_[i].node != nullptr) visit(*slots_[i].node);
    }
  }
  /// Lets go of the free slots at the end, if they are many.
  void shrink() noexcept;
  std::size_t used() const { return used_; }
  std::size_t size() const { return slots_.size(); }

 private:
  struct Slot {
    Node* node = nullptr;
    std::uint32_t generation = 0;
    std::uint32_t next_free = 0;  ///< while nobody has it
  };

  static constexpr std::uint32_t slot_of(NodeId id) { return static_cast<std::uint32_t>(static_cast<std::uint64_t>(id)); }

  std::deque<Slot> slots_;
  std::uint32_t first_free_ = 0;
  std::size_t used_ = 0;
  std::uint32_t first_generation_ = 0;  ///< of new slots: none below it was ever given out
};

}  // namespace acefs::node
