// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acefs/acl/acl.hpp"
#include "acefs/acl/decide.hpp"
#include "acefs/backing/grants.hpp"
#include "acefs/base/result.hpp"
#include "backing/backing.hpp"
#include "node/coherence.hpp"
#include "node/descriptors.hpp"
#include "node/dir_chain.hpp"
#include "node/held_dirs.hpp"
#include "node/names.hpp"
#include "node/node.hpp"
#include "node/suspicion.hpp"
#include "node/table.hpp"

namespace acefs::node {

/// What the walk comes across and others should hear of. Calls come from any thread.
class WalkEvents {
 public:
  virtual ~WalkEvents() = default;
  /// A grant that cannot be understood, once per change. `name`: the node's name in its parent.
  virtual void malformed_grant(const std::string& name, const acl::Grant& grant) = 0;
  /// A name that the kernel may still have cached and that is no longer that of its node. The kernel is told soon, of one after the other:
  /// a number to ask by whether it has dropped this one, greater than those before.
  virtual std::uint64_t stale_name(NodeId parent, const std::string& name) = 0;
  /// When the kernel had dropped all names up to that one, or later; nothing: it has not. `patient`: waits for it, but not for too long.
  virtual std::optional<std::chrono::steady_clock::time_point> dropped(std::uint64_t number, bool patient) = 0;
  /// The kernel is to look up that name when it is used next. False: it cannot be told so much now.
  virtual bool look_up_again(NodeId parent, const std::string& name) = 0;
};

/// The way from the root to a node, as verified by this walk: each name was found bound to its node, each ACL is the one that
/// is stored now.
struct Chain {
  NodePtr node;
  DirChainPtr above;                  ///< all segments but the last; nullptr for the root
  DirChainPtr self;                   ///< all segments, when the node is a directory
  Facts facts;
  AclPtr acl;
  LinkPtr link;                       ///< the last segment's name; nullptr for the root and for a node without a name
  SharedFd nameless;                  ///< leads to a node that has no name any more
  std::optional<backing::Attr> attr;  ///< of the node, if this walk looked at it
  Proof proof;
  Stamp stamp = kNoStamp;             ///< of the node when `facts` and `acl` were so; kNoStamp: nobody vouches for them

  bool is_directory() const { return node->is_directory(); }
  bool is_regular() const { return node->is_regular(); }
  /// Only these have `user.*` attributes (xattr(7)), so only these have an ACL of their own.
  bool can_have_acl() const { return is_directory() || is_regular(); }
  /// Whether an ACE on it asks to be told of access attempts.
  bool audits() const { return acl->audits() || (above && above->audits); }
  acl::Segment segment() const {
    return {.acl = acl.get(), .is_directory = is_directory(), .mode = facts.mode, .uid = facts.uid, .gid = facts.gid};
  }
  /// All of them, root first, as the evaluator wants them.
  std::vector<acl::Segment> segments() const;
};

/// Whether the walk looks at the last segment itself, or believes what was proved of it. Whoever believes must find out by what he
/// does next whether the node is still there (open_file, confirm).
/// FilesIfInDoubt: for what is then done by a descriptor, which leads to the node or to none; that a directory was removed it
/// would not tell.
enum class Look { Always, IfInDoubt, FilesIfInDoubt };

/// Verifies chains and reads ACLs. Thread-safe.
class Walk {
 public:
  Walk(backing::Backing& backing, const backing::GrantStore& store, Table& table, HeldDirs& held,
       acl::PrincipalTable& principals, SharedFd root, WalkEvents& events, Coherence& coherence);

  const SharedFd& root_fd() const { return root_; }
  Coherence& coherence() { return coherence_; }

  /// The links by which the node may be reached now; a single nullptr for the root and for nodes without a name.
  std::vector<LinkPtr> links_of(const NodePtr& node) const { return node::links_of(*node); }

  /// Looks at all names that are known of a file with several, and at the ways to them, unless nothing changed: one that is gone is none of
  /// its names any more, and the file suspect (suspicion.hpp). True: none is gone.
  bool confirm_names(const NodePtr& node);
  /// Whether who comes to the file by a path may have been led by a name that it lost.
  bool is_suspect(const NodePtr& node);
  /// Whether the kernel led others there by such a name until now. `patient`: returns when it does so no longer, but does not wait for too long.
  bool wait_for_kernel(const NodePtr& node, bool patient);
  /// The node of what was just looked up by that name, made if need be. A name by which a file was known and that is gone leads to it no
  /// more; what is a directory's only name the kernel moves by itself.
  NodePtr node_of(const InodeKey& key, const LinkPtr& link);

  /// The chain of `node` by way of `link` (one of links_of). ESTALE: the name is not the node's any more, and the kernel
  /// should look it up again. EIO: an ACL cannot be read. `own_fd`: leads to a node without a name, for callers that have one.
  Result<Chain> chain_of(const NodePtr& node, const LinkPtr& link, Look look = Look::Always, const SharedFd& own_fd = nullptr);

  /// The chain of `name` in the directory that ends `parent`, without another walk. ENOENT: no such name. ESTALE: nor is there such
  /// a directory any more. Makes the child's node if need be. The kernel is not told, so a directory that is known by another name stays so.
  /// `told`: the kernel believes to know what has that name; ESTALE when that is not what has it.
  Result<Chain> child_of(const Chain& parent, const std::string& name, bool told = false);

