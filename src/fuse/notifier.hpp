// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>

#include "fs/ops.hpp"
#include "fuse/kernel_cache.hpp"
#include "node/coherence.hpp"
#include "node/walk.hpp"

struct fuse_session;

namespace acefs::fuse {

/// Tells the kernel what it must not keep any longer, and the log what administrators should know. Works in threads of its own:
/// a notification from within a request would wait for locks that the kernel holds for that request.
class Notifier : public node::WalkEvents, public fs::OpsEvents, public node::BehindEvents {
 public:
  Notifier();
  ~Notifier() override;

  /// Until then nothing is told to the kernel. nullptr: the session ends.
  void attach(fuse_session* session);
  /// What else is to be told what the kernel must forget. Before attach().
  void use(KernelCache& cache) { cache_ = &cache; }

  void malformed_grant(const std::string& name, const acl::Grant& grant) override;
  std::uint64_t stale_name(node::NodeId parent, const std::string& name) override;
  std::optional<std::chrono::steady_clock::time_point> dropped(std::uint64_t number, bool patient) override;
  bool look_up_again(node::NodeId parent, const std::string& name) override;
  void revoked(node::NodeId id) override;
  void reach_changed(const node::NodePtr& node) override;
  void changed_behind(node::NodeId id, bool reach) override;
  void names_changed_behind() override;
  void all_changed_behind() override;

 private:
  struct Notice {
    enum class What { Name, Expired, Data, Attributes, Reach, Names, Everything };
    What what;
    node::NodeId id{};
    std::string name{};
  };
  /// What was pushed, in order; worked off by a thread of its own.
  struct Queue {
    std::deque<Notice> notices;
    std::uint64_t pushed = 0;
    std::uint64_t told = 0;
    std::chrono::steady_clock::time_point told_at{};  ///< the last of them
    bool lost = false;  ///< some found no room
    std::thread thread;
  };

  void tell(const Notice& notice);
  /// The notice's number in the queue; the greatest there is: it found no room, so nobody will ever hear that it was told.
  std::uint64_t push(Queue& queue, Notice notice);
  void run(Queue& queue);

  std::mutex mutex_;
  std::shared_mutex session_mutex_;  ///< held while the kernel is being told, so that attach(nullptr) waits for it
  std::condition_variable changed_;
  std::condition_variable told_;
  fuse_session* session_ = nullptr;
  KernelCache* cache_ = nullptr;
  bool stopping_ = false;
  unsigned waiting_ = 0;  ///< operations, for a name to be dropped
  /// Names and data apart from what cache=public keeps: that waits for operations, which may wait for a name to be dropped.
  Queue names_;
  Queue kept_;
};

}  // namespace acefs::fuse
