// SPDX-License-Identifier: MIT
#include "offload.hpp"

#include <sys/xattr.h>

#include "compact.hpp"
#include "node_id.hpp"
#include "side_file.hpp"
#include "side_owner.hpp"

namespace acefs::backing {

namespace {

constexpr int kTries = 8;

bool is_full(Status s) { return s.errno_value() == ENOSPC || s.errno_value() == E2BIG; }

Attributes with(Attributes attributes, const Attributes& changed) {
  for (const auto& [name, value] : changed) attributes.insert_or_assign(name, value);
  return attributes;
}

}  // namespace

Offload::Offload(int root, int fd, const Xattrs& xattrs, const NodeNames& names, NodeLock& lock)
    : root_(root), fd_(fd), xattrs_(xattrs), names_(names), lock_(lock), owner_(side_owner(root, fd)) {}

Result<bool> Offload::run(const Attributes& changed) {
  if (root_ < 0) return Status::from(ENOSPC);
  for (int i = 0; i < kTries; ++i) {
    auto id = xattrs_.get(names_.id);
    const bool made = !id && id.error().errno_value() == ENODATA;
    if (made) id = make_node_id();
    if (!id) return id.error();
    auto moved = move(*id, made, changed);
    if (!moved && made) remove_traces(*id);
    // Another process gave the node another id meanwhile, or took its own back: with that id, then.
    if (!moved && moved.error().errno_value() == EEXIST) continue;
    return moved;
  }
  return Status::from(EBUSY);
}

Result<bool> Offload::move(const std::string& id, bool made, const Attributes& changed) {
  const auto path = side_path_of(id);
  if (!path) return path.error();
  if (Status s = lock_.take(id); !s) return s;

  const auto offloaded = is_offloaded(xattrs_, names_);
  if (!offloaded) return offloaded.error();
  if (*offloaded) return false;
  if (!made) {
    const auto still = xattrs_.get(names_.id);
    if (!still || *still != id) return Status::from(EEXIST);
  }
  const auto left = made ? Result<SideContent>(Status::from(ENOENT)) : read_side_file(root_, *path);
  if (left && is_anothers(root_, left->owner, owner_, id, names_)) {
    const auto own = make_node_id();
    if (!own) return own.error();
    const Status s = xattrs_.set(names_.id, *own, XATTR_REPLACE);
    return s ? Status::from(EEXIST) : s;
  }

  whole_.clear();
  stored_.clear();
  if (const auto found = refresh(); !found) return found.error();
  if (left) recover_shortened(*left);
  if (Status s = write_side_file(root_, *path, with(whole_, changed), owner_); !s) return s;
  if (Status s = point_to_side_file(id, made, *path, changed); !s) {
    if (made) (void)remove_side_file(root_, *path);
    return s;
  }
  if (Status s = take_over_late_changes(*path, changed); !s) return s;
  if (Status s = remove_attributes(xattrs_, stored_); !s) return s;
  if (Status s = sync_node(root_, fd_); !s) return s;
  return true;
}

/// An id that was made for the node, and that it did not get, is nobody's: what was made by that name would only take room, and room
/// may be what was lacking.
void Offload::remove_traces(const std::string& id) const {
  const auto kept = xattrs_.get(names_.id);
  if (kept ? *kept == id : kept.error().errno_value() != ENODATA) return;
  if (const auto path = side_path_of(id)) remove_side_traces(root_, id, *path);
}

/// Sets id and marker, or neither. Whoever writes an xattr from when the id is there waits for the lock before he is done;
/// what was written before that is taken over before the marker counts.
Status Offload::point_to_side_file(const std::string& id, bool made, const std::string& path, const Attributes& changed) {
  Status s = made ? place(names_.id, id, XATTR_CREATE) : Status::ok();
  const bool id_placed = made && s;
  if (s) s = take_over_late_changes(path, changed);
  if (s) s = place(names_.marker, kOffloaded, 0);
  if (s) return s;
  if (id_placed) (void)xattrs_.remove(names_.id);
  for (const auto& [name, value] : stored_) {
    if (const std::string& whole = whole_.at(name); whole != value) (void)xattrs_.set(name, whole, XATTR_REPLACE);
  }
  return s;
}

Status Offload::take_over_late_changes(const std::string& path, const Attributes& changed) {
  for (int i = 0; i < kTries; ++i) {
    const auto any = refresh();
    if (!any) return any.error();
    if (!*any) return Status::ok();
    if (Status s = write_side_file(root_, path, with(whole_, changed), owner_); !s) return s;
  }
  return Status::ok();  // whoever still writes xattrs will see the marker, and come to the side file
}

/// Takes over what the xattrs hold other than when they were last looked at; whether there was anything.
Result<bool> Offload::refresh() {
  auto now = moving_attributes(xattrs_, names_);
  if (!now) return now.error();
  if (*now == stored_) return false;
  for (const auto& [name, value] : stored_) {
    if (!now->contains(name)) whole_.erase(name);
  }
  for (const auto& [name, value] : *now) {
    const auto before = stored_.find(name);
    if (before == stored_.end() || before->second != value) whole_.insert_or_assign(name, value);
  }
  stored_ = std::move(*now);
  return true;
}

/// A side file without a marker is what a crash left, and holds whole the values that may have been shortened then.
void Offload::recover_shortened(const SideContent& left) {
  for (auto& [name, value] : whole_) {
    const auto before = left.attributes.find(name);
    if (before == left.attributes.end() || !name.starts_with(names_.grant)) continue;
    if (compact(std::string_view(name).substr(names_.grant.size()), before->second) == value) value = before->second;
  }
}

Status Offload::place(const std::string& name, const std::string& value, int flags) {
  for (;;) {
    const Status s = xattrs_.set(name, value, flags);
    if (s || !is_full(s) || !shorten_one()) return s;
  }
}

/// Makes room by the grant that gives most; false when none gives any.
bool Offload::shorten_one() {
  std::string best;
  std::string shorter;
  std::size_t most = 0;
  for (const auto& [name, value] : stored_) {
    if (!name.starts_with(names_.grant)) continue;
    auto candidate = compact(std::string_view(name).substr(names_.grant.size()), value);
    if (!candidate || value.size() - candidate->size() <= most) continue;
    most = value.size() - candidate->size();
    best = name;
    shorter = std::move(*candidate);
  }
  if (best.empty() || !xattrs_.set(best, shorter, XATTR_REPLACE)) return false;
  stored_[best] = shorter;
  return true;
}

}  // namespace acefs::backing