  /// The chain of the file that was just made as `name` in that directory, and is open as `fd`.
  Result<Chain> chain_of_new(const Chain& parent, const std::string& name, const SharedFd& fd);

  /// What statx(2) says of the node that ends `chain`. ESTALE: it is not there any more.
  Result<backing::Attr> attributes(const Chain& chain);
  /// Whether the node that ends `chain` is where it was believed to be: ESTALE when not.
  Status confirm(const Chain& chain) { return attributes(chain).status(); }
  /// Descriptor of the directory that ends `chain`; O_RDONLY, or O_PATH where the daemon may not read it.
  Result<SharedFd> directory(const Chain& chain);
  /// O_PATH descriptor of the node that ends `chain`, verified to be that node. ESTALE: it is not there any more.
  Result<UniqueFd> open_path(const Chain& chain);
  /// Any descriptor of it, maybe O_PATH, maybe one that users have open: for attributes.
  Result<SharedFd> any_path(const Chain& chain);
  /// An extended attribute of the node that ends `chain`. ENODATA: it has none of that name.
  Result<std::string> xattr(const Chain& chain, const char* attribute);
  /// Whether the source vouches for all of the chain until it says otherwise.
  bool is_vouched(const Chain& chain) const;
  /// Opens the regular file that ends `chain`, verified to be that node.
  Result<UniqueFd> open_file(const Chain& chain, int flags);

 private:
  Result<DirChainPtr> up_to(const NodePtr& directory, const Proof& proof);
  /// `looked`: what was read of it by that name since the proof, if it was; afterwards what goes with the chain, if that is known.
  Result<DirChainPtr> one_down(const DirChainPtr& above, const NodePtr& node, const LinkPtr& link, const Proof& proof,
                               std::optional<backing::Attr>* looked = nullptr);
  Result<DirChainPtr> looked_at(const DirChainPtr& above, const NodePtr& node, const LinkPtr& link, const Proof& proof,
                                const backing::Attr& attr, Stamp stamp, std::int64_t started);
  Result<DirChainPtr> removed_directory(const DirChainPtr& above, const NodePtr& node, const LinkPtr& link);
  Result<Chain> directory_chain(const NodePtr& node, const LinkPtr& link, Look look, const Proof& proof);
  Result<Chain> file_chain(const NodePtr& node, const LinkPtr& link, Look look, const SharedFd& own_fd, const Proof& proof);
  Result<Chain> removed_chain(const NodePtr& node, const LinkPtr& link, const SharedFd& own_fd, const Proof& proof);
  Result<Chain> nameless_chain(const NodePtr& node, const DirChainPtr& above, const SharedFd& own_fd, const Proof& proof);

  bool is_covered(const Node& node, const Proof& proof) const { return proof.holds && coherence_.covers(node.key().dev); }
  /// Attributes of the node by its name, which must be its own.
  Result<backing::Attr> look(const DirChain* above, const NodePtr& node, const LinkPtr& link);
  /// `link` is not bound to `node`: forgets it, and finds a moved directory's new parent. `above`: of the parent, to look once more. False: it
  /// is bound, or is being moved through the mount.
  bool unbind(const DirChain* above, const NodePtr& node, const LinkPtr& link);
  bool is_on_the_move(NodePtr directory) const;
  void forget_surplus(const NodePtr& node);
  /// The way to one of the names; `moved` when it is another than before. nullptr: it cannot be told now.
  DirChainPtr way_to(const NodePtr& node, const LinkPtr& link, const Proof& proof, bool& moved);
  void look_at_others(const NodePtr& node, const LinkPtr& but);
  NodePtr child_node(const InodeKey& key, const LinkPtr& link);
  bool is_bound(const DirChain& above, const Node& node, const LinkPtr& link);
  bool reparent(const NodePtr& node, int depth);
  Result<SharedFd> descriptor_of(const DirChain& chain);
  Result<SharedFd> descriptor_of(const DirChain* above, const NodePtr& directory, const LinkPtr& link);
  Result<UniqueFd> open_verified(const DirChain& above, const NodePtr& node, const Link& link, int flags);
  Result<AclPtr> acl_of(const DirChain* above, const NodePtr& node, const LinkPtr& link, const SharedFd& nameless,
                        const backing::Attr& attr, Stamp stamp, std::int64_t started);
  AclPtr acl_of_new(Node& node, const backing::Attr& attr, Stamp stamp);
  Result<backing::StoredGrants> read_grants(const DirChain* above, const NodePtr& node, const LinkPtr& link, const SharedFd& nameless);
  bool has_no_grants(const DirChain& above, const NodePtr& node, const Link& link, const backing::Attr& attr, Stamp stamp);
  void report_malformed(const std::vector<acl::Grant>& grants, const AclPtr& before, const LinkPtr& link);

  backing::Backing& backing_;
  const backing::GrantStore& store_;
  Table& table_;
  HeldDirs& held_;
  acl::PrincipalTable& principals_;
  SharedFd root_;
  WalkEvents& events_;
  Coherence& coherence_;
};

/// CLOCK_REALTIME_COARSE, the clock of inode times, in nanoseconds.
std::int64_t inode_clock();

}  // namespace acefs::node
