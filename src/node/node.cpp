// SPDX-License-Identifier: MIT
#include "node/node.hpp"

#include <cstring>
#include <new>

#include "node/table.hpp"

namespace acefs::node {
namespace {

// The budget of README.md: with the slot and the bucket, a name of 24 bytes and what malloc adds there are 40 bytes left of 256.
static_assert(sizeof(Node) <= 120);

/// Of nodes that have ACEs.
struct OwnAcl final : ExtraOf<ExtraKind::Acl> {
  AclPtr acl;
  std::shared_ptr<const AclState::Side> side;
};

}  // namespace

Link::Link(NodePtr in, std::string_view name) : parent(std::move(in)), length_(static_cast<std::uint8_t>(name.size())) {
  std::memcpy(text_, name.data(), name.size());
  text_[name.size()] = '\0';
}

Link::~Link() = default;

LinkPtr Link::make(NodePtr parent, std::string_view name) {
  name = name.substr(0, UINT8_MAX);  // no filesystem below has longer ones; if one had, nothing would be found by this
  void* memory = ::operator new(sizeof(Link) + name.size());
  return LinkPtr(new (memory) Link(std::move(parent), name));
}

Node::Node(Table& table, NodeId node_id, const InodeKey& inode)
    : id(node_id), type_(inode.type), dev_(inode.dev), ino_(inode.ino), btime_ns_(inode.btime_ns), table_(table) {}

const AclPtr& Node::acl() const {
  const auto* own = extras.find<OwnAcl>();
  return own != nullptr ? own->acl : no_acl();
}

AclState Node::acl_state() const {
  AclState state{.acl = {}, .ctime_ns = acl_ctime_ns, .stamp = acl_stamp, .trusted = acl_trusted, .side = {}};
  if (acl_known) state.acl = acl();
  if (const auto* own = extras.find<OwnAcl>()) state.side = own->side;
  return state;
}

void Node::swap_acl_state(AclState& fresh) {
  AclState replaced = acl_state();
  if (fresh.acl == no_acl() && !fresh.side) {
    (void)extras.take<OwnAcl>();  // `replaced` has what was in it
  } else {
    auto& own = extras.get<OwnAcl>();
    own.acl = fresh.acl;
    own.side = fresh.side;
  }
  acl_known = fresh.acl != nullptr;
  acl_ctime_ns = fresh.ctime_ns;
  acl_stamp = fresh.stamp;
  acl_trusted = fresh.trusted;
  fresh = std::move(replaced);
}

}  // namespace acefs::node
