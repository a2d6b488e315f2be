// SPDX-License-Identifier: MIT
#include "node/walk.hpp"

#include <time.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace acefs::node {
namespace {

/// PATH_MAX allows 2,048 components; links that lead further go in a circle (directories swapped behind the mount while
/// their links were being followed).
constexpr std::size_t kMaxDepth = 8192;

bool is_gone(Status s) { return s.errno_value() == ENOENT || s.errno_value() == ENOTDIR; }
bool is_stale(Status s) { return s.errno_value() == ESTALE; }

/// Whether whatever changes from `started` on gives the inode another ctime. Some filesystems have whole seconds only.
bool is_settled(std::int64_t ctime_ns, std::int64_t started) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  return (ctime_ns % kSecond == 0 ? ctime_ns + kSecond : ctime_ns) < started;
}

/// The last segment of `chain` was as it says when `stamp` was taken.
void prove(const DirChain& chain, const Proof& proof, Stamp stamp) {
  chain.stamp.store(stamp, std::memory_order_release);
  if (!chain.above || chain.above->proven.load(std::memory_order_acquire) == proof.epoch)
    chain.proven.store(proof.epoch, std::memory_order_release);
}

/// Whether what is known of the node's ACL is what was stored when that stamp was taken.
bool is_proven(Node& node, Stamp stamp) {
  const std::lock_guard lock(node.mutex);
  return node.acl_stamp == stamp;
}

}  // namespace

std::int64_t inode_clock() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::vector<acl::Segment> Chain::segments() const {
  std::vector<acl::Segment> list{segment()};
  for (const DirChain* at = above.get(); at != nullptr; at = at->above.get()) list.push_back(at->segment());
  std::reverse(list.begin(), list.end());
  return list;
}

Walk::Walk(backing::Backing& backing, const backing::GrantStore& store, Table& table, HeldDirs& held,
           acl::PrincipalTable& principals, SharedFd root, WalkEvents& events, Coherence& coherence)
    : backing_(backing), store_(store), table_(table), held_(held), principals_(principals), root_(std::move(root)),
      events_(events), coherence_(coherence) {}

Result<Chain> Walk::chain_of(const NodePtr& node, const LinkPtr& link, Look look, const SharedFd& own_fd) {
  const Proof proof = coherence_.prove();
  const bool is_root = node == table_.root();
  const bool nameless = node->is_directory() && !is_root && !has_link(*node) && !reparent(node, 0);
  // A directory's only name may be another by now than the caller knows.
  LinkPtr by = link && !node->is_directory() ? link : link_of(*node);
  if (!by && !is_root) return Status::from(ESTALE);
  if (!node->is_directory()) return file_chain(node, by, look, own_fd, proof);
  // A directory without a name was removed, or another thread is just finding out where it was moved.
  if (nameless) {
    auto removed = removed_chain(node, by, own_fd, proof);
    if (removed || !is_stale(removed.status()) || !has_link(*node)) return removed;
    by = link_of(*node);
  }
  auto chain = directory_chain(node, by, look, proof);
  // Whoever holds the directory open goes on with it although it has lost its name.
  if (!chain && !is_root && is_stale(chain.status()) && own_fd && !has_link(*node)) return removed_chain(node, by, own_fd, proof);
  return chain;
}

// Up to a directory of which all is proved, and down again.
Result<DirChainPtr> Walk::up_to(const NodePtr& directory, const Proof& proof) {
  std::vector<std::pair<NodePtr, LinkPtr>> in_doubt;
  DirChainPtr good;
  for (NodePtr at = directory;;) {
    if (proof.holds) {
      good = HeldDirs::chain_of(*at);
      if (good && good->proven.load(std::memory_order_acquire) == proof.epoch) break;
      good = nullptr;
    }
    const LinkPtr by = link_of(*at);
    in_doubt.emplace_back(at, by);
    if (at == table_.root()) break;
    if (!by || in_doubt.size() > kMaxDepth) return Status::from(ESTALE);
    at = by->parent;
  }
  for (auto it = in_doubt.rbegin(); it != in_doubt.rend(); ++it) {
    auto next = one_down(good, it->first, it->second, proof);
    if (!next) return next.status();
    good = std::move(*next);
  }
  return good;
}

