// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "acefs/acl/decide.hpp"
#include "acefs/principal/resolver.hpp"
#include "fs/options.hpp"
#include "fs/request.hpp"
#include "node/walk.hpp"

namespace acefs::fs {

using IdentityPtr = std::shared_ptr<const acl::Identity>;

/// A node as one caller meets it: where it is, who asks, and what he may do there.
struct At {
  node::Chain chain;
  IdentityPtr who;
  acl::Decision decision;  ///< asked with no letters needed; `granted` is false when an ancestor cannot be passed

  const node::NodePtr& node() const { return chain.last().node; }
  const backing::Attr& attr() const { return chain.last().attr; }
  acl::AccessMask effective() const { return decision.effective; }
  bool may(acl::AccessMask need) const { return decision.granted && effective().contains(need); }
  bool is_owner() const { return attr().st.st_uid == who->uid; }
  bool is_root() const { return decision.reason.kind == acl::ReasonKind::GrantedToRoot; }
};

/// CLOCK_REALTIME in nanoseconds, for expiry.
acl::TimePoint wall_clock();

/// The one way from a request to a verdict: the chain is verified, the caller resolved as far as the verdict depends on it,
/// and acl::decide asked.
class Authorizer {
 public:
  Authorizer(node::Table& table, node::Walk& walk, principal::Resolver& resolver, acl::PrincipalTable& principals,
             const acl::Profile& profile)
      : table_(table), walk_(walk), resolver_(resolver), principals_(principals), profile_(profile) {}

  /// The node as the caller meets it, provided he may pass its ancestors. EACCES when not, ESTALE when it is not where
  /// the kernel believes it to be, EIO when an ACL cannot be read.
  Result<At> look(const Request& rq, node::NodeId id);
  /// look(), and all of `need`; otherwise `refusal`. A node with several names: the first whose chain suffices.
  Result<At> authorize(const Request& rq, node::NodeId id, acl::AccessMask need, int refusal = EACCES);
  /// look(), by the first chain for which `enough` holds; otherwise `refusal`.
  Result<At> authorize_if(const Request& rq, node::NodeId id, const std::function<bool(const At&)>& enough, int refusal);

  /// A child of `parent` by name, as the caller of `parent` meets it. ENOENT: no such name.
  Result<At> child(const Request& rq, const At& parent, const std::string& name);

  /// Decides anew on a chain; `who` may be null, and is resolved further when the verdict depends on it.
  acl::Decision decide(const principal::Caller& caller, std::span<const acl::Segment> segments, const acl::Question& question,
                       IdentityPtr& who);
  /// The caller with his groups, for rules that ask for them outside of ACEs (chgrp, setgid).
  IdentityPtr with_groups(const Request& rq) { return resolver_.resolve(rq.caller, principal::Detail::Groups, wall_clock()); }

  /// The same, with a caller whose names are known: for what is shown to those whom a grant names.
  At with_names(const Request& rq, At at);

  const acl::Profile& profile() const { return profile_; }
  node::Table& table() { return table_; }
  node::Walk& walk() { return walk_; }
  principal::Resolver& resolver() { return resolver_; }
  acl::PrincipalTable& principals() { return principals_; }

 private:
  At at_of(const Request& rq, node::Chain chain, IdentityPtr who);

  node::Table& table_;
  node::Walk& walk_;
  principal::Resolver& resolver_;
  acl::PrincipalTable& principals_;
  const acl::Profile& profile_;
};

}  // namespace acefs::fs
