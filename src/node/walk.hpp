// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "acefs/acl/acl.hpp"
#include "acefs/acl/decide.hpp"
#include "acefs/backing/grants.hpp"
#include "acefs/base/result.hpp"
#include "backing/backing.hpp"
#include "node/held_dirs.hpp"
#include "node/node.hpp"
#include "node/table.hpp"

namespace acefs::node {

/// What the walk comes across and others should hear of. Calls come from any thread and must not block.
class WalkEvents {
 public:
  virtual ~WalkEvents() = default;
  /// A grant that cannot be understood, once per change. `name`: the node's name in its parent.
  virtual void malformed_grant(const std::string& name, const acl::Grant& grant) = 0;
  /// A name that the kernel may still have cached and that is no longer that of its node.
  virtual void stale_name(NodeId parent, const std::string& name) = 0;
};

/// One node of a verified chain.
struct Step {
  NodePtr node;
  backing::Attr attr;
  std::shared_ptr<const acl::Acl> acl;
};

/// The way from the root to a node, as verified by this walk: each name was found bound to its node, each ACL is the one that
/// is stored now.
struct Chain {
  std::vector<Step> steps;              ///< root first
  std::vector<acl::Segment> segments;   ///< the same as the evaluator wants it
  SharedFd parent;                      ///< descriptor of the directory that holds the last step; nullptr for root and nameless
  LinkPtr link;                         ///< the last step's name; nullptr for the root
  SharedFd nameless;                    ///< leads to the last step when it has no name any more

  const Step& last() const { return steps.back(); }
};

/// Verifies chains and reads ACLs. Thread-safe.
class Walk {
 public:
  Walk(backing::Backing& backing, const backing::GrantStore& store, Table& table, HeldDirs& held,
       acl::PrincipalTable& principals, SharedFd root, WalkEvents& events);

  const SharedFd& root_fd() const { return root_; }

  /// The links by which the node may be reached now; a single nullptr for the root and for nodes without a name.
  std::vector<LinkPtr> links_of(const NodePtr& node) const;

  /// The chain of `node` by way of `link` (one of links_of). ESTALE: the name is not the node's any more, and the kernel
  /// should look it up again. EIO: an ACL cannot be read. `own_fd`: leads to a node without a name, for callers that have one.
  Result<Chain> chain_of(const NodePtr& node, const LinkPtr& link, const SharedFd& own_fd = nullptr);

  /// The chain of `name` in the directory that ends `parent`, without another walk. ENOENT: no such name.
  /// Makes the child's node if need be (the kernel is not told).
  Result<Chain> child_of(const Chain& parent, const std::string& name);

  /// Descriptor of the directory that ends `chain`; O_RDONLY, or O_PATH where the daemon may not read it.
  Result<SharedFd> directory(const Chain& chain);
  /// O_PATH descriptor of the node that ends `chain`, verified to be that node. ESTALE: it is not there any more.
  Result<UniqueFd> open_path(const Chain& chain);

 private:
  Status append_root(Chain& chain, std::int64_t started);
  Status append(Chain& chain, const NodePtr& node, const LinkPtr& link, const SharedFd& own_fd, std::int64_t started);
  Status append_nameless(Chain& chain, const NodePtr& node, const SharedFd& own_fd, std::int64_t started);
  void push(Chain& chain, const NodePtr& node, const backing::Attr& attr, std::shared_ptr<const acl::Acl> acl);
  /// `link` is not bound to `node`: forgets it, and finds a moved directory's new parent.
  void unbind(const NodePtr& node, const LinkPtr& link);
  bool reparent(const NodePtr& node, int depth);
  Result<SharedFd> directory_of(const NodePtr& node, const SharedFd& parent, const std::string& name);
  Result<std::shared_ptr<const acl::Acl>> acl_of(const Chain& chain, const NodePtr& node, const backing::Attr& attr,
                                                 const std::string& name, std::int64_t started);
  Result<UniqueFd> open_verified(const Chain& chain, const NodePtr& node, const std::string& name);

  backing::Backing& backing_;
  const backing::GrantStore& store_;
  Table& table_;
  HeldDirs& held_;
  acl::PrincipalTable& principals_;
  SharedFd root_;
  WalkEvents& events_;
};

/// CLOCK_REALTIME_COARSE, the clock of inode times, in nanoseconds.
std::int64_t inode_clock();

}  // namespace acefs::node
