// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acefs/acl/decide.hpp"
#include "acefs/principal/resolver.hpp"
#include "fs/options.hpp"
#include "fs/request.hpp"
#include "node/walk.hpp"

namespace acefs::fs {

using node::IdentityPtr;

/// A node as one caller meets it: where it is, who asks, and what he may do there.
struct At {
  node::Chain chain;
  IdentityPtr who;
  acl::Decision decision;  ///< asked with no letters needed; `granted` is false when an ancestor cannot be passed

  const node::NodePtr& node() const { return chain.node; }
  mode_t mode() const { return chain.facts.mode; }
  bool is_directory() const { return chain.is_directory(); }
  acl::AccessMask effective() const { return decision.effective; }
  bool may(acl::AccessMask need) const { return decision.granted && effective().contains(need); }
  bool is_owner() const { return who->owns(chain.facts.uid); }
  bool is_root() const { return decision.reason.kind == acl::ReasonKind::GrantedToRoot; }
};

/// CLOCK_REALTIME in nanoseconds, for expiry.
acl::TimePoint wall_clock();

/// Of which outcomes of a check the audit trail is told by the check itself. OnRefusal: the operation goes on to check more, and tells
/// of it when all is granted.
enum class Tell { Always, OnRefusal };

/// The one way from a request to a verdict: the chain is verified, the caller resolved as far as the verdict depends on it,
/// and acl::decide asked.
class Authorizer {
 public:
  Authorizer(node::Table& table, node::Walk& walk, principal::Resolver& resolver, acl::PrincipalTable& principals,
             const Options& options)
      : table_(table), walk_(walk), resolver_(resolver), principals_(principals), options_(options) {}

  /// The node as the caller meets it, provided he may pass its ancestors. EACCES when not, ESTALE when it is not where
  /// the kernel believes it to be, EIO when an ACL cannot be read.
  Result<At> look(const Request& rq, node::NodeId id, node::Look when = node::Look::Always);
  /// look(), and all of `need`; otherwise EACCES. A node with several names: the first whose chain suffices.
  Result<At> authorize(const Request& rq, node::NodeId id, acl::AccessMask need, node::Look when = node::Look::Always,
                       Tell tell = Tell::Always);
  /// A directory in which something is about to be done by name: as authorize(), but whether it is still there shows by that.
  Result<At> directory(const Request& rq, node::NodeId id, acl::AccessMask need, Tell tell = Tell::Always) {
    return authorize(rq, id, need, node::Look::IfInDoubt, tell);
  }
  /// look(), by the first chain for which `enough` holds; otherwise EACCES, and the audit trail is told that `need` was refused.
  template <typename Enough>
  Result<At> authorize_if(const Request& rq, node::NodeId id, Enough&& enough, node::Look when = node::Look::Always,
                          acl::AccessMask need = {});

  /// Tells the audit trail, if it wants to hear of that, of an attempt on `at` that needed `need` and whether it was granted.
  /// `of_parent`: letters that would have done instead on the directory it is in.
  void tell(const Request& rq, const At& at, acl::AccessMask need, bool granted, acl::AccessMask of_parent = {}) {
    if (options_.audit == nullptr || rq.operation == nullptr) return;
    if (at.chain.audits() || (options_.audit_denials && !granted)) write_record(rq, at, need, granted, of_parent);
  }
  /// The same with what the operation comes to, which it returns: a refusal as ENOENT, if listings leave the node out for the caller.
  Status told(const Request& rq, const At& at, acl::AccessMask need, Status s, acl::AccessMask of_parent = {}) {
    tell(rq, at, need, bool(s), of_parent);
    const bool refused = s.errno_value() == EACCES || s.errno_value() == EPERM;
    return refused && is_left_out(at) ? Status::from(ENOENT) : s;
  }
  /// Whether listings leave the node out for the caller (Options::hide_unreadable): he has none of r, t, n and c, where the t that
  /// everyone has does not count.
  bool is_left_out(const At& at) const;

