// SPDX-License-Identifier: MIT
#include "grant_writer.hpp"

#include <sys/xattr.h>

#include "node_id.hpp"
#include "offload.hpp"
#include "side_file.hpp"
#include "side_owner.hpp"

namespace acefs::backing {

namespace {

/// Bytes of names and values above which `overflow=always` offloads (reva posix.go:135).
constexpr std::size_t kLimit = 1024;
/// Bytes of names above which every mode offloads: listxattr(2) fails beyond 64 KiB, and the node could never be read again.
constexpr std::size_t kListLimit = 32768;
constexpr int kTries = 8;

bool is_full(Status s) { return s.errno_value() == ENOSPC || s.errno_value() == E2BIG; }

}  // namespace

GrantWriter::GrantWriter(int root, const StoreOptions& options, int fd)
    : root_(root), fd_(fd), overflow_(options.overflow), xattrs_(fd), names_(options.prefix), lock_(root) {}

Status GrantWriter::apply(const KeyedChanges& changes, int flags) {
  lock_if_named();
  const auto offloaded = is_offloaded(xattrs_, names_);
  if (!offloaded) return offloaded.error();
  if (*offloaded) return change_side_file(changes, flags, Existence::Matters);
  if (changes.size() == 1 && overflow_ == Overflow::Auto) return write_one(changes, flags);
  return write_several(changes, flags);
}

Status GrantWriter::tidy() {
  const auto offloaded = is_offloaded(xattrs_, names_);
  if (!offloaded) return offloaded.error();
  return *offloaded ? change_side_file({}, 0, Existence::WasChecked) : Status::ok();
}

Status GrantWriter::write_one(const KeyedChanges& changes, int flags) {
  const auto too_many = pass_list_limit(changes);
  if (!too_many) return too_many.error();
  if (*too_many) return offload(changes, flags, Existence::Matters);

  const auto& [key, value] = *changes.begin();
  const Status made = make({.key = key, .value = value}, flags);
  if (made) return settle(changes);
  if (is_full(made)) {
    const Status offloaded = offload(changes, flags, Existence::Matters);
    return is_full(offloaded) ? made : offloaded;
  }
  const auto moved = moved_meanwhile();  // what was to be removed may be there now
  return moved && *moved ? change_side_file(changes, flags, Existence::Matters) : made;
}

Status GrantWriter::write_several(const KeyedChanges& changes, int flags) {
  const auto old = moving_attributes(xattrs_, names_);
  if (!old) return old.error();
  const auto offloaded = is_offloaded(xattrs_, names_);
  if (!offloaded) return offloaded.error();
  if (*offloaded) return change_side_file(changes, flags, Existence::Matters);
  if (Status s = check_existence(changes, *old, flags); !s) return s;

  const auto too_many = pass_list_limit(changes);
  if (!too_many) return too_many.error();
  if (*too_many || pass_limit(changes, *old)) return offload(changes, 0, Existence::WasChecked);

  KeyedChanges before;
  for (const auto& [key, value] : changes) {
    if (const auto had = old->find(full(key)); had != old->end()) before.emplace(key, had->second);
  }
  return make_in_order(in_safe_order(changes, before), changes, *old, flags);
}

Status GrantWriter::make(const Change& change, int flags) const {
  const std::string name = full(change.key);
  return change.value ? xattrs_.set(name, *change.value, flags) : xattrs_.remove(name);
}

/// All, or none: what was made is taken back when a later one fails, and when that is for lack of room all of it goes to the
/// side file.
Status GrantWriter::make_in_order(std::span<const Change> ordered, const KeyedChanges& changes, const Attributes& old,
                                  int flags) {
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const Status made = make(ordered[i], flags);
    if (made || (made.errno_value() == ENODATA && !ordered[i].value)) continue;
    const Status back = take_back(ordered.first(i), old);
    if (is_full(made)) {
      if (Status moved = offload(changes, 0, Existence::WasChecked); !is_full(moved)) return moved;
    }
    return back ? made : Status::from(EIO);
  }
  return settle(changes);
}

/// In reverse, so that what is seen in between is what was seen on the way there.
Status GrantWriter::take_back(std::span<const Change> made, const Attributes& old) const {
  for (auto it = made.rbegin(); it != made.rend(); ++it) {
    const std::string name = full(it->key);
    const auto had = old.find(name);
    const Status back = had == old.end() ? xattrs_.remove(name) : xattrs_.set(name, had->second);
    if (!back && back.errno_value() != ENODATA) return back;
  }
  return Status::ok();
}

/// Who cannot take the lock (a user's own tool, without access to `.oc-nodes`) changes xattrs without it: the marker, looked at
/// afterwards, still tells nearly all of what the lock would.
void GrantWriter::lock_if_named() {
  if (const auto id = xattrs_.get(names_.id); id) (void)lock_.take(*id);
}

/// Whether the node got a side file while its xattrs were written.
Result<bool> GrantWriter::moved_meanwhile() {
  if (!lock_.held()) lock_if_named();
  return is_offloaded(xattrs_, names_);
}

