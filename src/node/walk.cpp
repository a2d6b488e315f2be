// SPDX-License-Identifier: MIT
#include "node/walk.hpp"

#include <time.h>

#include <algorithm>
#include <utility>

namespace acefs::node {
namespace {

/// PATH_MAX allows 2,048 components; links that lead further go in a circle (directories swapped behind the mount while
/// their links were being followed).
constexpr int kMaxDepth = 8192;

LinkPtr link_of(Node& node) {
  const std::lock_guard lock(node.mutex);
  if (!node.links.empty()) return node.links.front();
  return node.last_link;
}

bool has_link(Node& node) {
  const std::lock_guard lock(node.mutex);
  return !node.links.empty();
}

/// A descriptor that leads to the node whatever became of its names.
SharedFd any_descriptor(Node& node) {
  const std::lock_guard lock(node.mutex);
  if (node.pinned) return node.pinned;
  if (node.held) return node.held;
  for (const auto& opened : node.opened) {
    if (SharedFd fd = opened.lock()) return fd;
  }
  return nullptr;
}

const std::shared_ptr<const acl::Acl>& no_acl() {
  static const auto empty = std::make_shared<const acl::Acl>();
  return empty;
}

}  // namespace

std::int64_t inode_clock() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

Walk::Walk(backing::Backing& backing, const backing::GrantStore& store, Table& table, HeldDirs& held,
           acl::PrincipalTable& principals, SharedFd root, WalkEvents& events)
    : backing_(backing), store_(store), table_(table), held_(held), principals_(principals), root_(std::move(root)),
      events_(events) {}

std::vector<LinkPtr> Walk::links_of(const NodePtr& node) const {
  const std::lock_guard lock(node->mutex);
  if (node->links.empty()) return {nullptr};
  return node->links;
}

Result<Chain> Walk::chain_of(const NodePtr& node, const LinkPtr& link, const SharedFd& own_fd) {
  // The clock is read before anything is looked at: what is older than this cannot change unseen (acl_of).
  const std::int64_t started = inode_clock();
  std::vector<std::pair<NodePtr, LinkPtr>> path;  // node first, child of the root last
  path.reserve(16);
  NodePtr at = node;
  LinkPtr by = link ? link : link_of(*node);
  while (at != table_.root()) {
    if (!by || path.size() > kMaxDepth) return Status::from(ESTALE);
    NodePtr parent = by->parent;
    path.emplace_back(std::move(at), std::move(by));
    at = std::move(parent);
    by = link_of(*at);
  }
  Chain chain;
  chain.steps.reserve(path.size() + 1);
  chain.segments.reserve(path.size() + 1);
  if (Status s = append_root(chain, started); !s) return s;
  for (auto it = path.rbegin(); it != path.rend(); ++it) {
    const bool is_last = std::next(it) == path.rend();
    if (Status s = append(chain, it->first, it->second, is_last ? own_fd : nullptr, started); !s) return s;
  }
  return chain;
}

Status Walk::append_root(Chain& chain, std::int64_t started) {
  auto attr = backing_.stat_at(root_->get(), "");
  if (!attr) return attr.status();
  auto acl = acl_of(chain, table_.root(), *attr, "", started);
  if (!acl) return acl.status();
  push(chain, table_.root(), *attr, std::move(*acl));
  return Status::ok();
}

Status Walk::append(Chain& chain, const NodePtr& node, const LinkPtr& link, const SharedFd& own_fd, std::int64_t started) {
  if (!has_link(*node)) return append_nameless(chain, node, own_fd, started);
  auto dir = directory(chain);
  if (!dir) return dir.status();
  const bool by_parent = link->name.empty();  // a moved directory whose new name is not known yet
  SharedFd self = by_parent ? any_descriptor(*node) : nullptr;
  if (by_parent && !self) self = held_.reopen(node);
  if (by_parent && !self) return Status::from(ESTALE);
  auto attr = by_parent ? backing_.stat_at(self->get(), "") : backing_.stat_at((*dir)->get(), link->name.c_str());
  bool bound = false;
  if (attr) {
    bound = InodeKey::of(*attr) == node->key;
    if (bound && by_parent) {
      const auto up = backing_.stat_at(self->get(), "..");
      bound = up && InodeKey::of(*up) == link->parent->key;
    }
  } else if (attr.error().errno_value() != ENOENT && attr.error().errno_value() != ENOTDIR) {
    return attr.error();
  }
  if (!bound) {
    unbind(node, link);
    // Whoever holds the node open goes on with it as with any file that lost its name.
    if (own_fd || (!node->is_directory() && !has_link(*node) && any_descriptor(*node)))
      return append_nameless(chain, node, own_fd, started);
    return Status::from(ESTALE);
  }
  chain.parent = *dir;
  chain.link = link;
  chain.nameless.reset();
  auto acl = acl_of(chain, node, *attr, link->name, started);
  if (!acl) return acl.status();
  push(chain, node, *attr, std::move(*acl));
  return Status::ok();
}

Status Walk::append_nameless(Chain& chain, const NodePtr& node, const SharedFd& own_fd, std::int64_t started) {
  SharedFd fd = own_fd ? own_fd : any_descriptor(*node);
  if (!fd) return Status::from(ESTALE);
  auto attr = backing_.stat_at(fd->get(), "");
  if (!attr) return attr.status();
  // A directory without a name that is not removed was moved out of the tree: what is in it is none of ours any more.
  if (attr->is_directory() && attr->st.st_nlink > 0) return Status::from(ESTALE);
  chain.parent.reset();
  chain.link.reset();
  chain.nameless = std::move(fd);
  auto acl = acl_of(chain, node, *attr, "", started);
  if (!acl) return acl.status();
  push(chain, node, *attr, std::move(*acl));
  return Status::ok();
}

void Walk::push(Chain& chain, const NodePtr& node, const backing::Attr& attr, std::shared_ptr<const acl::Acl> acl) {
  chain.segments.push_back({.acl = acl.get(),
                            .is_directory = attr.is_directory(),
                            .mode = attr.st.st_mode,
                            .uid = attr.st.st_uid,
                            .gid = attr.st.st_gid});
  chain.steps.push_back({node, attr, std::move(acl)});
}

void Walk::unbind(const NodePtr& node, const LinkPtr& link) {
  if (remove_link(*node, *link->parent, link->name) && !node->is_directory()) {
    const std::lock_guard lock(node->mutex);
    node->lost_name = true;
  }
  if (!link->name.empty()) events_.stale_name(link->parent->id, link->name);
  if (node->is_directory()) reparent(node, 0);
}

bool Walk::reparent(const NodePtr& node, int depth) {
  if (depth > kMaxDepth) return false;
  SharedFd self = any_descriptor(*node);
  if (!self) self = held_.reopen(node);
  if (!self) return false;
  const auto own = backing_.stat_at(self->get(), "");
  if (!own || own->st.st_nlink == 0) return false;
  const auto up = backing_.stat_at(self->get(), "..");
  if (!up || InodeKey::of(*up) == node->key) return false;  // the root of the filesystem: it left the tree
  NodePtr parent = table_.find(InodeKey::of(*up));
  if (!parent) {
    auto fd = backing_.open_at(self->get(), "..", O_RDONLY | O_DIRECTORY);
    if (!fd) return false;
    parent = table_.obtain(InodeKey::of(*up), nullptr);
    held_.hold(parent, std::move(*fd));
    if (!reparent(parent, depth + 1)) return false;
  } else if (parent != table_.root() && !has_link(*parent) && !reparent(parent, depth + 1)) {
    return false;
  }
  add_link(*node, std::make_shared<const Link>(Link{parent, ""}));
  return true;
}

Result<Chain> Walk::child_of(const Chain& parent, const std::string& name) {
  const std::int64_t started = inode_clock();
  auto dir = directory(parent);
  if (!dir) return dir.status();
  auto attr = backing_.stat_at((*dir)->get(), name.c_str());
  if (!attr) return attr.status();
  auto link = std::make_shared<const Link>(Link{parent.last().node, name});
  Chain chain = parent;
  const NodePtr node = table_.obtain(InodeKey::of(*attr), link);
  chain.parent = *dir;
  chain.link = std::move(link);
  chain.nameless.reset();
  auto acl = acl_of(chain, node, *attr, name, started);
  if (!acl) return acl.status();
  push(chain, node, *attr, std::move(*acl));
  return chain;
}

Result<SharedFd> Walk::directory(const Chain& chain) {
  const NodePtr& node = chain.last().node;
  if (node == table_.root()) return root_;
  if (!node->is_directory()) return Status::from(ENOTDIR);
  return directory_of(node, chain.parent, chain.link ? chain.link->name : std::string());
}

Result<SharedFd> Walk::directory_of(const NodePtr& node, const SharedFd& parent, const std::string& name) {
  if (SharedFd held = held_.peek(*node)) return held;
  if (SharedFd fd = held_.reopen(node)) return fd;
  if (!parent || name.empty()) {
    if (SharedFd fd = any_descriptor(*node)) return fd;
    return Status::from(ESTALE);
  }
  auto fd = backing_.open_at(parent->get(), name.c_str(), O_RDONLY | O_DIRECTORY);
  // Without privilege the daemon may be allowed to pass a directory that it may not list.
  if (!fd && fd.error().errno_value() == EACCES) fd = backing_.open_at(parent->get(), name.c_str(), O_PATH | O_DIRECTORY);
  if (!fd) return fd.error().errno_value() == ENOENT ? Status::from(ESTALE) : fd.status();
  const auto attr = backing_.stat_at(fd->get(), "");
  if (!attr) return attr.status();
  if (InodeKey::of(*attr) != node->key) return Status::from(ESTALE);
  return held_.hold(node, std::move(*fd));
}

Result<UniqueFd> Walk::open_verified(const Chain& chain, const NodePtr& node, const std::string& name) {
  auto fd = backing_.open_at(chain.parent->get(), name.c_str(), O_PATH);
  if (!fd) return fd.error().errno_value() == ENOENT ? Status::from(ESTALE) : fd.status();
  const auto attr = backing_.stat_at(fd->get(), "");
  if (!attr) return attr.status();
  if (InodeKey::of(*attr) != node->key) return Status::from(ESTALE);
  return std::move(*fd);
}

Result<UniqueFd> Walk::open_path(const Chain& chain) {
  const NodePtr& node = chain.last().node;
  if (node == table_.root()) return backing_.reopen(root_->get(), O_PATH);
  if (chain.nameless) return backing_.reopen(chain.nameless->get(), O_PATH);
  if (chain.link->name.empty()) {
    auto dir = directory(chain);
    if (!dir) return dir.status();
    return backing_.reopen((*dir)->get(), O_PATH);
  }
  return open_verified(chain, node, chain.link->name);
}

Result<std::shared_ptr<const acl::Acl>> Walk::acl_of(const Chain& chain, const NodePtr& node, const backing::Attr& attr,
                                                     const std::string& name, std::int64_t started) {
  if (!attr.can_have_acl()) return no_acl();
  AclState known;
  {
    const std::lock_guard lock(node->mutex);
    known = node->acl;
  }
  if (known.acl && known.trusted && known.ctime_ns == attr.ctime_ns &&
      (known.side_path.empty() || store_.side_unchanged(known.side_path, known.side_stamp)))
    return known.acl;

  UniqueFd opened;
  SharedFd shared;
  int fd = -1;
  if (node == table_.root()) {
    fd = root_->get();
  } else if (node->is_directory()) {
    auto dir = directory_of(node, chain.parent, name);
    if (!dir) return dir.status();
    shared = std::move(*dir);
    fd = shared->get();
  } else if (chain.nameless) {
    fd = chain.nameless->get();
  } else {
    auto path = open_verified(chain, node, name);
    if (!path) return path.status();
    opened = std::move(*path);
    fd = opened.get();
  }
  auto stored = store_.read(fd);
  if (!stored) return stored.status();

  std::vector<acl::Grant> grants;
  grants.reserve(stored->values.size());
  for (auto& [key, value] : stored->values) {
    auto parsed = acl::parse_key(key);
    if (parsed) grants.push_back(acl::Grant::read(std::move(*parsed), std::move(value)));
  }
  for (const acl::Grant& grant : grants) {
    if (grant.ace) continue;
    const bool reported = known.acl && std::any_of(known.acl->grants().begin(), known.acl->grants().end(), [&](const acl::Grant& g) {
      return g.key == grant.key && g.value == grant.value;
    });
    if (!reported) events_.malformed_grant(name, grant);
  }
  AclState fresh;
  fresh.acl = grants.empty() ? no_acl() : std::make_shared<const acl::Acl>(std::move(grants), attr.is_directory(), principals_);
  fresh.ctime_ns = attr.ctime_ns;
  fresh.trusted = attr.ctime_ns < started;
  fresh.side_path = std::move(stored->side_path);
  fresh.side_stamp = stored->stamp;
  auto acl = fresh.acl;
  const std::lock_guard lock(node->mutex);
  std::swap(node->acl, fresh);
  return acl;
}

}  // namespace acefs::node