Result<DirChainPtr> Walk::one_down(const DirChainPtr& above, const NodePtr& node, const LinkPtr& link, const Proof& proof,
                                  std::optional<backing::Attr>* looked) {
  // Without a name it was removed, or another thread is just finding out where it was moved.
  if (above && !has_link(*node)) {
    if (looked != nullptr) looked->reset();
    return reparent(node, 0) ? Status::from(ESTALE) : removed_directory(above, node, link);
  }
  const Stamp stamp = coherence_.stamp(*node);
  if (looked != nullptr && !coherence_.nothing_heard_since(proof)) looked->reset();
  if (is_covered(*node, proof)) {
    DirChainPtr known = HeldDirs::chain_of(*node);
    if (known && known->link == link && known->stamp.load(std::memory_order_acquire) == stamp) {
      if (known->above != above) known = held_.keep_chain(node, DirChainPtr(new DirChain(above, *node, link, known->facts, known->acl)));
      prove(*known, proof, stamp);
      return known;
    }
  }
  // The clock is read before anything is looked at: what is older than this cannot change unseen (acl_of).
  const std::int64_t started = inode_clock();
  auto attr = looked != nullptr && *looked ? Result<backing::Attr>(**looked) : look(above.get(), node, link);
  if (!attr) return attr.status();
  if (looked != nullptr) *looked = *attr;
  return looked_at(above, node, link, proof, *attr, stamp, started);
}

/// What was in it may still be open.
Result<DirChainPtr> Walk::removed_directory(const DirChainPtr& above, const NodePtr& node, const LinkPtr& link) {
  const SharedFd fd = any_descriptor(*node);
  if (!fd) return Status::from(ESTALE);
  const std::int64_t started = inode_clock();
  auto attr = backing_.stat_at(fd->get(), "");
  if (!attr) return attr.status();
  // A directory without a name that is not removed was moved out of the tree: what is in it is none of ours any more.
  if (attr->st.st_nlink > 0) return Status::from(ESTALE);
  auto acl = acl_of(above.get(), node, nullptr, fd, *attr, kNoStamp, started);
  if (!acl) return acl.status();
  return DirChainPtr(new DirChain(above, *node, link, Facts::of(*attr), std::move(*acl)));
}

/// The chain of the directory of which `attr` was just read; the one that is known if nothing changed.
Result<DirChainPtr> Walk::looked_at(const DirChainPtr& above, const NodePtr& node, const LinkPtr& link, const Proof& proof,
                                    const backing::Attr& attr, Stamp stamp, std::int64_t started) {
  const bool covered = is_covered(*node, proof);
  auto acl = acl_of(above.get(), node, link, nullptr, attr, covered ? stamp : kNoStamp, started);
  if (!acl) return acl.status();
  DirChainPtr chain = HeldDirs::chain_of(*node);
  const Facts facts = Facts::of(attr);
  if (!chain || chain->above != above || chain->link != link || chain->facts != facts || chain->acl != *acl) {
    chain = held_.keep_chain(node, DirChainPtr(new DirChain(above, *node, link, facts, std::move(*acl))));
  }
  if (covered) prove(*chain, proof, stamp);
  return chain;
}

Result<Chain> Walk::directory_chain(const NodePtr& node, const LinkPtr& link, Look look_when, const Proof& proof) {
  Chain chain{.node = node, .above = {}, .self = {}, .facts = {}, .acl = {}, .link = link, .nameless = {}, .attr = {}, .proof = proof};
  if (look_when == Look::IfInDoubt) {
    auto self = up_to(node, proof);
    if (!self) return self.status();
    chain.self = std::move(*self);
  } else {
    if (link) {
      auto above = up_to(link->parent, proof);
      if (!above) return above.status();
      chain.above = std::move(*above);
    }
    const Stamp stamp = coherence_.stamp(*node);
    const std::int64_t started = inode_clock();
    auto attr = look(chain.above.get(), node, link);
    if (!attr) return attr.status();
    auto self = looked_at(chain.above, node, link, proof, *attr, stamp, started);
    if (!self) return self.status();
    chain.self = std::move(*self);
    chain.attr = *attr;
  }
  chain.above = chain.self->above;
  chain.link = chain.self->link;
  chain.facts = chain.self->facts;
  chain.acl = chain.self->acl;
  if (is_covered(*node, proof)) chain.stamp = chain.self->stamp.load(std::memory_order_acquire);
  // Whoever is in it goes on when it is moved behind the mount; its names do not lead there then.
  if (link && !HeldDirs::leads_to(*node)) static_cast<void>(descriptor_of(*chain.self));
  return chain;
}

