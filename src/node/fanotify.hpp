// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "acefs/base/result.hpp"
#include "acefs/base/unique_fd.hpp"
#include "node/coherence.hpp"
#include "node/table.hpp"

struct fanotify_event_metadata;

namespace acefs::node {

/// Coherence by a fanotify group that marks the whole backing filesystem.
///
/// The kernel queues an event before the system call that made the change returns, so an empty queue (one ioctl) proves that nothing
/// changed unnoticed. Events name inodes by file handle, from which the inode number is read: only the nodes of that number are in
/// doubt. Changes of mode, owner, xattrs and link count are attribute events, a move is one of the moved inode itself, and so is its end,
/// before another inode can have its number. Not told is the removal of a directory that is held open, which keeps its number; a
/// directory without a name has nothing below it, and the walk looks at the last segment itself where that matters.
///
/// Only for local filesystems whose file handles are known here (ext2/3/4, xfs, btrfs, tmpfs); needs CAP_SYS_ADMIN.
class FanotifyCoherence final : public Coherence {
 public:
  /// ENOTSUP: not such a filesystem; EPERM: no privilege; else what fanotify_init(2) or fanotify_mark(2) says. `root` is borrowed.
  /// `behind`: hears of what others than this process change; nullptr: nobody wants to know.
  static Result<std::unique_ptr<FanotifyCoherence>> make(int root, dev_t dev, Table& table, BehindEvents* behind = nullptr);
  ~FanotifyCoherence() override;

  std::string_view name() const override { return failed_.load(std::memory_order_relaxed) ? "statx" : "fanotify"; }
  Proof prove() override;
  bool covers(dev_t dev) const override { return dev == dev_; }
  bool watch_side_file(int root, const std::string& path, const NodePtr& node) override;

  /// Events read so far, and how often the queue overflowed.
  std::uint64_t events() const { return events_.load(std::memory_order_relaxed); }
  std::uint64_t overflows() const { return overflows_.load(std::memory_order_relaxed); }

  /// Reads the inode number from a file handle of that type; nothing if it is not one that the filesystem is known to make.
  using HandleReader = bool (*)(int type, const unsigned char* handle, std::size_t size, ino_t& ino);

 private:
  FanotifyCoherence(UniqueFd group, UniqueFd stop, dev_t dev, Table& table, BehindEvents* behind, HandleReader reader);

  void drain();
  bool apply(const char* events, std::size_t size);
  /// `bytes`: the same, and the information that follows it.
  void apply_one(const ::fanotify_event_metadata& event, const unsigned char* bytes);
  void apply_to(ino_t ino, const ::fanotify_event_metadata& event);
  void tell_behind(std::uint64_t mask);
  void doubt_all();
  void fail(int error);
  void keep_short();

  UniqueFd group_;
  UniqueFd stop_;
  dev_t dev_;
  Table& table_;
  BehindEvents* behind_;
  HandleReader read_handle_;

  std::mutex drain_mutex_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> failed_{false};
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> overflows_{0};
  std::vector<char> buffer_;         ///< guarded by drain_mutex_
  std::vector<NodePtr> concerned_;   ///< likewise

  std::mutex side_mutex_;
  std::unordered_multimap<ino_t, NodeId> side_files_;  ///< whose grants each of them has

  std::thread keeper_;
};

}  // namespace acefs::node
