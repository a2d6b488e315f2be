// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "acefs/backing/grants.hpp"
#include "acefs/base/ref.hpp"
#include "acefs/base/small_mutex.hpp"
#include "acefs/base/unique_fd.hpp"
#include "backing/backing.hpp"
#include "node/extras.hpp"
#include "node/known_acl.hpp"

namespace acefs::node {

/// What the kernel calls a node: slot in the low half, how often the slot was used before in the high half. Never a pointer:
/// whoever re-exports the mount lets clients choose these numbers.
enum class NodeId : std::uint64_t {};
inline constexpr NodeId kRootId{1};

/// Which inode a node is. The birth time tells a reused inode number from the inode that had it before.
struct InodeKey {
  ino_t ino = 0;
  std::int64_t btime_ns = 0;
  std::uint32_t dev = 0;   ///< all of a dev_t: the kernel's have 32 bits
  std::uint16_t type = 0;  ///< S_IFMT part of the mode

  static InodeKey of(const backing::Attr& a) {
    return {a.st.st_ino, a.btime_ns, static_cast<std::uint32_t>(a.st.st_dev), static_cast<std::uint16_t>(a.st.st_mode & S_IFMT)};
  }
  friend bool operator==(const InodeKey&, const InodeKey&) = default;
};

class Node;
class Table;
using NodePtr = Ref<Node>;

/// One name of a node, as it was last seen. Immutable; whether it still holds is for the walk to verify.
/// An empty name: a directory that was moved behind the mount, whose parent is known by "..", its name not yet.
class Link {
 public:
  static Ref<const Link> make(NodePtr parent, std::string_view name);
  ~Link();

  const NodePtr parent;
  mutable RefCount references;
  std::string_view name() const { return {text_, length_}; }
  const char* c_str() const { return text_; }

  /// One allocation holds the object and the name behind it: its size is not sizeof(Link).
  static void operator delete(void* memory) { ::operator delete(memory); }

 private:
  Link(NodePtr in, std::string_view name);

  const std::uint8_t length_;  ///< NAME_MAX is 255
  char text_[1];               ///< and further, to a NUL
};
using LinkPtr = Ref<const Link>;

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

/// One inode that the kernel or a child knows of. There may be millions: what only few have is in `extras`.
///
/// Guarded by `mutex`, unless said otherwise. Nothing is let go of with it held that could be the last reference to a node.
class Node {
 public:
  Node(Table& table, NodeId node_id, const InodeKey& inode);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  /// By the last reference: the table forgets the node, then it is destroyed. Without a mutex held.
  void dispose() noexcept;

  // Not guarded.
  RefCount references;
  SmallMutex mutex;
  const NodeId id;
  InodeKey key() const { return {ino_, btime_ns_, dev_, type_}; }
  bool is_directory() const { return S_ISDIR(type_); }
  bool is_regular() const { return S_ISREG(type_); }
  const Table& table() const { return table_; }
  /// Counts up whenever the node may have changed: its names, mode, owner or ACL.
  std::atomic<std::uint32_t> version{1};

  Facts facts;                    ///< as last read
  Stamp facts_stamp = kNoStamp;
  LinkPtr link;                   ///< its name; of several (names.hpp) the first
  Extras extras;
  Stamp acl_stamp = kNoStamp;     ///< of acl_state()
  std::int64_t acl_ctime_ns = 0;  ///< likewise
  bool acl_trusted : 1 = false;   ///< likewise
  bool acl_known : 1 = false;     ///< it was read
  bool link_bound : 1 = false;    ///< `link` was the node's name when `facts` were read
  bool lost_name : 1 = false;     ///< the last one, behind the mount: the kernel may still lead callers here by it
  bool suspected : 1 = false;     ///< one of them, lately (suspicion.hpp)

  /// The ACL as last read, which it must have been.
  const AclPtr& acl() const;
  AclState acl_state() const;
  /// What `fresh` replaces is left there, to die without the mutex.
  void swap_acl_state(AclState& fresh);

 private:
  friend class Table;
  friend class ByInode;

  /// The table's own, guarded by it.
  struct Listed {
    bool by_kernel : 1 = false;  ///< the kernel (or an NFS client) holds it, which is a reference
    bool by_inode : 1 = false;   ///< it is found by its key
  };
  Listed listed_;
  const std::uint16_t type_;
  const std::uint32_t dev_;
  const ino_t ino_;
  const std::int64_t btime_ns_;
  Table& table_;
  std::uint64_t lookups_ = 0;  ///< how often the kernel was told of it; guarded by the table
  Node* next_ = nullptr;       ///< of those whose inodes have the same hash; of those that wait for their end
};

}  // namespace acefs::node
