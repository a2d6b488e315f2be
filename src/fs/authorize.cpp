// SPDX-License-Identifier: MIT
#include "fs/authorize.hpp"

#include <time.h>

#include "principal/caller_intent.hpp"

namespace acefs::fs {

acl::TimePoint wall_clock() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

acl::Decision Authorizer::decide(const principal::Caller& caller, std::span<const acl::Segment> segments,
                                 const acl::Question& question, IdentityPtr& who) {
  if (!who) who = resolver_.resolve(caller, principal::Detail::Numbers, question.now);
  const bool root = who->uid == 0 && profile_.root_has_all;
  if (!root && !who->groups_known && acl::depends_on_groups(segments, *who, profile_)) {
    who = resolver_.resolve(caller, principal::Detail::Groups, question.now);
  } else if (!root && !who->names_known && acl::depends_on_names(segments, *who, profile_)) {
    who = resolver_.resolve(caller, principal::Detail::Names, question.now);
  }
  return acl::decide(segments, *who, question, profile_);
}

At Authorizer::at_of(const Request& rq, node::Chain chain, IdentityPtr who) {
  At at{std::move(chain), std::move(who), {}};
  at.decision = decide(rq.caller, at.chain.segments, {.need = {}, .now = wall_clock(), .base = {}}, at.who);
  return at;
}

Result<At> Authorizer::look(const Request& rq, node::NodeId id) {
  return authorize_if(rq, id, [](const At&) { return true; }, EACCES);
}

Result<At> Authorizer::authorize(const Request& rq, node::NodeId id, acl::AccessMask need, int refusal) {
  return authorize_if(rq, id, [need](const At& at) { return at.may(need); }, refusal);
}

Result<At> Authorizer::authorize_if(const Request& rq, node::NodeId id, const std::function<bool(const At&)>& enough,
                                    int refusal) {
  const node::NodePtr node = table_.find(id);
  if (!node) return Status::from(ESTALE);
  Status refused = Status::from(ESTALE);
  for (const node::LinkPtr& link : walk_.links_of(node)) {
    auto chain = walk_.chain_of(node, link);
    if (!chain) {
      // A name that is gone: the kernel must look again before it may use another one of the node, unless somebody holds the
      // node open, who could not look again.
      if (chain.error().errno_value() == ESTALE && node::is_open(*node)) continue;
      return chain.error();
    }
    if (chain->nameless && node::lost_its_name(*node) && principal::goes_by_path(rq.caller.pid)) return Status::from(ESTALE);
    At at = at_of(rq, std::move(*chain), nullptr);
    if (at.decision.granted && enough(at)) return at;
    refused = Status::from(at.decision.granted ? refusal : EACCES);
  }
  return refused;
}

At Authorizer::with_names(const Request& rq, At at) {
  if (!at.who->groups_known && !at.chain.last().acl->empty()) at.who = with_groups(rq);
  return at;
}

Result<At> Authorizer::child(const Request& rq, const At& parent, const std::string& name) {
  auto chain = walk_.child_of(parent.chain, name);
  if (!chain) return chain.status();
  return at_of(rq, std::move(*chain), parent.who);
}

}  // namespace acefs::fs
