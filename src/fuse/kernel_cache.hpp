// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <unordered_set>
#include <vector>

#include "fuse/libfuse.hpp"
#include "node/table.hpp"

namespace acefs::fuse {

/// What the kernel answers by itself with cache=public: attributes of nodes, and the absence of names, that everybody may see.
/// Knows what was told to the kernel, and takes it back before whatever ends that is replied to. Thread-safe.
class KernelCache {
 public:
  explicit KernelCache(node::Table& table) : table_(table) {}

  /// Begins to let the kernel keep things. What a kernel before 6.16 cannot be made to forget at once (names) it is not told.
  void enable(fuse_session* session);
  /// The session ends.
  void disable();
  bool enabled() const { return enabled_.load(std::memory_order_relaxed); }

  /// Held by an operation from before it looks at anything until it has replied. Whatever changes who may see what waits for it, so
  /// that nothing is told after it was taken back.
  class Hold {
   public:
    explicit Hold(KernelCache& cache);
    /// How long the kernel may keep the attributes of a node, in seconds.
    double attributes(node::NodeId id, bool for_everyone) const;
    /// How long it may believe that there is no such name; for the names that everybody may know to be absent.
    double absence() const;

   private:
    KernelCache& cache_;
    std::shared_lock<std::shared_mutex> lock_;
  };

  /// Who may reach the node or what is below it has changed.
  void drop(const node::NodePtr& node);
  void drop(node::NodeId id);
  /// Only the node itself has.
  void drop_attributes(node::NodeId id);
  /// Names came or went behind the mount.
  void drop_names();
  void drop_all();
  /// The kernel has forgotten the node.
  void forget(node::NodeId id);

 private:
  void keep(node::NodeId id);
  /// Waits until nobody holds, and takes from `kept_` those for which `concerned`.
  template <typename Concerned>
  std::vector<node::NodeId> take(Concerned&& concerned);
  bool is_below(node::NodeId id, const node::Node& top) const;
  void tell(const std::vector<node::NodeId>& nodes);

  node::Table& table_;
  std::atomic<fuse_session*> session_{nullptr};
  std::atomic<bool> enabled_{false};
  std::atomic<bool> names_{false};   ///< the kernel can be made to forget names
  std::atomic<int> waiting_{0};      ///< for those who hold; nobody is told anything meanwhile
  std::shared_mutex mutex_;
  std::mutex kept_mutex_;
  std::unordered_set<std::uint64_t> kept_;  ///< nodes whose attributes the kernel may have
};

}  // namespace acefs::fuse
