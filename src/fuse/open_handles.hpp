// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace acefs::fuse {

/// Owns what the kernel holds by number: it gives a handle back at release, unless the mount ends before that. Thread-safe.
template <typename Handle>
class OpenHandles {
 public:
  std::uint64_t adopt(std::unique_ptr<Handle> handle) {
    Handle* const key = handle.get();
    const std::lock_guard lock(mutex_);
    handles_.emplace(key, std::move(handle));
    return reinterpret_cast<std::uint64_t>(key);
  }
  /// Nothing when it was given back before.
  std::unique_ptr<Handle> take(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    auto node = handles_.extract(reinterpret_cast<Handle*>(number));
    return node.empty() ? nullptr : std::move(node.mapped());
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return handles_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<Handle*, std::unique_ptr<Handle>> handles_;
};

}  // namespace acefs::fuse
