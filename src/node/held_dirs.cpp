// SPDX-License-Identifier: MIT
#include "node/held_dirs.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace acefs::node {
namespace {

/// A chain costs memory only, and much less time than a descriptor to have it again.
constexpr std::size_t kFewestChains = 1024;

struct Held final : ExtraOf<ExtraKind::Held> {
  SharedFd fd;
  bool used = true;
};

struct KnownChain final : ExtraOf<ExtraKind::Chain> {
  DirChainPtr chain;
  bool used = true;
};

/// Of a directory that was held before. One allocation: there is one for each directory that anybody ever was in.
class Handle final : public ExtraOf<ExtraKind::Handle> {
 public:
  static std::unique_ptr<Handle> make(const backing::FileHandle& handle) {
    void* memory = ::operator new(sizeof(Handle) + handle.size());
    return std::unique_ptr<Handle>(new (memory) Handle(handle));
  }
  static void operator delete(void* memory) { ::operator delete(memory); }
  backing::FileHandle get() const { return {bytes_, bytes_ + size_}; }

 private:
  explicit Handle(const backing::FileHandle& handle) : size_(static_cast<std::uint8_t>(handle.size())) {
    std::memcpy(bytes_, handle.data(), handle.size());
  }
  const std::uint8_t size_;  // at most MAX_HANDLE_SZ, 128, and 8 for the header
  std::uint8_t bytes_[1];    // and the others behind it
};

template <typename Kind>
bool was_used(Node& node) {
  const std::lock_guard lock(node.mutex);
  auto* extra = node.extras.find<Kind>();
  return extra != nullptr && std::exchange(extra->used, false);
}

}  // namespace

void Clock::add(NodeId id) {
  const std::lock_guard lock(mutex_);
  ring_.push_back(id);
}

NodePtr Clock::one_too_many(const Table& table, bool (*was_used)(Node&)) {
  const std::lock_guard lock(mutex_);
  // Two rounds at most, since the first clears every mark.
  for (std::size_t tries = 2 * ring_.size() + 1; tries > 0 && ring_.size() > capacity_; --tries) {
    hand_ %= ring_.size();
    NodePtr candidate = table.find(ring_[hand_]);
    if (candidate && was_used(*candidate)) {
      ++hand_;
      continue;
    }
    ring_[hand_] = ring_.back();
    ring_.pop_back();
    if (candidate) return candidate;
  }
  return nullptr;
}

std::size_t Clock::size() const {
  const std::lock_guard lock(mutex_);
  return ring_.size();
}

HeldDirs::HeldDirs(backing::Backing& backing, int mount_fd, dev_t mount_dev, std::size_t capacity)
    : backing_(backing), mount_fd_(mount_fd), mount_dev_(mount_dev), held_(std::max<std::size_t>(capacity, 4)),
      chains_(std::max(capacity, kFewestChains)) {}

SharedFd HeldDirs::peek(Node& node) {
  const std::lock_guard lock(node.mutex);
  auto* held = node.extras.find<Held>();
  if (held == nullptr) return nullptr;
  held->used = true;
  return held->fd;
}

bool HeldDirs::leads_to(Node& node) {
  const std::lock_guard lock(node.mutex);
  return node.extras.find<Held>() != nullptr || node.extras.find<Handle>() != nullptr;
}

SharedFd HeldDirs::reopen(const NodePtr& node) {
  backing::FileHandle handle;
  {
    const std::lock_guard lock(node->mutex);
    if (const auto* known = node->extras.find<Handle>()) handle = known->get();
  }
  if (handle.empty()) return nullptr;
  auto fd = backing_.open_handle(mount_fd_, handle, O_RDONLY | O_DIRECTORY);
  if (!fd) return nullptr;
  const auto attr = backing_.stat_at(fd->get(), "");
  if (!attr || InodeKey::of(*attr) != node->key() || attr->st.st_nlink == 0) return nullptr;
  return hold(node, std::move(*fd));
}

SharedFd HeldDirs::hold(const NodePtr& node, UniqueFd fd) {
  auto shared = std::make_shared<const UniqueFd>(std::move(fd));
  {
    const std::lock_guard lock(node->mutex);
    if (const auto* held = node->extras.find<Held>()) return held->fd;  // another thread was faster
    node->extras.get<Held>().fd = shared;
  }
  held_.add(node->id);
  if (const NodePtr victim = held_.one_too_many(node->table(), was_used<Held>)) let_go_of(*victim);
  return shared;
}

void HeldDirs::let_go_of(Node& victim) {
  std::unique_ptr<Held> held;
  bool wants_handle = false;
  {
    const std::lock_guard lock(victim.mutex);
    held = victim.extras.take<Held>();
    wants_handle = victim.extras.find<Handle>() == nullptr && victim.key().dev == mount_dev_;
  }
  if (!held || !wants_handle) return;
  auto handle = backing_.handle_of(held->fd->get());
  if (!handle) return;
  auto kept = Handle::make(*handle);
  const std::lock_guard lock(victim.mutex);
  if (victim.extras.find<Handle>() == nullptr) victim.extras.add(std::move(kept));
}

DirChainPtr HeldDirs::chain_of(Node& node) {
  const std::lock_guard lock(node.mutex);
  auto* known = node.extras.find<KnownChain>();
  if (known == nullptr) return nullptr;
  known->used = true;
  return known->chain;
}

DirChainPtr HeldDirs::keep_chain(const NodePtr& node, DirChainPtr chain) {
  DirChainPtr replaced = chain;  // then what it replaces, to die without the mutex
  bool is_first = false;
  {
    const std::lock_guard lock(node->mutex);
    auto* known = node->extras.find<KnownChain>();
    is_first = known == nullptr;
    if (is_first) known = &node->extras.get<KnownChain>();
    std::swap(known->chain, replaced);
  }
  if (!is_first) return chain;
  chains_.add(node->id);
  if (const NodePtr victim = chains_.one_too_many(node->table(), was_used<KnownChain>)) drop_chain(*victim);
  return chain;
}

void HeldDirs::drop_chain(Node& node) {
  std::unique_ptr<KnownChain> dropped;
  const std::lock_guard lock(node.mutex);
  dropped = node.extras.take<KnownChain>();
}

}  // namespace acefs::node
