// SPDX-License-Identifier: MIT
#include "tree.hpp"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

#include "backing/change_order.hpp"
#include "mounted_grants.hpp"

namespace acefs::tool {

namespace {

bool holds_side_dir(const Node& directory) {
  struct stat st {};
  const std::string name(backing::kSideDir);
  return ::fstatat(directory.fd.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/// Whether `directory` is `/`, above which nothing is.
bool is_top(const Node& directory) {
  const auto parent = open_parent(directory);
  return parent && directory.same_as(parent->st);
}

std::vector<backing::Change> in_safe_order(std::span<const backing::Change> changes, const GrantMap& current) {
  backing::KeyedChanges wanted;
  for (const backing::Change& change : changes) wanted.insert_or_assign(change.key, change.value);
  return backing::in_safe_order(wanted, {current.begin(), current.end()});
}

}  // namespace

std::vector<acl::Grant> parse_grants(const GrantMap& grants) {
  std::vector<acl::Grant> parsed;
  for (const auto& [name, value] : grants)
    if (auto key = acl::parse_key(name)) parsed.push_back(acl::Grant::read(*std::move(key), value));
  return parsed;
}

Result<std::vector<Node>> Tree::ancestors(const Node& node) const {
  std::vector<Node> up;
  if (node.is_directory() && place_of(node) == Place::Root) return up;
  auto parent = open_parent(node);
  while (true) {
    if (!parent) return parent.status();
    const Place place = place_of(*parent);
    if (place == Place::Unknown) return Status::from(ENOENT);
    if (auto path = path_of(*parent)) parent->path = *std::move(path);
    up.push_back(*std::move(parent));
    if (place == Place::Root) break;
    parent = open_parent(up.back());
  }
  std::reverse(up.begin(), up.end());
  return up;
}

/// An acefs mount: the daemon answers for prefix and grants.
class MountedTree final : public Tree {
 public:
  MountedTree(dev_t device, std::string prefix) : device_(device), prefix_(std::move(prefix)) {}

  bool is_mount() const override { return true; }
  bool can_overflow() const override { return true; }
  const std::string& prefix() const override { return prefix_; }
  Result<GrantMap> read(const Node& node) const override { return read_mounted_grants(node, prefix_); }
  Result<bool> shows_all(const Node& node) const override { return may_read_acl(node, prefix_); }

  Applied apply(const Node& node, const GrantMap& current, std::span<const backing::Change> changes) override {
    const std::vector<backing::Change> ordered = in_safe_order(changes, current);
    std::size_t done = 0;
    while (done < ordered.size()) {
      const std::span rest = std::span(ordered).subspan(done);
      if (const auto batch = rest.size() < kWorthABatch ? Status::from(E2BIG) : write_mounted_batch(node, rest)) {
        done += *batch;
        continue;
      }
      // One by one also when a batch was refused: then it is known which.
      if (const Status s = write_mounted_grant(node, prefix_ + rest[0].key, rest[0].value); !s) return {s, rest[0].key, done};
      ++done;
    }
    return {Status::ok(), {}, done};
  }

  Status apply_at_once(const Node& node, const GrantMap& current, std::span<const backing::Change> changes) override {
    const std::vector<backing::Change> ordered = in_safe_order(changes, current);
    for (std::span<const backing::Change> rest(ordered); !rest.empty();) {
      const auto done = write_mounted_batch(node, rest);
      if (!done) return done.status();
      rest = rest.subspan(*done);
    }
    return Status::ok();
  }

  Status replace(const Node& node, const GrantMap& current, std::span<const backing::Change> changes) override {
    for (const backing::Change& change : in_safe_order(changes, current))
      if (const Status s = write_mounted_grant(node, prefix_ + change.key, change.value, XATTR_REPLACE); !s) return s;
    return Status::ok();
  }

 private:
  static constexpr std::size_t kWorthABatch = 8;

  Place place_of(const Node& directory) const override {
    if (directory.st.st_dev != device_) return Place::Unknown;
    const auto parent = open_parent(directory);
    // The mount's root is the one whose parent is on another filesystem, or itself where the mount is the whole system's.
    const bool root = parent && (parent->st.st_dev != device_ || directory.same_as(parent->st));
    return root ? Place::Root : Place::Below;
  }

  dev_t device_;
  std::string prefix_;
};

/// A backing directory. Without a root there is no side directory either.
class BackingTree final : public Tree {
 public:
  BackingTree(std::optional<Node> root, const std::string& prefix)
      : root_(std::move(root)), prefix_(prefix), store_(root_ ? root_->fd.get() : -1, {.prefix = prefix}) {}

  bool is_mount() const override { return false; }
  bool can_overflow() const override { return root_.has_value(); }
  const std::string& prefix() const override { return prefix_; }
  Result<bool> shows_all(const Node&) const override { return true; }

  Result<GrantMap> read(const Node& node) const override {
    auto stored = store_.read(node.fd.get());
    if (!stored) return stored.status();
    std::erase_if(stored->values, [](const auto& item) { return !acl::parse_key(item.first); });
    return std::move(stored->values);
  }

  Applied apply(const Node& node, const GrantMap&, std::span<const backing::Change> changes) override {
    if (const Status s = store_.apply(node.fd.get(), changes); !s) return {s, {}, 0};
    return {Status::ok(), {}, changes.size()};
  }

  Status apply_at_once(const Node& node, const GrantMap&, std::span<const backing::Change> changes) override {
    return store_.apply(node.fd.get(), changes);
  }
  Status replace(const Node& node, const GrantMap&, std::span<const backing::Change> changes) override {
    return store_.apply(node.fd.get(), changes, XATTR_REPLACE);
  }
  const Node* root() const override { return root_ ? &*root_ : nullptr; }
  Status tidy(const Node& node) override { return store_.tidy(node.fd.get()); }

 private:
  Place place_of(const Node& directory) const override {
    if (!root_) return Place::Unknown;
    if (root_->same_as(directory.st)) return Place::Root;
    return is_top(directory) ? Place::Unknown : Place::Below;
  }

  std::optional<Node> root_;
  std::string prefix_;
  backing::GrantStore store_;
};

Result<std::shared_ptr<Tree>> Trees::of(const Node& node) {
  if (const auto known = mounts_.find(node.st.st_dev); known != mounts_.end()) return known->second;
  if (is_on_mount(node)) {
    auto tree = std::make_shared<MountedTree>(node.st.st_dev, mounted_prefix(node));
    mounts_.emplace(node.st.st_dev, tree);
    return std::shared_ptr<Tree>(tree);
  }
  return backing_of(node);
}

Result<std::shared_ptr<Tree>> Trees::below(const std::shared_ptr<Tree>& parent_tree, const Node& parent,
                                           const Node& node) {
  if (node.st.st_dev != parent.st.st_dev) return of(node);
  if (parent_tree->is_mount() || root_ || !node.is_directory() || !holds_side_dir(node)) return parent_tree;
  return of(node);
}

Result<std::shared_ptr<Tree>> Trees::backing_of(const Node& node) {
  if (root_) {
    if (!rooted_) {
      auto root = open_node(AT_FDCWD, *root_, Symlinks::Follow);
      if (!root) return root.status();
      if (!root->is_directory()) return Status::from(ENOTDIR);
      rooted_ = std::make_shared<BackingTree>(*std::move(root), prefix_);
    }
    return rooted_;
  }
  std::optional<Node> directory;
  if (node.is_directory()) {
    if (auto self = open_node(node.fd.get(), ".", Symlinks::Stay)) directory = *std::move(self);
  } else if (auto parent = open_parent(node)) {
    directory = *std::move(parent);
  }
  while (directory && !holds_side_dir(*directory)) {
    auto parent = open_parent(*directory);
    if (!parent || directory->same_as(parent->st)) directory.reset();
    else directory = *std::move(parent);
  }
  return std::shared_ptr<Tree>(std::make_shared<BackingTree>(std::move(directory), prefix_));
}

}  // namespace acefs::tool