  /// The caller looked up that name of the node, and is going to be told.
  void looked_up(const Request& rq, const node::NodePtr& node, const node::LinkPtr& link);

  /// A child of `parent` by name, as the caller of `parent` meets it. ENOENT: no such name. `told`: the kernel must have been
  /// told what has it, else ESTALE.
  Result<At> child(const Request& rq, const At& parent, const std::string& name, bool told = false);

  /// The same of a file that was just made there and is open as `fd`.
  Result<At> new_child(const Request& rq, const At& parent, const std::string& name, const node::SharedFd& fd);

  /// Decides anew on a chain; `who` may be null, and is resolved further when the verdict depends on it.
  acl::Decision decide(const principal::Caller& caller, const node::Chain& chain, const acl::Question& question, IdentityPtr& who);
  /// The same on segments that are no node's: those of a handle, as they were when it was opened.
  acl::Decision decide(const principal::Caller& caller, std::span<const acl::Segment> segments, const acl::Question& question,
                       IdentityPtr& who);
  /// The caller with his groups, for rules that ask for them outside of ACEs (chgrp, setgid).
  IdentityPtr with_groups(const Request& rq) { return resolver_.resolve(rq.caller, principal::Detail::Groups, wall_clock()); }

  /// Whether everybody may see the attributes of what ends the chain: nothing on the way keeps anybody out, and nothing will by itself.
  bool is_for_everyone(const node::Chain& chain) const;
  /// The same of the names in the directory that ends it.
  bool is_listed_for_everyone(const node::Chain& chain) const;

  /// The node, with a caller whose names are known: for what is shown to those whom a grant names.
  At with_names(const Request& rq, At at);

  const acl::Profile& profile() const { return options_.profile; }
  bool checks() const { return options_.checks; }
  node::Table& table() { return table_; }
  node::Walk& walk() { return walk_; }
  principal::Resolver& resolver() { return resolver_; }
  acl::PrincipalTable& principals() { return principals_; }

 private:
  void write_record(const Request& rq, const At& at, acl::AccessMask need, bool granted, acl::AccessMask of_parent);
  At at_of(const Request& rq, node::Chain chain, IdentityPtr who);
  /// The node of that number, by whatever name the caller came to it, which is one of its own. ESTALE: he must look again.
  Result<node::NodePtr> node_for(const Request& rq, node::NodeId id);
  /// Of a file that lost a name lately: whether the caller may have been led to it by that.
  bool is_misled(const Request& rq, const node::NodePtr& file, bool are_names_as_before);
  bool can_have_come(const Request& rq, const node::NodePtr& file);
  /// The next chain by which the node may be met, from `next` on; nothing when there is none left.
  std::optional<Result<At>> next_at(const Request& rq, const node::NodePtr& node, const std::vector<node::LinkPtr>& links,
                                    std::size_t& next, node::Look when);

  node::Table& table_;
  node::Walk& walk_;
  principal::Resolver& resolver_;
  acl::PrincipalTable& principals_;
  const Options& options_;
};

template <typename Enough>
Result<At> Authorizer::authorize_if(const Request& rq, node::NodeId id, Enough&& enough, node::Look when, acl::AccessMask need) {
  const auto found = node_for(rq, id);
  if (!found) return found.status();
  const node::NodePtr& node = *found;
  const std::vector<node::LinkPtr> links = walk_.links_of(node);
  std::optional<At> refused;
  std::size_t next = 0;
  while (auto at = next_at(rq, node, links, next, when)) {
    if (!*at) return at->status();
    if ((*at)->decision.granted && enough(**at)) return std::move(*at);
    refused = std::move(**at);
  }
  // A removed directory tells nobody. Who is refused might not be by the one that has its name now.
  if (refused && when == node::Look::IfInDoubt && node->is_directory())
    return authorize_if(rq, id, std::forward<Enough>(enough), node::Look::Always, need);
  if (!refused) return Status::from(ESTALE);
  return told(rq, *refused, need, Status::from(EACCES));
}

}  // namespace acefs::fs