Result<Chain> Walk::file_chain(const NodePtr& node, const LinkPtr& link, Look look_when, const SharedFd& own_fd, const Proof& proof) {
  auto above = up_to(link->parent, proof);
  if (!above) return above.status();
  if (!has_link(*node)) return nameless_chain(node, *above, own_fd, proof);
  Chain chain{.node = node, .above = std::move(*above), .self = {}, .facts = {}, .acl = {}, .link = link, .nameless = {}, .attr = {}, .proof = proof};
  const bool covered = is_covered(*node, proof);
  const Stamp stamp = coherence_.stamp(*node);
  if (covered && look_when != Look::Always) {
    const std::lock_guard lock(node->mutex);
    if (node->facts_stamp == stamp && was_bound(*node, link) && (node->acl_stamp == stamp || !chain.can_have_acl())) {
      chain.facts = node->facts;
      chain.acl = node->acl();
      chain.stamp = stamp;
      return chain;
    }
  }
  const std::int64_t started = inode_clock();
  auto attr = look(chain.above.get(), node, link);
  if (!attr) {
    // Whoever holds a file open that lost its last name goes on with it; by any other name that it has by now he must look again. Of one that
    // is just being moved through the mount the former way counts until that is done.
    const bool stays = has_link(*node) ? own_fd && is_moving(*node) : own_fd || any_descriptor(*node);
    if (attr.error().errno_value() == ESTALE && stays) return nameless_chain(node, chain.above, own_fd, proof);
    return attr.status();
  }
  auto acl = acl_of(chain.above.get(), node, link, nullptr, *attr, covered ? stamp : kNoStamp, started);
  if (!acl) return acl.status();
  chain.facts = Facts::of(*attr);
  chain.acl = std::move(*acl);
  chain.attr = *attr;
  if (covered) {
    remember_facts(*node, chain.facts, link, stamp);
    chain.stamp = stamp;
  }
  return chain;
}

/// Of a directory that had that name last.
Result<Chain> Walk::removed_chain(const NodePtr& node, const LinkPtr& link, const SharedFd& own_fd, const Proof& proof) {
  auto above = up_to(link->parent, proof);
  if (!above) return above.status();
  return nameless_chain(node, *above, own_fd, proof);
}

/// Events do not find nodes without a name; these are looked at each time.
Result<Chain> Walk::nameless_chain(const NodePtr& node, const DirChainPtr& above, const SharedFd& own_fd, const Proof& proof) {
  SharedFd fd = own_fd ? own_fd : any_descriptor(*node);
  if (!fd) return Status::from(ESTALE);
  Chain chain{.node = node, .above = above, .self = {}, .facts = {}, .acl = {}, .link = {}, .nameless = fd, .attr = {}, .proof = proof};
  const std::int64_t started = inode_clock();
  auto attr = backing_.stat_at(fd->get(), "");
  if (!attr) return attr.status();
  if (attr->is_directory() && attr->st.st_nlink > 0) return Status::from(ESTALE);  // it was moved out of the tree
  auto acl = acl_of(above.get(), node, nullptr, fd, *attr, kNoStamp, started);
  if (!acl) return acl.status();
  chain.facts = Facts::of(*attr);
  chain.acl = std::move(*acl);
  chain.attr = *attr;
  if (node->is_directory()) chain.self = DirChainPtr(new DirChain(above, *node, link_of(*node), chain.facts, chain.acl));
  return chain;
}

Result<backing::Attr> Walk::look(const DirChain* above, const NodePtr& node, const LinkPtr& link) {
  if (node == table_.root()) return backing_.stat_at(root_->get(), "");
  if (above == nullptr) return Status::from(ESTALE);
  const bool by_parent = link->name().empty();  // a moved directory whose new name is not known yet
  SharedFd from = by_parent ? any_descriptor(*node) : nullptr;
  if (by_parent && !from) from = held_.reopen(node);
  if (by_parent && !from) return Status::from(ESTALE);
  if (!from) {
    auto dir = descriptor_of(*above);
    if (!dir) return dir.status();
    from = std::move(*dir);
  }
  auto attr = backing_.stat_at(from->get(), link->c_str());
  if (!attr && !is_gone(attr.error())) return attr.error();
  bool bound = attr && InodeKey::of(*attr) == node->key();
  if (bound && by_parent) {
    const auto up = backing_.stat_at(from->get(), "..");
    bound = up && InodeKey::of(*up) == link->parent->key();
  }
  if (bound) return attr;
  unbind(above, node, link);
  return Status::from(ESTALE);
}

