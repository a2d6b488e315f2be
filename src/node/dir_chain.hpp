// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "acefs/acl/decide.hpp"
#include "node/node.hpp"

namespace acefs::node {

struct DirChain;
using DirChainPtr = Ref<const DirChain>;

/// The verified way from the root down to a directory: all that decisions about what is in it need to know of its ancestors.
///
/// Immutable but for how long it was proven to hold, and shared: each directory's chain is its parent's and one segment more.
/// It keeps the nodes above alive, not the directory's own, which has it.
struct DirChain {
  DirChain(DirChainPtr parent, const Node& directory, LinkPtr by, const Facts& read, AclPtr stored);
  ~DirChain();

  mutable RefCount references;
  mutable DirChainPtr above;  ///< nullptr: this is the root. Changed by destructors only
  const NodeId id;
  const dev_t dev;
  const LinkPtr link;       ///< its name; nullptr: the root
  const Facts facts;
  const AclPtr acl;
  const std::size_t depth;  ///< segments above this one

  /// Nothing on the way, this segment included, keeps anybody from passing: all modes give x to all, all ACLs only give. And
  /// all of it is on one filesystem, the one whose changes are heard of.
  const bool is_open;
  /// An ACE on the way, this segment included, asks to be told of access attempts.
  const bool audits;

  mutable std::atomic<Stamp> stamp{kNoStamp};         ///< of the node, when this segment was last proven
  mutable std::atomic<std::uint64_t> proven{0};       ///< Proof::epoch when all segments were

  acl::Segment segment() const {
    return {.acl = acl.get(), .is_directory = true, .mode = facts.mode, .uid = facts.uid, .gid = facts.gid};
  }
  /// Whether a decision below can depend on what `who` is called, or on his groups.
  bool depends_on_names(const acl::Identity& who, const acl::Profile& profile) const;
  bool depends_on_groups(const acl::Identity& who, const acl::Profile& profile) const;

  /// What the chain comes to for `who`, whose names and groups are known as far as the answer depends on them. Kept for those who
  /// asked lately.
  acl::Descended descended(const IdentityPtr& who, acl::TimePoint now, const acl::Profile& profile) const;

 private:
  struct Recent {
    bool set = false;
    uid_t uid = 0;
    gid_t gid = 0;
    IdentityPtr who;  ///< nullptr: the numbers are all it depends on
    acl::Descended descended;
  };
  static constexpr std::size_t kRecent = 4;

  std::optional<Recent> recall(const IdentityPtr& who, acl::TimePoint now) const;
  void remember(const IdentityPtr& who, bool by_numbers, const acl::Descended& descended) const;

  bool any_names_ = false;   ///< of an ACE of this segment or one above
  bool any_groups_ = false;
  bool modes_differ_ = false;  ///< some segment's group and other bits do

  mutable SmallMutex mutex_;
  mutable std::unique_ptr<std::array<Recent, kRecent>> recent_;
  mutable std::size_t next_ = 0;
};

/// One segment with the kept contribution of its ACL filled in; `kept` is what Segment::known then points to.
acl::Segment with_contribution(acl::Segment segment, const KnownAcl& acl, const IdentityPtr& who, acl::TimePoint now,
                               acl::Contribution& kept);

}  // namespace acefs::node
