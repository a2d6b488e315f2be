// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "acefs/backing/grants.hpp"
#include "backing/backing.hpp"
#include "node/known_acl.hpp"

namespace acefs::node {

/// What the kernel calls a node: slot in the low half, how often the slot was used before in the high half. Never a pointer:
/// whoever re-exports the mount lets clients choose these numbers.
enum class NodeId : std::uint64_t {};
inline constexpr NodeId kRootId{1};

/// Which inode a node is. The birth time tells a reused inode number from the inode that had it before.
struct InodeKey {
  dev_t dev = 0;
  ino_t ino = 0;
  std::int64_t btime_ns = 0;
  mode_t type = 0;

  static InodeKey of(const backing::Attr& a) { return {a.st.st_dev, a.st.st_ino, a.btime_ns, a.st.st_mode & S_IFMT}; }
  friend bool operator==(const InodeKey&, const InodeKey&) = default;
};

/// By inode number alone: events name nothing more.
struct InodeKeyHash {
  std::size_t operator()(const InodeKey& k) const {
    const std::uint64_t h = k.ino * 0x9e3779b97f4a7c15ULL;
    return h ^ (h >> 29);
  }
};

class Node;
using NodePtr = std::shared_ptr<Node>;

/// One name of a node, as it was last seen. Immutable; whether it still holds is for the walk to verify.
/// An empty name: a directory that was moved behind the mount, whose parent is known by "..", its name not yet.
struct Link {
  NodePtr parent;
  std::string name;
};
using LinkPtr = std::shared_ptr<const Link>;

using SharedFd = std::shared_ptr<const UniqueFd>;

/// What decisions need to know of an inode besides its ACL.
struct Facts {
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;

  static Facts of(const backing::Attr& a) { return {a.st.st_mode, a.st.st_uid, a.st.st_gid}; }
  friend bool operator==(const Facts&, const Facts&) = default;
};

/// When something was read of a node, as Coherence counts: it is still true while the node's stamp is the same.
using Stamp = std::uint64_t;
inline constexpr Stamp kNoStamp = 0;  ///< nothing was read, or what was read cannot be relied on later

/// A node's ACL as last read, and what tells whether it is still the same.
struct AclState {
  AclPtr acl;                 ///< nullptr: never read
  std::int64_t ctime_ns = 0;  ///< of the inode, taken before the ACL was read
  Stamp stamp = kNoStamp;
  bool trusted = false;       ///< false: read within the clock tick of that ctime, so an equal ctime proves nothing
  /// Of an ACL that is in a side file; else nullptr.
  struct Side {
    std::string path;
    std::optional<backing::SideStamp> stamp;
    bool trusted = false;     ///< as above
  };
  std::shared_ptr<const Side> side;
};

struct DirChain;
using DirChainPtr = std::shared_ptr<const DirChain>;

/// One inode that the kernel or a child knows of. Fields are guarded by `mutex` unless said otherwise.
class Node {
 public:
  Node(NodeId node_id, const InodeKey& inode) : id(node_id), key(inode) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const NodeId id;
  const InodeKey key;
  bool is_directory() const { return S_ISDIR(key.type); }

  /// Counts up whenever the node may have changed: its names, mode, owner or ACL.
  std::atomic<std::uint32_t> version{1};

  bool disowned = false;      ///< it lost its last name; guarded by the table
  std::uint64_t lookups = 0;  ///< how often the kernel was told of it; guarded by the table

  std::mutex mutex;
  std::vector<LinkPtr> links;  ///< a directory has at most one
  LinkPtr last_link;           ///< of a node that lost its last name while in use: its chain is judged by where it was
  bool lost_name = false;      ///< the last one, behind the mount: the kernel may still lead callers here by it

  AclState acl;
  Facts facts;                 ///< as last read
  Stamp facts_stamp = kNoStamp;
  LinkPtr bound;               ///< the name that was found to be the node's then

  DirChainPtr chain;           ///< of a directory, as last verified
  SharedFd held;               ///< a directory's descriptor, while it is among the held ones
  std::atomic<bool> used{false};  ///< since the eviction hand last passed
  backing::FileHandle handle;  ///< of an evicted directory
  SharedFd pinned;             ///< O_PATH, for a node without a name: nothing else leads to it any more
  std::vector<std::weak_ptr<const UniqueFd>> opened;  ///< descriptors of its open handles
};

}  // namespace acefs::node
