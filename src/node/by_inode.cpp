// SPDX-License-Identifier: MIT
#include "node/by_inode.hpp"

#include <new>
#include <utility>

namespace acefs::node {
namespace {
constexpr unsigned kFewestBits = 6;
constexpr std::size_t kInABucket = 2;  // in the mean, at most
}

ByInode::ByInode() : bits_(kFewestBits), buckets_(new Node*[buckets()]()) {}

void ByInode::insert(Node& node) noexcept {
  if (++size_ > kInABucket * buckets()) rehash(bits_ + 1);
  Node*& first = buckets_[bucket_of(node.ino_)];
  node.next_ = first;
  first = &node;
}

void ByInode::erase(Node& node) noexcept {
  Node** at = &buckets_[bucket_of(node.ino_)];
  while (*at != &node) at = &(*at)->next_;
  *at = node.next_;
  if (--size_ < kInABucket * buckets() / 8 && bits_ > kFewestBits) rehash(bits_ - 2);
}

void ByInode::rehash(unsigned bits) noexcept {
  const std::size_t before = buckets();
  std::unique_ptr<Node*[]> old(new (std::nothrow) Node*[std::size_t{1} << bits]());
  if (!old) return;
  std::swap(old, buckets_);
  bits_ = bits;
  for (std::size_t i = 0; i < before; ++i) {
    for (Node* node = old[i]; node != nullptr;) {
      Node*& first = buckets_[bucket_of(node->ino_)];
      Node* const next = std::exchange(node->next_, first);
      first = node;
      node = next;
    }
  }
}

}  // namespace acefs::node
