// SPDX-License-Identifier: MIT
#include <dirent.h>

#include <memory>
#include <string>
#include <vector>

#include "fuse/handlers.hpp"
#include "fuse/serve.hpp"

namespace acefs::fuse {

void op_opendir(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi) {
  serve(req, "opendir", [&](fs::Ops& ops, const fs::Request& rq) { return ops.opendir(rq, id_of(ino)); },
        [&](Result<std::unique_ptr<fs::OpenDir>>& opened) {
          Server& server = server_of(req);
          fi->fh = server.dirs.adopt(std::move(*opened));
          if (fuse_reply_open(req, fi) == -ENOENT) server.ops.releasedir(server.dirs.take(fi->fh));
        });
}

namespace {

/// Fills one reply of at most `size` bytes with directory entries, with or without attributes.
class Listing {
 public:
  Listing(fuse_req_t req, std::size_t size, bool plus)
      : req_(req), server_(server_of(req)), hold_(server_.cache), buffer_(size), plus_(plus) {}

  bool add(const fs::DirEntry& entry) {
    const std::string name(entry.name);
    const std::size_t room = buffer_.size() - used_;
    const std::size_t took = plus_ ? add_plus(name, entry, room) : add_name(name, entry, room);
    if (took > room) return false;
    used_ += took;
    if (entry.child) told_.push_back(entry.child->id);
    return true;
  }
  void reply() {
    if (fuse_reply_buf(req_, buffer_.data(), used_) != -ENOENT) told_.clear();
  }
  /// Nobody was told: the lookups do not count.
  ~Listing() {
    for (const node::NodeId id : told_) server_.ops.forget(id, 1);
  }
  Listing(const Listing&) = delete;
  Listing& operator=(const Listing&) = delete;

 private:
  std::size_t add_name(const std::string& name, const fs::DirEntry& entry, std::size_t room) {
    struct stat st {};
    st.st_ino = entry.ino;
    st.st_mode = static_cast<mode_t>(DTTOIF(entry.type));
    return fuse_add_direntry(req_, buffer_.data() + used_, room, name.c_str(), &st, entry.next);
  }
  std::size_t add_plus(const std::string& name, const fs::DirEntry& entry, std::size_t room) {
    fuse_entry_param e{};  // ino 0: a name without attributes
    if (entry.child) {
      e = param_of(server_, *entry.child, hold_);
    } else {
      e.attr.st_ino = entry.ino;
      e.attr.st_mode = static_cast<mode_t>(DTTOIF(entry.type));
    }
    return fuse_add_direntry_plus(req_, buffer_.data() + used_, room, name.c_str(), &e, entry.next);
  }

  fuse_req_t req_;  ///< gone once replied to
  Server& server_;
  const KernelCache::Hold hold_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  bool plus_;
  std::vector<node::NodeId> told_;
};

void list(fuse_req_t req, size_t size, off_t offset, fuse_file_info* fi, bool plus) {
  Listing listing(req, size, plus);
  serve(req, "readdir", [&](fs::Ops& ops, const fs::Request& rq) {
    return ops.readdir(rq, *dir_of(fi), offset, plus, [&](const fs::DirEntry& entry) { return listing.add(entry); });
  }, [&](const Status&) { listing.reply(); });
}

}  // namespace

void op_readdir(fuse_req_t req, fuse_ino_t, size_t size, off_t offset, fuse_file_info* fi) { list(req, size, offset, fi, false); }
void op_readdirplus(fuse_req_t req, fuse_ino_t, size_t size, off_t offset, fuse_file_info* fi) { list(req, size, offset, fi, true); }

void op_releasedir(fuse_req_t req, fuse_ino_t, fuse_file_info* fi) {
  serve(req, "releasedir", [&](fs::Ops& ops, const fs::Request&) {
    std::unique_ptr<fs::OpenDir> dir = server_of(req).dirs.take(fi->fh);
    if (!dir) return Status::from(EBADF);
    ops.releasedir(std::move(dir));
    return Status::ok();
  }, As::Anybody);
}

void op_fsyncdir(fuse_req_t req, fuse_ino_t, int data_only, fuse_file_info* fi) {
  serve(req, "fsyncdir", [&](fs::Ops& ops, const fs::Request& rq) { return ops.fsyncdir(rq, *dir_of(fi), data_only != 0); });
}

}  // namespace acefs::fuse