bool Walk::unbind(const DirChain* above, const NodePtr& node, const LinkPtr& link) {
  if (!node::is_settled(*node, link)) {
    // Whoever looks again is not to come too early once more.
    constexpr int kTurns = 200;
    for (int i = 0; i < kTurns && node::is_moving(*node); ++i) std::this_thread::yield();
    return false;
  }
  std::uint64_t told = 0;
  if (!link->name().empty()) told = events_.stale_name(link->parent->id, std::string(link->name()));
  // First, so that nobody comes by that name any more once the directory is known by another.
  if (told != 0 && node->is_directory()) events_.dropped(told, true);
  coherence_.note(*node);
  // Whoever found it before the kernel dropped the name goes on by it. Whoever finds it from now on looks it up, which makes it
  // another link than this.
  if (above != nullptr && !link->name().empty() && is_bound(*above, *node, link)) return false;
  if (!node->is_directory()) suspect(*node, link, told);
  if (remove_link(*node, link) && !node->is_directory()) set_lost_its_name(*node);
  if (node->is_directory() && !has_link(*node)) reparent(node, 0);
  return true;
}

/// Whether the directory, or one above it, is being moved through the mount.
bool Walk::is_on_the_move(NodePtr directory) const {
  for (std::size_t depth = 0; directory && depth < kMaxDepth; ++depth) {
    if (is_moving(*directory)) return true;
    const LinkPtr by = link_of(*directory);
    directory = by ? by->parent : nullptr;
  }
  return false;
}

DirChainPtr Walk::way_to(const NodePtr& node, const LinkPtr& link, const Proof& proof, bool& moved) {
  auto above = up_to(link->parent, proof);
  if (above) return *above;
  if (!is_stale(above.error()) || is_on_the_move(link->parent)) return nullptr;
  // A directory on the way was moved: by now it is known where, or that it is gone. Whoever came this way comes elsewhere now.
  moved = true;
  suspect_ways(*node);
  above = up_to(link->parent, proof);
  if (above) return *above;
  if (is_stale(above.error()) && !is_on_the_move(link->parent)) unbind(nullptr, node, link);
  return nullptr;
}

/// Names that are more than are looked at: the kernel must look them up before it uses them.
void Walk::forget_surplus(const NodePtr& node) {
  for (const LinkPtr& surplus : take_surplus_links(*node)) {
    if (!events_.look_up_again(surplus->parent->id, std::string(surplus->name()))) add_link(*node, surplus);
  }
}

bool Walk::confirm_names(const NodePtr& node) {
  forget_surplus(node);
  const Proof proof = coherence_.prove();
  const Stamp stamp = is_covered(*node, proof) ? coherence_.stamp(*node) : kNoStamp;
  const NamesDue due = names_due(*node, stamp, proof.epoch);
  if (due.links.empty()) return true;
  bool any_gone = false;
  bool are_bound = true;
  bool are_proved = true;
  DirChainPtr above;
  const Node* parent = nullptr;
  for (const auto& [link, look] : due.links) {
    if (link->parent.get() != parent) {
      above = way_to(node, link, proof, any_gone);
      parent = link->parent.get();
    }
    if (!above) are_bound = are_proved = false;  // whoever comes by it is told why it cannot be passed
    if (!above || !look) continue;
    const auto dir = descriptor_of(*above);
    const auto attr = dir ? backing_.stat_at((*dir)->get(), link->c_str()) : Result<backing::Attr>(dir.error());
    if (attr ? InodeKey::of(*attr) == node->key() : !is_gone(attr.error())) {
      are_bound = are_bound && attr;
    } else {
      const bool is_gone_now = unbind(above.get(), node, link);
      any_gone = any_gone || is_gone_now;
      are_bound = are_bound && is_gone_now;
    }
  }
  if (are_bound) set_names_bound(*node, due, stamp);
  if (are_proved && due.are_all) set_ways_proved(*node, proof.epoch);
  return !any_gone;
}

bool Walk::is_suspect(const NodePtr& node) {
  const Suspicion now = suspicion_of(*node);
  if (!now.is_suspect || now.ticket == 0) return now.is_suspect;
  const auto when = events_.dropped(now.ticket, false);
  if (!when) return true;
  dropped(*node, now.ticket, *when);
  return suspicion_of(*node).is_suspect;
}

bool Walk::wait_for_kernel(const NodePtr& node, bool patient) {
  const Suspicion now = suspicion_of(*node);
  if (now.ticket != 0) events_.dropped(now.ticket, patient);
  return now.ticket != 0;
}

