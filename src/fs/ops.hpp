// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "acefs/backing/grants.hpp"
#include "acefs/base/result.hpp"
#include "backing/backing.hpp"
#include "fs/authorize.hpp"
#include "fs/handle.hpp"
#include "fs/locks.hpp"
#include "fs/options.hpp"
#include "fs/request.hpp"
#include "nfs4/names.hpp"
#include "nfs4/xdr.hpp"
#include "node/walk.hpp"

namespace acefs::fs {

/// What an operation makes known besides its reply. Calls come from any thread and must not block.
class OpsEvents {
 public:
  virtual ~OpsEvents() = default;
  /// A handle of the node was revoked: what the kernel caches of its data must go.
  virtual void revoked(node::NodeId id) = 0;
  /// Who may reach the node, or what is below it, has changed: what the kernel answers of these by itself must go before this
  /// returns. Only called with Options::public_cache; may take its time.
  virtual void reach_changed(const node::NodePtr& node) = 0;
};

struct SetAttr {
  std::optional<mode_t> mode;
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<off_t> size;
  std::optional<struct timespec> atime, mtime;  ///< tv_nsec UTIME_NOW: now
};

/// A handle and the node it is for.
struct Created {
  Entry entry;
  std::unique_ptr<OpenFile> file;
};

/// A change of a grant that the caller may make, and by which permissions.
struct PlannedGrant {
  backing::Change change;
  acl::AccessMask need;
};

/// One directory entry. `child` is set when attributes were asked for and may be handed out; it counts as a lookup.
struct DirEntry {
  std::string_view name;
  ino_t ino = 0;
  unsigned char type = 0;
  std::int64_t next = 0;  ///< offset of the entry behind this one
  std::optional<Entry> child;
};

/// Every operation of the filesystem: resolve → authorize → act. Knows nothing of FUSE; runs in tests without a mount.
/// Thread-safe. The letters that each operation needs are those of acefs(8), OPERATIONS.
class Ops {
 public:
  Ops(backing::Backing& backing, backing::GrantStore& store, Authorizer& authorizer, const Options& options, OpsEvents& events);

  const Options& options() const { return options_; }
  /// Whether the kernel maps any handle that can be read and written, also one that the reply to open calls direct. Before requests
  /// are served.
  void all_can_be_mapped(bool yes) { maps_all_ = yes; }

  // ops_lookup.cpp
  Result<Entry> lookup(const Request& rq, node::NodeId parent, const char* name);
  /// True when the kernel does not remember the node any more.
  bool forget(node::NodeId id, std::uint64_t count);
  Status access(const Request& rq, node::NodeId id, int mask);
  Result<std::string> readlink(const Request& rq, node::NodeId id);
  Result<struct statvfs> statfs(const Request& rq, node::NodeId id);

  // ops_attr.cpp
  Result<Stat> getattr(const Request& rq, node::NodeId id, OpenFile* file);
  Result<backing::Attr> setattr(const Request& rq, node::NodeId id, const SetAttr& set, OpenFile* file);

  // ops_create.cpp
  Result<Entry> mkdir(const Request& rq, node::NodeId parent, const char* name, mode_t mode);
  Result<Entry> mknod(const Request& rq, node::NodeId parent, const char* name, mode_t mode, dev_t device);
  Result<Entry> symlink(const Request& rq, const char* target, node::NodeId parent, const char* name);
  Result<Created> create(const Request& rq, node::NodeId parent, const char* name, mode_t mode, int flags);
  Result<Created> tmpfile(const Request& rq, node::NodeId parent, mode_t mode, int flags);

  // ops_names.cpp
  Status unlink(const Request& rq, node::NodeId parent, const char* name);
  Status rmdir(const Request& rq, node::NodeId parent, const char* name);
  Status rename(const Request& rq, node::NodeId from_dir, const char* from, node::NodeId to_dir, const char* to, unsigned flags);
  Result<Entry> link(const Request& rq, node::NodeId id, node::NodeId to_dir, const char* to);

  // ops_open.cpp
  Result<std::unique_ptr<OpenFile>> open(const Request& rq, node::NodeId id, int flags);
  void release(std::unique_ptr<OpenFile> file);
  /// Whether the handle may still do what it was opened for; EACCES when an ACE took it away.
  Status recheck(OpenFile& file);

  // ops_io.cpp
  /// The descriptor to read from or write to, after the re-check.
  Result<int> for_read(const Request& rq, OpenFile& file);
  Result<int> for_write(const Request& rq, OpenFile& file);
  Status fsync(const Request& rq, OpenFile& file, bool data_only);
  Status fallocate(const Request& rq, OpenFile& file, int mode, off_t offset, off_t length);
  Result<off_t> lseek(const Request& rq, OpenFile& file, off_t offset, int whence);
  Result<std::size_t> copy_file_range(const Request& rq, OpenFile& in, off_t in_offset, OpenFile& out, off_t out_offset,
                                      std::size_t length, unsigned flags);
  /// FS_IOC_GETFLAGS / SETFLAGS and their FSXATTR kin. `fd` of an open file or directory. Returns the reply's bytes.
  Result<std::string> ioctl(const Request& rq, node::NodeId id, int fd, unsigned command, std::string_view in, std::size_t out_size);

