// SPDX-License-Identifier: MIT
#include "fs/authorize.hpp"

#include <time.h>

#include <algorithm>
#include <string_view>

#include "principal/caller_intent.hpp"

namespace acefs::fs {

acl::TimePoint wall_clock() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

namespace {

acl::Decision unchecked(const acl::Segment& last) {
  acl::Decision decision;
  decision.granted = true;
  decision.effective = decision.base = acl::AccessMask::all();
  if (!last.is_directory && (last.mode & 0111U) == 0) decision.effective -= acl::Perm::Execute;
  return decision;
}

}  // namespace

acl::Decision Authorizer::decide(const principal::Caller& caller, std::span<const acl::Segment> segments,
                                 const acl::Question& question, IdentityPtr& who) {
  if (!who) who = resolver_.resolve(caller, principal::Detail::Numbers, question.now);
  if (!who->groups_known && acl::depends_on_groups(segments, *who, options_.profile)) {
    who = resolver_.resolve(caller, principal::Detail::Groups, question.now);
  } else if (!who->names_known && acl::depends_on_names(segments, *who, options_.profile)) {
    who = resolver_.resolve(caller, principal::Detail::Names, question.now);
  }
  return acl::decide(segments, *who, question, options_.profile);
}

acl::Decision Authorizer::decide(const principal::Caller& caller, const node::Chain& chain, const acl::Question& question,
                                 IdentityPtr& who) {
  if (!who) who = resolver_.resolve(caller, principal::Detail::Numbers, question.now);
  const acl::Segment last = chain.segment();
  if (!options_.checks) return unchecked(last);
  if (who->user) return decide(caller, chain.segments(), question, who);
  const bool settled = who->refused || (who->uid == 0 && options_.profile.root_has_all);
  if (settled) return acl::decide_below({}, last, *who, question, options_.profile);
  const auto depends = [&](auto on_last, auto on_above) {
    return on_last(std::span(&last, 1), *who, options_.profile) || (chain.above && ((*chain.above).*on_above)(*who, options_.profile));
  };
  if (!who->groups_known && depends(acl::depends_on_groups, &node::DirChain::depends_on_groups)) {
    who = resolver_.resolve(caller, principal::Detail::Groups, question.now);
  } else if (!who->names_known && depends(acl::depends_on_names, &node::DirChain::depends_on_names)) {
    who = resolver_.resolve(caller, principal::Detail::Names, question.now);
  }
  const acl::Descended above = chain.above ? chain.above->descended(who, question.now, options_.profile) : acl::Descended{};
  acl::Contribution kept;
  return acl::decide_below(above, node::with_contribution(last, *chain.acl, who, question.now, kept), *who, question, options_.profile);
}

At Authorizer::at_of(const Request& rq, node::Chain chain, IdentityPtr who) {
  At at{std::move(chain), std::move(who), {}};
  at.decision = decide(rq.caller, at.chain, {.need = {}, .now = wall_clock(), .base = {}}, at.who);
  return at;
}

void Authorizer::looked_up(const Request& rq, const node::NodePtr& node, const node::LinkPtr& link) {
  if (node->is_directory() || !walk_.is_suspect(node)) return;
  node::looked_up(*node, rq.caller.pid, link, principal::system_call_of(rq.caller.pid));
}

/// Whether the caller may have got as far as to be led to the file. Who may not is refused by all of its names: he need not look again, which
/// would have the kernel drop the name for all others too.
bool Authorizer::can_have_come(const Request& rq, const node::NodePtr& file) {
  const acl::AccessMask to_pass = options_.profile.traverse_is_strict ? acl::AccessMask(acl::Perm::Execute) : acl::AccessMask();
  const auto origins = node::origins(*file);
  return origins.empty() || std::any_of(origins.begin(), origins.end(), [&](const node::NodePtr& from) {
    const auto at = directory(rq.untold(), from->id, to_pass);
    return at || at.error().errno_value() != EACCES;
  });
}

bool Authorizer::is_misled(const Request& rq, const node::NodePtr& file, bool are_names_as_before) {
  const std::string call = principal::system_call_of(rq.caller.pid);
  if (call.empty()) {
    // Whoever cannot be looked at and may have a descriptor could not look again. Others do, when the kernel leads them elsewhere.
    const bool were_led = walk_.wait_for_kernel(file, !rq.is_in_directory);
    if (are_names_as_before && !were_led) return false;
    return !node::is_open(*file) || (rq.opcode != nullptr && std::string_view(rq.opcode) == "open");
  }
  // A descriptor is of this file, whatever became of its names.
  return principal::way_of(call) != principal::Way::Descriptor &&
         !node::came_by_lookup(*file, rq.caller.pid, call, rq.opcode, rq.number);
}

Result<node::NodePtr> Authorizer::node_for(const Request& rq, node::NodeId id) {
  const node::NodePtr node = table_.find(id);
  if (!node) return Status::from(ESTALE);
  if (node->is_directory() || !node::is_ambiguous(*node)) return node;
  const bool are_as_before = walk_.confirm_names(node);
  const bool must_look_again = walk_.is_suspect(node) && is_misled(rq, node, are_as_before) && can_have_come(rq, node);
  return must_look_again ? Status::from(ESTALE) : Result<node::NodePtr>(node);
}

Result<At> Authorizer::look(const Request& rq, node::NodeId id, node::Look when) {
  return authorize_if(rq, id, [](const At&) { return true; }, when);
}

Result<At> Authorizer::authorize(const Request& rq, node::NodeId id, acl::AccessMask need, node::Look when, Tell how) {
  auto at = authorize_if(rq, id, [need](const At& found) { return found.may(need); }, when, need);
  if (at && how == Tell::Always) tell(rq, *at, need, true);
  return at;
}

std::optional<Result<At>> Authorizer::next_at(const Request& rq, const node::NodePtr& node, const std::vector<node::LinkPtr>& links,
                                              std::size_t& next, node::Look when) {
  while (next < links.size()) {
    auto chain = walk_.chain_of(node, links[next++], when);
    if (!chain) {
      // A name that is gone: the kernel must look again before it may use another one of the node, unless somebody holds the
      // node open, who could not look again, or all of its names were there a moment ago.
      if (chain.error().errno_value() == ESTALE && (links.size() > 1 || node::is_open(*node))) continue;
      return Result<At>(chain.error());
    }
    const bool is_lost = chain->nameless && node::lost_its_name(*node);
    if (is_lost && principal::way_of(principal::system_call_of(rq.caller.pid)) == principal::Way::Path) return Result<At>(Status::from(ESTALE));
    return Result<At>(at_of(rq, std::move(*chain), nullptr));
  }
  return std::nullopt;
}

Result<At> Authorizer::new_child(const Request& rq, const At& parent, const std::string& name, const node::SharedFd& fd) {
  auto chain = walk_.chain_of_new(parent.chain, name, fd);
  if (!chain) return chain.status();
  return at_of(rq, std::move(*chain), parent.who);
}

bool Authorizer::is_left_out(const At& at) const {
  if (!options_.hide_unreadable || at.is_root()) return false;
  const acl::AccessMask have = at.effective();
  if (have.intersects(acl::Perm::ReadData | acl::Perm::ReadNamed | acl::AccessMask(acl::Perm::ReadAcl))) return false;
  if (!have.has(acl::Perm::ReadAttributes)) return true;
  acl::Profile for_nobody = options_.profile;
  for_nobody.everyone_always = {};
  const acl::Question anything{.need = {}, .now = wall_clock(), .base = {}};
  return !acl::decide(at.chain.segments(), *at.who, anything, for_nobody).effective.has(acl::Perm::ReadAttributes);
}

bool Authorizer::is_for_everyone(const node::Chain& chain) const {
  if (!options_.public_cache || !options_.profile.mode_gives_base || chain.nameless || !chain.proof.holds) return false;
  const bool open_above = !chain.above || (chain.above->is_open && chain.above->dev == chain.node->key().dev);
  return open_above && chain.acl->only_gives() && !resolver_.refuses_anyone();
}

bool Authorizer::is_listed_for_everyone(const node::Chain& chain) const {
  return is_for_everyone(chain) && chain.self && chain.self->is_open;
}

At Authorizer::with_names(const Request& rq, At at) {
  if (!at.who->groups_known && !at.chain.acl->empty()) at.who = with_groups(rq);
  return at;
}

Result<At> Authorizer::child(const Request& rq, const At& parent, const std::string& name, bool told) {
  auto chain = walk_.child_of(parent.chain, name, told);
  if (!chain) return chain.status();
  return at_of(rq, std::move(*chain), parent.who);
}

}  // namespace acefs::fs
