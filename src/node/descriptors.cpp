// SPDX-License-Identifier: MIT
#include "node/descriptors.hpp"

#include <vector>

#include "node/held_dirs.hpp"

namespace acefs::node {
namespace {

struct Descriptors final : ExtraOf<ExtraKind::Descriptors> {
  SharedFd pinned;
  std::vector<std::weak_ptr<const UniqueFd>> open;

  bool is_empty() const { return !pinned && open.empty(); }
};

}  // namespace

void pin(Node& node, SharedFd fd) {
  const std::lock_guard lock(node.mutex);
  std::swap(node.extras.get<Descriptors>().pinned, fd);
}

void unpin(Node& node) {
  SharedFd pinned;
  std::unique_ptr<Descriptors> emptied;
  const std::lock_guard lock(node.mutex);
  auto* descriptors = node.extras.find<Descriptors>();
  if (descriptors == nullptr) return;
  std::swap(descriptors->pinned, pinned);
  if (descriptors->is_empty()) emptied = node.extras.take<Descriptors>();
}

bool is_pinned(Node& node) {
  const std::lock_guard lock(node.mutex);
  const auto* descriptors = node.extras.find<Descriptors>();
  return descriptors != nullptr && descriptors->pinned;
}

void opened(Node& node, const SharedFd& fd) {
  const std::lock_guard lock(node.mutex);
  auto& open = node.extras.get<Descriptors>().open;
  std::erase_if(open, [](const auto& other) { return other.expired(); });
  open.push_back(fd);
}

void closed(Node& node) {
  std::unique_ptr<Descriptors> emptied;
  const std::lock_guard lock(node.mutex);
  auto* descriptors = node.extras.find<Descriptors>();
  if (descriptors == nullptr) return;
  std::erase_if(descriptors->open, [](const auto& fd) { return fd.expired(); });
  if (descriptors->is_empty()) emptied = node.extras.take<Descriptors>();
}

bool is_open(Node& node) {
  const std::lock_guard lock(node.mutex);
  const auto* descriptors = node.extras.find<Descriptors>();
  return descriptors != nullptr && !descriptors->open.empty();
}

SharedFd any_descriptor(Node& node) {
  {
    const std::lock_guard lock(node.mutex);
    if (const auto* descriptors = node.extras.find<Descriptors>()) {
      if (descriptors->pinned) return descriptors->pinned;
      for (const auto& open : descriptors->open) {
        if (SharedFd fd = open.lock()) return fd;
      }
    }
  }
  return HeldDirs::peek(node);
}

}  // namespace acefs::node
