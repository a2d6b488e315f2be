// SPDX-License-Identifier: MIT
#include "acefs/acl/audit.hpp"

#include <algorithm>
#include <utility>

#include "match.hpp"

namespace acefs::acl {
namespace {

bool watches(const Entry& entry, const Attempt& attempt) {
  const bool is_watcher = entry.kind == EntryKind::Audit || entry.kind == EntryKind::Alarm;
  return is_watcher && !is_expired(entry, attempt.now) && entry.letters.intersects(attempt.need) &&
         (attempt.granted ? entry.on_success : entry.on_failure);
}

/// As means(), but rather once too often than not at all.
bool may_mean(PrincipalId who, const Identity& caller, const Segment& node) {
  return means(who, caller, node) || (who == kGroup && caller.groups_failed);
}

std::vector<Watcher> watchers_alone(std::span<const Segment> chain, const Identity& who, const Attempt& attempt) {
  std::vector<Watcher> found;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain[i].acl == nullptr || !chain[i].acl->audits()) continue;
    const auto scope = static_cast<std::uint8_t>(scope_at(chain.size() - 1 - i, chain.back().is_directory));
    const std::size_t before = found.size();
    for_each_match(*chain[i].acl, who, [&](const Entry& entry) {
      if (watches(entry, attempt) && (entry.scopes & scope) != 0 && may_mean(entry.who, who, chain.back()))
        found.push_back({entry.kind, i, entry.source});
    });
    std::sort(found.begin() + static_cast<std::ptrdiff_t>(before), found.end(),
              [](const Watcher& a, const Watcher& b) { return a.grant < b.grant; });
  }
  return found;
}

}  // namespace

std::vector<Watcher> watchers_of(std::span<const Segment> chain, const Identity& who, const Attempt& attempt) {
  std::vector<Watcher> found = watchers_alone(chain, who, attempt);
  if (!who.user) return found;
  for (const Watcher& watcher : watchers_alone(chain, *who.user, attempt)) {
    if (std::find(found.begin(), found.end(), watcher) == found.end()) found.push_back(watcher);
  }
  std::sort(found.begin(), found.end(),
            [](const Watcher& a, const Watcher& b) { return std::pair(a.segment, a.grant) < std::pair(b.segment, b.grant); });
  return found;
}

}  // namespace acefs::acl
