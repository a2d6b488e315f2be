// SPDX-License-Identifier: MIT
// What the audit trail is told of an attempt. Only made for attempts that somebody wants to hear of.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "acefs/acl/audit.hpp"
#include "acefs/acl/text.hpp"
#include "fs/authorize.hpp"

namespace acefs::fs {

using acl::AccessMask;
using acl::Perm;

namespace {

/// The names of a chain's segments, root first. Of a node that lost its name: the last it had, marked as in /proc/PID/fd.
std::vector<std::string> names_of(const node::Chain& chain) {
  std::vector<std::string> names;
  const auto add = [&names](std::string_view name) { names.emplace_back(name.empty() ? "?" : name); };
  if (chain.link) {
    add(chain.link->name());
  } else if (chain.above) {
    const node::LinkPtr last = node::last_link(*chain.node);
    add(std::string(last ? last->name() : "") + " (deleted)");
  }
  for (const node::DirChain* at = chain.above.get(); at != nullptr && at->link; at = at->above.get()) add(at->link->name());
  std::reverse(names.begin(), names.end());
  return names;
}

/// The path of the segment with that index; the root's is "/".
std::string path_of(const std::vector<std::string>& names, std::size_t segment) {
  std::string path;
  for (std::size_t i = 0; i < segment && i < names.size(); ++i) path += '/' + names[i];
  return path.empty() ? "/" : path;
}

std::string text_of(const acl::Grant& grant) {
  const std::string text = grant.ace ? acl::format_entry(grant.key, *grant.ace) : std::string();
  return text.empty() ? acl::format_key(grant.key) : text;  // malformed, or of letters that have no text
}

/// Name of the thread that waits for the answer.
std::string command_of(pid_t thread) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "/proc/%d/comm", static_cast<int>(thread));
  const UniqueFd fd(::open(text.data(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
  if (n <= 0) return {};
  const std::string name(text.data(), static_cast<std::size_t>(n));
  return name.substr(0, name.find('\n'));
}

using Segments = std::span<const acl::Segment>;

std::vector<acl::Watcher> all_watchers(Segments chain, const acl::Identity& who, const acl::Attempt& attempt, const acl::Decision& decision,
                                       AccessMask of_parent) {
  std::vector<acl::Watcher> watchers = acl::watchers_of(chain, who, attempt);
  const auto also = [&](Segments other, AccessMask need) {
    for (const acl::Watcher& watcher : acl::watchers_of(other, who, {need, attempt.granted, attempt.now})) {
      if (std::find(watchers.begin(), watchers.end(), watcher) == watchers.end()) watchers.push_back(watcher);
    }
  };
  if (!of_parent.empty() && chain.size() > 1) also(chain.first(chain.size() - 1), of_parent);
  // Who could not pass an ancestor attempted that too.
  if (!attempt.granted && decision.reason.kind == acl::ReasonKind::NoTraverse) also(chain.first(decision.reason.segment + 1), Perm::Execute);
  return watchers;
}

}  // namespace

void Authorizer::write_record(const Request& rq, const At& at, AccessMask need, bool granted, AccessMask of_parent) {
  if (!options_.checks) return;
  const acl::TimePoint now = wall_clock();
  const std::vector<acl::Segment> segments = at.chain.segments();
  // Decisions ask for names and groups only as far as they depend on them; for root they never do.
  const bool asks_names = at.chain.audits() && !(at.who->names_known && at.who->groups_known);
  const IdentityPtr who = asks_names ? with_groups(rq) : at.who;
  const acl::Decision decision = acl::decide(segments, *who, {.need = need, .now = now, .base = {}}, options_.profile);
  const auto watchers = all_watchers(segments, *who, {need, granted, now}, decision, of_parent);
  if (watchers.empty() && (granted || !options_.audit_denials)) return;

  const std::vector<std::string> names = names_of(at.chain);
  const acl::Reason& reason = decision.reason;
  const auto ace = [&](std::size_t segment, std::uint32_t grant) { return text_of(segments[segment].acl->grants()[grant]); };
  audit::Record record{.time = now, .operation = rq.operation, .path = path_of(names, segments.size() - 1),
                       .principal = "u:" + resolver_.creator_name(rq.caller.uid), .uid = rq.caller.uid, .gid = rq.caller.gid,
                       .pid = rq.caller.pid, .command = command_of(rq.caller.pid), .needed = need, .missing = {}, .granted = granted,
                       .reason = {}, .decided_at = {}, .decided_by = {}, .watchers = {}};
  if (!granted && decision.granted) {
    record.reason = "not_permitted";
    record.decided_at = record.path;
  } else if (granted && !decision.granted) {
    record.reason = name_of(acl::ReasonKind::Granted);  // to the owner, or by the directory it is in
    record.decided_at = record.path;
  } else {
    record.reason = name_of(reason.kind);
    record.decided_at = path_of(names, reason.grant ? reason.grant_segment : reason.segment);
    if (reason.grant) record.decided_by = ace(reason.grant_segment, *reason.grant);
    record.missing = reason.letters;
    if (need.empty()) record.needed = reason.letters;
  }
  for (const acl::Watcher& watcher : watchers)
    record.watchers.push_back({watcher.kind, path_of(names, watcher.segment), ace(watcher.segment, watcher.grant)});
  options_.audit->take(record);
}

}  // namespace acefs::fs