  // ops_dir.cpp
  Result<std::unique_ptr<OpenDir>> opendir(const Request& rq, node::NodeId id);
  /// Hands entries from `offset` on to `take` until it returns false or there are no more. `plus`: with attributes.
  /// An entry's lookup that `take` did not want is taken back.
  Status readdir(const Request& rq, OpenDir& dir, std::int64_t offset, bool plus, const std::function<bool(const DirEntry&)>& take);
  void releasedir(std::unique_ptr<OpenDir> dir);
  Status fsyncdir(const Request& rq, OpenDir& dir, bool data_only);

  // ops_xattr.cpp
  Result<std::string> getxattr(const Request& rq, node::NodeId id, const std::string& name);
  Result<std::string> listxattr(const Request& rq, node::NodeId id);
  Status setxattr(const Request& rq, node::NodeId id, const std::string& name, std::string_view value, int flags);
  Status removexattr(const Request& rq, node::NodeId id, const std::string& name);

  // locks.cpp
  Locker& locker() { return locker_; }

 private:
  bool is_hidden(const At& parent, std::string_view name) const;
  Result<Entry> lookup_by_number(const Request& rq, node::NodeId id, bool parent);
  /// What went wrong with a name in `parent`: ESTALE instead of ENOENT when there is no such directory any more.
  Status in_directory(const At& parent, Status s);
  /// We changed who may reach it; to be called before the operation returns.
  void reach_changed(const node::NodePtr& node) {
    if (options_.public_cache) events_.reach_changed(node);
  }
  /// Root wrote an attribute by which the grants are found.
  void acl_may_have_changed(const node::NodePtr& node) {
    changed(node);
    reach_changed(node);
  }
  /// We changed it; changing() says so when it goes.
  void changed(const node::NodePtr& node) { walk_.coherence().changed_by_us(*node); }
  auto changing(const node::NodePtr& node) {
    return std::unique_ptr<node::Node, std::function<void(node::Node*)>>(node.get(), [this, node](node::Node*) { changed(node); });
  }
  Status lookup_below_stale(const Request& rq, node::NodeId parent, const char* name);
  Status may_reach_special(const Request& rq, const At& parent, const char* name);
  /// Counts a lookup of `node` and makes the reply of it.
  Entry entry_of(const node::NodePtr& node, const backing::Attr& attr, bool for_everyone = false);
  Result<node::SharedFd> directory_for_new(const At& parent);
  /// What stands at `name` below `parent` now, as a reply.
  Result<Entry> new_entry(const At& parent, const char* name);
  Result<std::unique_ptr<OpenFile>> make_handle(const Request& rq, Shares::Share share, At at, node::SharedFd fd, acl::AccessMask need,
                                                acl::AccessMask base, std::uint64_t epoch);
  /// `by`: the chain that does not suffice any more, if it is known.
  Status refuse_handle(OpenFile& file, const node::Chain* by = nullptr);
  bool is_as_proved(OpenFile& file, acl::TimePoint now);
  bool still_granted(OpenFile& file, const node::Chain& chain, acl::TimePoint now);
  Status remove(const Request& rq, node::NodeId parent, const char* name, int flags);
  bool widens(const Request& rq, const At& node, const At& new_parent);
  Status may_delete(const At& parent, const At& child) const;
  /// `replaced`: what has the new name, if anything has.
  Status may_rename(const Request& rq, const At& source, const At& moved, const At& target, const At* replaced, bool exchange);
  /// Nothing: the new name may not be free, or it is refused. Otherwise what the rename came to.
  std::optional<Status> rename_to_free_name(const Request& rq, const At& source, const char* from, const At& moved, const At& target,
                                            const char* to);
  void name_moved(const At& source, const char* from, const At& moved, const At& target, const char* to);
  Result<backing::Attr> truncate_open(OpenFile& file, const SetAttr& set);
  Status plan_setattr(const Request& rq, const At& at, const SetAttr& set, bool by_handle) const;
  bool in_group(const Request& rq, gid_t group);
  /// Keeps a node that is about to lose a name reachable for those who have it open or are in it.
  /// True if it was this call that pinned it.
  bool pin_before_unlink(const At& child);
  void name_gone(const At& parent, const At& child, const char* name);
  Result<PlannedGrant> plan_grant(const Request& rq, const At& at, const std::string& key, const std::optional<std::string>& value,
                                  int flags) const;
  Status apply_grants(const At& at, std::span<const backing::Change> changes, int flags);
  Status write_grants(const Request& rq, const At& at, std::string_view packed);
  Status write_grant(const Request& rq, const At& at, const std::string& key, const std::optional<std::string>& value, int flags);
  // nfs4_acl.cpp
  nfs4::Outcome<nfs4::AceList> nfs4_list(const At& at, nfs4::Form form, const nfs4::Names& names) const;
  Result<std::string> get_nfs4_acl(const Request& rq, const At& at, nfs4::Form form) const;
  Status set_nfs4_acl(const Request& rq, const At& at, nfs4::Form form, std::string_view bytes, int flags);
  Status apply_nfs4_acl(const At& at, std::span<const backing::Change> grants, mode_t mode);
  Status change_mode(const At& at, mode_t mode);
  std::optional<DirEntry> entry_for_listing(const Request& rq, const At& at, DirEntry entry, bool plus);

  backing::Backing& backing_;
  backing::GrantStore& store_;
  Authorizer& auth_;
  node::Walk& walk_;
  node::Table& table_;
  const Options& options_;
  std::atomic<bool> maps_all_{false};
  OpsEvents& events_;
  Shares handles_;
  Locker locker_;
};

}  // namespace acefs::fs
