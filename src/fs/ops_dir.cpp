// SPDX-License-Identifier: MIT
// Listing directories.
#include <dirent.h>

#include <cstring>

#include "fs/ops.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

namespace {
constexpr std::size_t kBufferSize = 32 * 1024;
}

// Needs r.
Result<std::unique_ptr<OpenDir>> Ops::opendir(const Request& rq, node::NodeId id) {
  const std::uint64_t epoch = auth_.resolver().epoch();
  auto at = auth_.authorize(rq, id, Perm::ReadData);
  if (!at) return at.status();
  auto share = handles_.take(rq.caller.uid);
  if (!share) return Status::from(ENFILE);
  auto dir = walk_.directory(at->chain);
  if (!dir) return dir.status();
  auto fd = backing_.open_at((*dir)->get(), ".", O_RDONLY | O_DIRECTORY);
  if (!fd) return fd.status();
  const AccessMask base = at->decision.base;
  auto file = make_handle(rq, std::move(*share), std::move(*at), std::make_shared<const UniqueFd>(std::move(*fd)), Perm::ReadData, base, epoch);
  if (!file) return file.status();
  auto open = std::make_unique<OpenDir>();
  open->file = std::move(*file);
  return open;
}

void Ops::releasedir(std::unique_ptr<OpenDir> dir) { release(std::move(dir->file)); }

std::optional<DirEntry> Ops::entry_for_listing(const Request& rq, const At& at, DirEntry entry, bool plus) {
  const bool at_root = at.node() == table_.root();
  if (is_hidden(at, entry.name)) return std::nullopt;
  const bool dots = entry.name == "." || entry.name == "..";
  if (at_root && entry.name == "..") entry.ino = at.node()->key().ino;  // what is above the mount is not ours to tell
  // Attributes go out for children whose t the caller has; the others are mere names.
  const bool hides = options_.hide_unreadable;
  if ((plus || hides) && !dots) {
    auto child = auth_.child(rq, at, std::string(entry.name));
    if (!child) {
      if (child.error().errno_value() == ENOENT) return std::nullopt;  // removed since the listing was read
      return hides ? std::nullopt : std::optional(entry);  // who cannot be asked is not shown
    }
    if (hides && auth_.is_left_out(*child)) return std::nullopt;
    // A directory that the kernel knows by another name it would have to move, which may fail: it looks up this one when it is used.
    const bool is_known_so = !child->is_directory() || node::has_link(*child->node(), *at.node(), entry.name);
    if (plus && is_known_so && child->may(Perm::ReadAttributes))
      entry.child = entry_of(child->node(), *child->chain.attr, auth_.is_for_everyone(child->chain));
  }
  return entry;
}

Status Ops::readdir(const Request& rq, OpenDir& dir, std::int64_t offset, bool plus, const std::function<bool(const DirEntry&)>& take) {
  const std::lock_guard lock(dir.mutex);
  if (Status s = recheck(*dir.file); !s) return s;
  const int fd = dir.file->fd->get();
  if (offset != dir.position) {
    auto at = backing_.seek(fd, offset, SEEK_SET);
    if (!at) return at.status();
    dir.begin = dir.end = 0;
    dir.position = offset;
  }
  std::optional<At> listed;
  if (auto at = auth_.look(rq.untold(), dir.file->node->id)) listed = std::move(*at);
  if (!listed) {
    // The directory lost its name while it was open; whoever holds it may still list what is in it, which is nothing.
    auto chain = walk_.chain_of(dir.file->node, nullptr, node::Look::Always, dir.file->fd);
    if (!chain) {
      const bool left_the_tree = chain.error().errno_value() == ESTALE && dir.file->node != table_.root();
      return left_the_tree ? Status::ok() : chain.status();
    }
    listed = At{std::move(*chain), dir.file->who, {}};
    plus = false;
  }
  dir.buffer.resize(kBufferSize);
  for (bool any = false;; any = true) {
    if (dir.begin == dir.end) {
      auto n = backing_.read_directory(fd, dir.buffer.data(), dir.buffer.size());
      if (!n) return any ? Status::ok() : n.status();  // what was handed out counts; the error comes again
      if (*n == 0) return Status::ok();
      dir.begin = 0;
      dir.end = *n;
    }
    const auto* record = reinterpret_cast<const struct dirent64*>(dir.buffer.data() + dir.begin);
    const auto entry = entry_for_listing(
        rq, *listed, {.name = record->d_name, .ino = record->d_ino, .type = record->d_type, .next = record->d_off, .child = {}}, plus);
    if (entry && !take(*entry)) {
      if (entry->child) forget(entry->child->id, 1);
      return Status::ok();
    }
    dir.position = record->d_off;
    dir.begin += record->d_reclen;
  }
}

// Needs nothing more than the handle.
Status Ops::fsyncdir(const Request&, OpenDir& dir, bool data_only) { return backing_.sync(dir.file->fd->get(), data_only); }

}  // namespace acefs::fs