/// Looks at its names but for that one, as far as that can be done without waiting for anybody: the kernel holds directories meanwhile.
void Walk::look_at_others(const NodePtr& node, const LinkPtr& but) {
  const Proof proof = coherence_.prove();
  const Stamp stamp = is_covered(*node, proof) ? coherence_.stamp(*node) : kNoStamp;
  const NamesDue due = names_due(*node, stamp, proof.epoch);
  bool are_bound = true;
  for (const auto& [link, look] : due.links) {
    if (!look) continue;
    SharedFd dir = link->parent == table_.root() ? root_ : HeldDirs::peek(*link->parent);
    if (!dir) dir = held_.reopen(link->parent);
    const auto attr = dir ? backing_.stat_at(dir->get(), link->c_str()) : Result<backing::Attr>(Status::from(EIO));
    if (attr ? InodeKey::of(*attr) == node->key() : !is_gone(attr.error())) {
      are_bound = are_bound && attr;
    } else {
      are_bound = link != but && unbind(nullptr, node, link) && are_bound;
    }
  }
  if (are_bound) set_names_bound(*node, due, stamp);
}

NodePtr Walk::node_of(const InodeKey& key, const LinkPtr& link) {
  NodePtr node = table_.obtain(key, link);
  if (node->is_directory() || !has_further_links(*node)) return node;
  forget_surplus(node);
  look_at_others(node, link);
  return node;
}

/// The kernel would still lead others to a directory by the name that it knows.
NodePtr Walk::child_node(const InodeKey& key, const LinkPtr& link) {
  if (const NodePtr known = S_ISDIR(key.type) ? table_.find(key) : nullptr; known && has_link(*known)) return known;
  NodePtr node = table_.obtain(key, link);
  if (!node->is_directory() && has_further_links(*node)) forget_surplus(node);
  return node;
}

bool Walk::is_bound(const DirChain& above, const Node& node, const LinkPtr& link) {
  const auto dir = descriptor_of(above);
  if (!dir) return false;
  const auto attr = backing_.stat_at((*dir)->get(), link->c_str());
  return attr && InodeKey::of(*attr) == node.key();
}

bool Walk::reparent(const NodePtr& node, int depth) {
  if (depth > static_cast<int>(kMaxDepth)) return false;
  SharedFd self = any_descriptor(*node);
  if (!self) self = held_.reopen(node);
  if (!self) return false;
  const auto own = backing_.stat_at(self->get(), "");
  if (!own || own->st.st_nlink == 0) return false;
  const auto up = backing_.stat_at(self->get(), "..");
  if (!up || InodeKey::of(*up) == node->key()) return false;  // the root of the filesystem: it left the tree
  NodePtr parent = table_.find(InodeKey::of(*up));
  if (!parent) {
    auto fd = backing_.open_at(self->get(), "..", O_RDONLY | O_DIRECTORY);
    if (!fd) return false;
    // Moved since the look at "..", it has another parent now.
    const auto opened = backing_.stat_at(fd->get(), "");
    if (!opened) return false;
    parent = table_.obtain(InodeKey::of(*opened), nullptr);
    held_.hold(parent, std::move(*fd));
  }
  if (parent != table_.root() && !has_link(*parent) && !reparent(parent, depth + 1)) return false;
  add_link(*node, Link::make(parent, ""));
  return true;
}

