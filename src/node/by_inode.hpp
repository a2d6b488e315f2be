// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "node/node.hpp"

namespace acefs::node {

/// Nodes by inode number alone: events name nothing more. A hash table whose chains go through the nodes, with 4 to 8 bytes for each in
/// its buckets. Guarded by the table.
class ByInode {
 public:
  ByInode();

  void insert(Node& node) noexcept;
  /// It must be there.
  void erase(Node& node) noexcept;
  /// Calls `visit` for each node of that inode number, whatever the filesystem, until it returns false.
  template <typename Visit>
  void each(ino_t ino, Visit&& visit) const {
    for (Node* node = buckets_[bucket_of(ino)]; node != nullptr; node = node->next_) {
      if (node->ino_ == ino && !visit(*node)) return;
    }
  }
  std::size_t buckets() const { return std::size_t{1} << bits_; }

 private:
  std::size_t bucket_of(ino_t ino) const { return (ino * 0x9e3779b97f4a7c15ULL) >> (64 - bits_); }
  /// Goes on with what there is when there is no memory for that.
  void rehash(unsigned bits) noexcept;

  unsigned bits_;
  std::size_t size_ = 0;
  std::unique_ptr<Node*[]> buckets_;
};

}  // namespace acefs::node