/// Again, in the side file, when there is one now.
Status GrantWriter::settle(const KeyedChanges& changes) {
  const auto moved = moved_meanwhile();
  if (!moved) return moved.error();
  return *moved ? change_side_file(changes, 0, Existence::WasChecked) : Status::ok();
}

/// What a removal takes away stays in the xattrs until they go, so a batch with removals moves first and changes then.
Status GrantWriter::offload(const KeyedChanges& changes, int flags, Existence existence) {
  bool only_adds = flags == 0 || existence == Existence::WasChecked;
  Attributes added;
  for (const auto& [key, value] : changes) {
    only_adds = only_adds && value;
    if (value) added.emplace(full(key), *value);
  }
  const auto moved = Offload(root_, fd_, xattrs_, names_, lock_).run(only_adds ? added : Attributes{});
  if (!moved) return moved.error();
  return *moved && only_adds ? Status::ok() : change_side_file(changes, flags, existence);
}

Status GrantWriter::change_side_file(const KeyedChanges& changes, int flags, Existence existence) {
  if (owner_.empty()) owner_ = side_owner(root_, fd_);
  for (int i = 0; i < kTries; ++i) {
    const auto id = xattrs_.get(names_.id);
    if (!id) return id.error().errno_value() == ENODATA ? Status::from(EIO) : id.error();
    const auto path = side_path_of(*id);
    if (!path) return path.error();
    if (Status s = lock_.take(*id); !s) return s;
    // Whoever had the lock may have given the node another id.
    const auto still = xattrs_.get(names_.id);
    if (!still || *still != *id) continue;
    auto side = read_side_file(root_, *path);
    if (!side) return side.status();
    if (!is_anothers(root_, side->owner, owner_, *id, names_))
      return change_locked_side_file(*path, std::move(side->attributes), changes, flags, existence);
    if (Status s = part_from_original(side->attributes); !s) return s;
  }
  return Status::from(EBUSY);
}

/// A copy made with all attributes has the id of what it was copied from. From its first change on it has its own, and a side file with
/// what both had until then.
Status GrantWriter::part_from_original(const Attributes& shared) const {
  const auto id = make_node_id();
  if (!id) return id.error();
  const auto path = side_path_of(*id);
  if (!path) return path.error();
  Status s = write_side_file(root_, *path, shared, owner_);
  if (s) s = xattrs_.set(names_.id, *id, XATTR_REPLACE);
  if (s) return sync_node(root_, fd_);
  remove_side_traces(root_, *id, *path);
  return s;
}

Status GrantWriter::change_locked_side_file(const std::string& path, Attributes attributes, const KeyedChanges& changes, int flags,
                                            Existence existence) const {
  // Left by a crash, or copied back by another program. They go before the side file changes: removed after it, a stale copy
  // would for a moment give back what was revoked.
  const auto stale = moving_attributes(xattrs_, names_);
  if (!stale) return stale.error();
  const std::size_t known = attributes.size();
  attributes.insert(stale->begin(), stale->end());  // the side file wins
  if (existence == Existence::Matters) {
    if (Status s = check_existence(changes, attributes, flags); !s) return s;
  }
  if (attributes.size() != known) {
    if (Status s = write_side_file(root_, path, attributes, owner_); !s) return s;
  }
  if (!stale->empty()) {
    if (Status s = remove_attributes(xattrs_, *stale); !s) return s;
    if (Status s = sync_node(root_, fd_); !s) return s;
  }
  Attributes next = attributes;
  for (const auto& [key, value] : changes) {
    if (value) {
      next.insert_or_assign(full(key), *value);
    } else {
      next.erase(full(key));
    }
  }
  return next == attributes ? Status::ok() : write_side_file(root_, path, next, owner_);
}

Status GrantWriter::check_existence(const KeyedChanges& changes, const Attributes& attributes, int flags) const {
  for (const auto& [key, value] : changes) {
    const bool there = attributes.contains(full(key));
    if (there && value && (flags & XATTR_CREATE) != 0) return Status::from(EEXIST);
    if (!there && (!value || (flags & XATTR_REPLACE) != 0)) return Status::from(ENODATA);
  }
  return Status::ok();
}

/// Counts as reva does: what is there, and what is set, though it may take the place of what is there.
bool GrantWriter::pass_limit(const KeyedChanges& changes, const Attributes& attributes) const {
  if (overflow_ != Overflow::Always) return false;
  std::size_t bytes = 0;
  bool sets = false;
  for (const auto& [key, value] : changes) {
    if (value) bytes += names_.grant.size() + key.size() + value->size();
    sets = sets || value;
  }
  for (const auto& [name, value] : attributes) bytes += name.size() + value.size();
  return sets && bytes > kLimit;
}

Result<bool> GrantWriter::pass_list_limit(const KeyedChanges& changes) const {
  std::size_t added = 0;
  for (const auto& [key, value] : changes) {
    if (value) added += names_.grant.size() + key.size() + 1;
  }
  if (added == 0) return false;
  const auto listed = xattrs_.list_size();
  if (!listed) return listed.error();
  return *listed + added > kListLimit;
}

}  // namespace acefs::backing