Result<Chain> Walk::child_of(const Chain& parent, const std::string& name, bool told) {
  auto dir = directory(parent);
  if (!dir) return dir.status();
  const std::int64_t started = inode_clock();
  auto attr = backing_.stat_at((*dir)->get(), name.c_str());
  if (!attr) {
    const Status there = attr.error().errno_value() == ENOENT ? confirm(parent) : Status::ok();
    return there ? attr.status() : there;
  }
  if (told) {
    const NodePtr known = table_.find(InodeKey::of(*attr));
    if (!known || !has_link(*known, *parent.node, name)) return Status::from(ESTALE);
  }
  auto link = Link::make(parent.node, name);
  const NodePtr node = child_node(InodeKey::of(*attr), link);
  Chain chain{.node = node, .above = parent.self, .self = {}, .facts = Facts::of(*attr), .acl = {}, .link = link, .nameless = {},
              .attr = *attr, .proof = parent.proof};
  const LinkPtr by = node->is_directory() ? link_of(*node) : nullptr;
  const bool is_by_this = by && by->parent == parent.node && by->name() == name;
  if (node->is_directory() && !is_by_this) {
    // Nobody else is to come by this chain: not to where the kernel leads them.
    auto acl = acl_of(parent.self.get(), node, link, nullptr, *attr, kNoStamp, started);
    if (!acl) return acl.status();
    chain.self = DirChainPtr(new DirChain(parent.self, *node, link, chain.facts, *acl));
    chain.acl = std::move(*acl);
    return chain;
  }
  if (node->is_directory()) {
    std::optional<backing::Attr> looked = *attr;
    auto self = one_down(parent.self, node, by, parent.proof, &looked);
    if (!self) return self.status();
    chain.self = std::move(*self);
    chain.facts = chain.self->facts;
    chain.acl = chain.self->acl;
    chain.link = chain.self->link;
    if (looked) {
      chain.attr = looked;
    } else if (parent.proof.holds) {
      // What happened between the first look and making the node was noted nowhere.
      attr = backing_.stat_at((*dir)->get(), name.c_str());
      if (!attr) return attr.status();
      if (InodeKey::of(*attr) != node->key()) return Status::from(ESTALE);
      chain.attr = *attr;
    }
    return chain;
  }
  const bool covered = is_covered(*node, parent.proof);
  const Stamp stamp = coherence_.stamp(*node);
  if (covered && !is_proven(*node, stamp) && !coherence_.nothing_heard_since(parent.proof)) {
    // What happened between the look and this was noted only if the node was known before: once more.
    attr = backing_.stat_at((*dir)->get(), name.c_str());
    if (!attr) return attr.status();
    if (InodeKey::of(*attr) != node->key()) return Status::from(ESTALE);
    chain.facts = Facts::of(*attr);
    chain.attr = *attr;
  }
  auto acl = acl_of(parent.self.get(), node, link, nullptr, *attr, covered ? stamp : kNoStamp, started);
  if (!acl) return acl.status();
  chain.acl = std::move(*acl);
  return chain;
}

Result<Chain> Walk::chain_of_new(const Chain& parent, const std::string& name, const SharedFd& fd) {
  const std::int64_t started = inode_clock();
  auto attr = backing_.stat_at(fd->get(), "");
  if (!attr) return attr.status();
  auto link = Link::make(parent.node, name);
  const NodePtr node = table_.obtain(InodeKey::of(*attr), link);
  const Stamp stamp = is_covered(*node, parent.proof) ? coherence_.stamp(*node) : kNoStamp;
  Chain chain{.node = node, .above = parent.self, .self = {}, .facts = Facts::of(*attr), .acl = {}, .link = link, .nameless = {},
              .attr = *attr, .proof = parent.proof, .stamp = stamp};
  // It was made without an ACL, and whoever gave it one since will be heard of.
  if (stamp != kNoStamp && coherence_.nothing_heard_since(parent.proof)) {
    chain.acl = acl_of_new(*node, *attr, stamp);
    return chain;
  }
  attr = backing_.stat_at(fd->get(), "");  // what happened before the stamp was taken was noted nowhere
  if (!attr) return attr.status();
  auto acl = acl_of(parent.self.get(), node, link, fd, *attr, stamp, started);
  if (!acl) return acl.status();
  chain.facts = Facts::of(*attr);
  chain.attr = *attr;
  chain.acl = std::move(*acl);
  return chain;
}

Result<backing::Attr> Walk::attributes(const Chain& chain) {
  if (chain.attr) return *chain.attr;
  if (chain.nameless) return backing_.stat_at(chain.nameless->get(), "");
  return look(chain.above.get(), chain.node, chain.link);
}

Result<SharedFd> Walk::directory(const Chain& chain) {
  if (!chain.is_directory()) return Status::from(ENOTDIR);
  if (chain.nameless) return chain.nameless;
  return descriptor_of(*chain.self);
}

Result<SharedFd> Walk::descriptor_of(const DirChain& chain) {
  const NodePtr node = table_.find(chain.id);
  return node ? descriptor_of(chain.above.get(), node, chain.link) : Status::from(ESTALE);
}

Result<SharedFd> Walk::descriptor_of(const DirChain* above, const NodePtr& node, const LinkPtr& link) {
  if (node == table_.root()) return root_;
  if (SharedFd held = held_.peek(*node)) return held;
  if (SharedFd fd = held_.reopen(node)) return fd;
  if (above == nullptr || link->name().empty() || !has_link(*node)) {
    if (SharedFd fd = any_descriptor(*node)) return fd;
    return Status::from(ESTALE);
  }
  auto fd = open_verified(*above, node, *link, O_RDONLY | O_DIRECTORY);
  // Without privilege the daemon may be allowed to pass a directory that it may not list.
  if (!fd && fd.error().errno_value() == EACCES) fd = open_verified(*above, node, *link, O_PATH | O_DIRECTORY);
  if (!fd) return fd.status();
  return held_.hold(node, std::move(*fd));
}

