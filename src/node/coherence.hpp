// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/node.hpp"

namespace acefs::node {

/// What a source of coherence can say of what was read before.
struct Proof {
  /// Whatever happened before this proof was asked for has been noted at the nodes it happened to: what has its node's present
  /// stamp is still true. False: the source cannot tell, each node must be looked at.
  bool holds = false;
  std::uint64_t epoch = 0;  ///< counts up whenever something is noted at any directory
  std::uint64_t heard = 0;  ///< counts up before what was heard is noted anywhere; 0: this source hears nothing
};

/// What a source hears of changes that were made behind the mount, for what the kernel keeps. Calls come from any thread, must not
/// block, and come after the change.
class BehindEvents {
 public:
  virtual ~BehindEvents() = default;
  /// Attributes of a node; `reach`: also its ACL, mode or place, on which everything below it depends.
  virtual void changed_behind(NodeId id, bool reach) = 0;
  /// Names came or went.
  virtual void names_changed_behind() = 0;
  /// It is not known what.
  virtual void all_changed_behind() = 0;
};

/// Says whether what the daemon remembers of the backing tree is still so. Thread-safe.
///
/// | source | proof | sees |
/// |---|---|---|
/// | fanotify | no event is queued: one ioctl for each operation | every change made on this machine |
/// | statx | none: each segment is looked at on each operation | what the filesystem itself knows, also from other machines |
/// | exclusive | none needed | changes made through this mount only; the administrator swears that there are no others |
class Coherence {
 public:
  Coherence() = default;
  Coherence(const Coherence&) = delete;
  Coherence& operator=(const Coherence&) = delete;
  virtual ~Coherence() = default;

  virtual std::string_view name() const = 0;
  /// Called at the beginning of each operation, before anything that was remembered is used.
  virtual Proof prove() = 0;
  /// Whether it sees what happens on that filesystem.
  virtual bool covers(dev_t dev) const = 0;
  /// From now on a change of the side file at `path` below `root` is noted at `node`. True: it was not so before, and what was
  /// read of the file may have changed since.
  virtual bool watch_side_file(int root, const std::string& path, const NodePtr& node);
  /// Whether all that happened since that proof is still to be noted, so that it will be at nodes too that were not known then. What
  /// was read since goes with the stamp that its node has now.
  bool nothing_heard_since(const Proof& proof) const {
    return proof.holds && proof.heard != 0 && heard_.load(std::memory_order_acquire) == proof.heard;
  }
  /// This daemon changed the node; not called for what the source sees by itself.
  virtual void changed_by_us(Node&) {}

  /// What was read of the node is in doubt.
  void note(Node& node);
  /// Its names are, and what they lead to; not its ACL.
  void note_moved(Node& node);
  /// Everything is.
  void note_all();
  /// To be kept with what is going to be read of the node.
  Stamp stamp(const Node& node) const {
    return (generation_.load(std::memory_order_acquire) << 32) | node.version.load(std::memory_order_acquire);
  }

 protected:
  Proof proven() const { return {true, epoch_.load(std::memory_order_acquire), heard_.load(std::memory_order_acquire)}; }
  /// Something was heard: before it is looked for at which nodes to note it.
  void hear() { heard_.fetch_add(1, std::memory_order_acq_rel); }

 private:
  std::atomic<std::uint64_t> epoch_{1};
  std::atomic<std::uint64_t> generation_{1};
  std::atomic<std::uint64_t> heard_{0};
};

/// Remembers for comparison only: every segment is looked at on every operation.
class StatxCoherence final : public Coherence {
 public:
  std::string_view name() const override { return "statx"; }
  Proof prove() override { return {}; }
  bool covers(dev_t) const override { return false; }
};

/// Believes what it read once.
class ExclusiveCoherence final : public Coherence {
 public:
  std::string_view name() const override { return "exclusive"; }
  Proof prove() override { return proven(); }
  bool covers(dev_t) const override { return true; }
  void changed_by_us(Node& node) override { note(node); }
};

}  // namespace acefs::node
