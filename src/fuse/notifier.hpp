// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "fs/ops.hpp"
#include "node/walk.hpp"

struct fuse_session;

namespace acefs::fuse {

/// Tells the kernel what it must not keep any longer, and the log what administrators should know. Works in a thread of its own:
/// a notification from within a request would wait for locks that the kernel holds for that request.
class Notifier : public node::WalkEvents, public fs::OpsEvents {
 public:
  Notifier();
  ~Notifier() override;

  /// Until then nothing is told to the kernel. nullptr: the session ends.
  void attach(fuse_session* session);

  void malformed_grant(const std::string& name, const acl::Grant& grant) override;
  void stale_name(node::NodeId parent, const std::string& name) override;
  void revoked(node::NodeId id) override;

 private:
  struct Notice {
    node::NodeId id{};
    std::string name;  ///< empty: the node's data
  };
  void push(Notice notice);
  void run();

  std::mutex mutex_;
  std::mutex session_mutex_;  ///< held while the kernel is being told, so that attach(nullptr) waits for it
  std::condition_variable changed_;
  std::deque<Notice> queue_;
  fuse_session* session_ = nullptr;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace acefs::fuse