Result<UniqueFd> Walk::open_verified(const DirChain& above, const NodePtr& node, const Link& link, int flags) {
  auto dir = descriptor_of(above);
  if (!dir) return dir.status();
  auto fd = backing_.open_at((*dir)->get(), link.c_str(), flags);
  if (!fd) return is_gone(fd.error()) ? Status::from(ESTALE) : fd.status();
  const auto attr = backing_.stat_at(fd->get(), "");
  if (!attr) return attr.status();
  if (InodeKey::of(*attr) != node->key()) return Status::from(ESTALE);
  return std::move(*fd);
}

Result<UniqueFd> Walk::open_path(const Chain& chain) {
  if (chain.node == table_.root()) return backing_.reopen(root_->get(), O_PATH);
  if (chain.nameless) return backing_.reopen(chain.nameless->get(), O_PATH);
  if (chain.link->name().empty()) {
    auto dir = directory(chain);
    if (!dir) return dir.status();
    return backing_.reopen((*dir)->get(), O_PATH);
  }
  return open_verified(*chain.above, chain.node, *chain.link, O_PATH);
}

Result<SharedFd> Walk::any_path(const Chain& chain) {
  if (chain.is_directory()) return directory(chain);
  if (SharedFd fd = any_descriptor(*chain.node)) return fd;
  auto fd = open_path(chain);
  if (!fd) return fd.status();
  return std::make_shared<const UniqueFd>(std::move(*fd));
}

Result<std::string> Walk::xattr(const Chain& chain, const char* attribute) {
  if (chain.stamp != kNoStamp && chain.link && !any_descriptor(*chain.node)) {
    auto dir = descriptor_of(*chain.above);
    if (!dir) return dir.status();
    auto value = backing_.get_xattr_at((*dir)->get(), chain.link->c_str(), attribute);
    // Whoever gave the name to another inode and back needed two renames in one directory. The second had to wait for the first,
    // and that for its event to be queued.
    const auto after = backing_.stat_at((*dir)->get(), chain.link->c_str());
    const bool is_it = after && InodeKey::of(*after) == chain.node->key();
    if (is_it && (value || value.error().errno_value() == ENODATA) && coherence_.prove().holds &&
        coherence_.stamp(*chain.node) == chain.stamp) {
      return value;
    }
  }
  auto fd = any_path(chain);
  if (!fd) return fd.status();
  return backing_.get_xattr((*fd)->get(), attribute);
}

bool Walk::is_vouched(const Chain& chain) const {
  return chain.stamp != kNoStamp && (!chain.above || chain.above->proven.load(std::memory_order_acquire) == chain.proof.epoch);
}

Result<UniqueFd> Walk::open_file(const Chain& chain, int flags) {
  // What would change the file must not happen before it is known to be the one; a file that is leased to another (Samba's
  // oplocks) makes the first attempt fail, and is waited for in the second.
  const bool changes = (flags & O_TRUNC) != 0;
  if (!changes && !chain.nameless) {
    auto fd = open_verified(*chain.above, chain.node, *chain.link, flags | O_NONBLOCK);
    if (fd || (fd.error().errno_value() != EWOULDBLOCK && fd.error().errno_value() != ENXIO)) return fd;
  }
  auto path = open_path(chain);
  if (!path) return path.status();
  return backing_.reopen(path->get(), flags);
}

Result<backing::StoredGrants> Walk::read_grants(const DirChain* above, const NodePtr& node, const LinkPtr& link, const SharedFd& nameless) {
  if (node == table_.root()) return store_.read(root_->get());
  if (nameless) return store_.read(nameless->get());
  if (node->is_directory()) {
    auto dir = descriptor_of(above, node, link);
    if (!dir) return dir.status();
    return store_.read((*dir)->get());
  }
  auto path = open_verified(*above, node, *link, O_PATH);
  if (!path) return path.status();
  return store_.read(path->get());
}

/// Tells by name, without opening it, what is so of most files. False: look closer.
bool Walk::has_no_grants(const DirChain& above, const NodePtr& node, const Link& link, const backing::Attr& attr,
                         Stamp stamp) {
  // ctime alone would not do: xfs leaves it as it is when two names are exchanged.
  if (stamp == kNoStamp) return false;
  const auto dir = descriptor_of(above);
  if (!dir || !store_.none_at((*dir)->get(), link.c_str())) return false;
  const auto after = backing_.stat_at((*dir)->get(), link.c_str());
  if (!after || InodeKey::of(*after) != node->key() || after->ctime_ns != attr.ctime_ns) return false;
  // Had another inode had the name meanwhile, this one would have been moved, and there would be an event (xattr()).
  return coherence_.prove().holds && coherence_.stamp(*node) == stamp;
}

void Walk::report_malformed(const std::vector<acl::Grant>& grants, const AclPtr& before, const LinkPtr& link) {
  for (const acl::Grant& grant : grants) {
    if (grant.ace) continue;
    const bool reported = before && std::any_of(before->grants().begin(), before->grants().end(), [&](const acl::Grant& g) {
      return g.key == grant.key && g.value == grant.value;
    });
    if (!reported) events_.malformed_grant(std::string(link ? link->name() : ""), grant);
  }
}

/// Of a file that had none when it was made: none, unless somebody found the file already and knows better.
AclPtr Walk::acl_of_new(Node& node, const backing::Attr& attr, Stamp stamp) {
  AclState none;
  none.acl = no_acl();
  none.ctime_ns = attr.ctime_ns;
  none.stamp = stamp;
  const std::lock_guard lock(node.mutex);
  if (node.acl_known && node.acl_stamp == stamp) return node.acl();
  AclPtr acl = none.acl;
  if (coherence_.stamp(node) == stamp) node.swap_acl_state(none);
  return acl;
}

Result<AclPtr> Walk::acl_of(const DirChain* above, const NodePtr& node, const LinkPtr& link, const SharedFd& nameless,
                            const backing::Attr& attr, Stamp stamp, std::int64_t started) {
  if (!attr.can_have_acl()) return no_acl();
  AclState known;
  {
    const std::lock_guard lock(node->mutex);
    known = node->acl_state();
  }
  if (known.acl && stamp != kNoStamp && known.stamp == stamp) return known.acl;
  const bool same_side = !known.side || (known.side->trusted && store_.side_unchanged(known.side->path, known.side->stamp));
  if (known.acl && known.trusted && known.ctime_ns == attr.ctime_ns && same_side) {
    const std::lock_guard lock(node->mutex);
    if (stamp != kNoStamp && node->acl_known && node->acl() == known.acl) node->acl_stamp = stamp;
    return known.acl;
  }

  const bool by_name = !nameless && above != nullptr && !link->name().empty() && !(node->is_directory() && HeldDirs::peek(*node));
  Result<backing::StoredGrants> stored = backing::StoredGrants{};
  if (!by_name || !has_no_grants(*above, node, *link, attr, stamp)) stored = read_grants(above, node, link, nameless);
  if (!stored) return stored.status();
  // A side file that nobody watched may have changed since it was read.
  if (!stored->side_path.empty() && coherence_.watch_side_file(root_->get(), stored->side_path, node)) {
    stored = read_grants(above, node, link, nameless);
    if (!stored) return stored.status();
  }
  std::vector<acl::Grant> grants;
  grants.reserve(stored->values.size());
  for (auto& [key, value] : stored->values) {
    auto parsed = acl::parse_key(key);
    if (parsed) grants.push_back(acl::Grant::read(std::move(*parsed), std::move(value)));
  }
  report_malformed(grants, known.acl, link);
  AclState fresh;
  fresh.acl = grants.empty() ? no_acl() : std::make_shared<const KnownAcl>(std::move(grants), attr.is_directory(), principals_);
  fresh.ctime_ns = attr.ctime_ns;
  fresh.trusted = is_settled(attr.ctime_ns, started);
  fresh.stamp = stamp;
  if (!stored->side_path.empty()) {
    const bool settled = stored->stamp && is_settled(stored->stamp->ctime_ns, started);
    fresh.side = std::make_shared<const AclState::Side>(AclState::Side{std::move(stored->side_path), stored->stamp, settled});
  }
  AclPtr acl = fresh.acl;
  const std::lock_guard lock(node->mutex);
  // A thread that was slower must not replace what is known to be current by what may have been overtaken.
  const Stamp current = coherence_.stamp(*node);
  if (node->acl_stamp != current || fresh.stamp == current) node->swap_acl_state(fresh);
  return acl;
}

}  // namespace acefs::node
