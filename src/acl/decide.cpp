// SPDX-License-Identifier: MIT
#include "acefs/acl/decide.hpp"

#include <vector>

#include "descent.hpp"
#include "match.hpp"
#include "rights.hpp"

namespace acefs::acl {
namespace {

using Chain = std::span<const Segment>;

/// Where the ACE that takes a letter is stored.
struct Denier {
  std::size_t segment;
  std::uint32_t grant;
};

/// The first ACE from the root that takes any of `letters` on the last segment of `chain`. Only asked after a refusal, so that
/// the granted path need not remember which ACE did what.
std::optional<Denier> find_denier(Chain chain, const Identity& who, TimePoint now, AccessMask letters) {
  const Segment& node = chain.back();
  std::optional<Denier> found;
  for (std::size_t i = 0; i < chain.size() && !found; ++i) {
    if (chain[i].acl == nullptr) continue;
    const auto scope = static_cast<std::uint8_t>(scope_at(chain.size() - 1 - i, node.is_directory));
    for_each_match(*chain[i].acl, who, [&](const Entry& entry) {
      const bool takes = entry.kind == EntryKind::Deny && is_in_force(entry, now) && (entry.scopes & scope) != 0 &&
                         entry.letters.intersects(letters) && means(entry.who, who, node);
      if (takes && (!found || entry.source < found->grant)) found = Denier{i, entry.source};
    });
  }
  return found;
}

Reason blame(ReasonKind kind, std::size_t segment, AccessMask letters, const std::optional<Denier>& denier) {
  Reason reason{.kind = kind, .segment = segment, .letters = letters, .grant_segment = segment};
  if (denier) {
    reason.grant = denier->grant;
    reason.grant_segment = denier->segment;
  }
  return reason;
}

Reason no_traverse(Chain up_to_ancestor, const Identity& who, TimePoint now) {
  return blame(ReasonKind::NoTraverse, up_to_ancestor.size() - 1, Perm::Execute,
               find_denier(up_to_ancestor, who, now, Perm::Execute));
}

Reason missing_letters(Chain chain, const Identity& who, TimePoint now, const Decision& decision, AccessMask missing) {
  const std::size_t last = chain.size() - 1;
  if (decision.denied.intersects(missing)) {
    const auto denier = find_denier(chain, who, now, missing);
    return blame(ReasonKind::DeniedByAce, denier ? denier->segment : last, missing, denier);
  }
  const bool only_mode = missing == AccessMask(Perm::Execute) && !is_executable(chain.back());
  return blame(only_mode ? ReasonKind::NotExecutable : ReasonKind::NotGranted, last, missing, std::nullopt);
}

Decision decide_for_root(Chain chain, AccessMask need) {
  Decision decision;
  decision.base = AccessMask::all();
  if (!is_executable(chain.back())) decision.base -= Perm::Execute;
  decision.effective = decision.base;
  decision.granted = decision.effective.contains(need);
  const auto kind = decision.granted ? ReasonKind::GrantedToRoot : ReasonKind::NotExecutable;
  decision.reason = blame(kind, chain.size() - 1, need - decision.effective, std::nullopt);
  return decision;
}

Decision refuse(Chain chain, AccessMask need) {
  Decision decision;
  decision.denied = AccessMask::all();
  decision.reason = blame(ReasonKind::Refused, chain.size() - 1, need, std::nullopt);
  return decision;
}

/// Rule 4 on the last segment.
void judge(Decision& decision, const Segment& node, const GivenTaken& aces, const Identity& who, const Question& question,
           const Profile& profile) {
  Standing standing = standing_of(node, who, profile);
  bool executable = is_executable(node);
  if (question.base) {
    standing.base = *question.base;
    if (profile.mode_gives_base) standing.base |= profile.everyone_always;
    // Opened for execution while it could be: a later chmod does not revoke the handle.
    executable |= question.base->has(Perm::Execute);
  }
  decision.base = standing.base | standing.as_owner;
  decision.denied = aces.deny;
  decision.effective = effective_of(standing, aces);
  if (!executable) decision.effective -= Perm::Execute;
}

/// Rules 4 and 5; says no more of a refusal than its kind.
Decision judge_below(const Descended& above, const Segment& last, const Identity& who, const Question& question, const Profile& profile) {
  Descended way = above;
  const GivenTaken aces = into(way, last, who, question.now);
  Decision decision;
  judge(decision, last, aces, who, question, profile);
  decision.next_expiry = way.next_expiry;
  decision.reason.letters = question.need - decision.effective;
  decision.granted = !above.blocked && decision.reason.letters.empty();
  if (decision.granted) {
    decision.reason.kind = ReasonKind::Granted;
  } else {
    decision.reason.kind = above.blocked ? ReasonKind::NoTraverse : ReasonKind::NotGranted;
  }
  return decision;
}

Decision decide_alone(Chain chain, const Identity& who, const Question& question, const Profile& profile) {
  if (is_almighty(who, profile)) return decide_for_root(chain, question.need);
  if (who.refused) return refuse(chain, question.need);

  Descended above;
  std::size_t blocked = 0;  // the first ancestor that cannot be passed, if there is one
  for (const Segment& ancestor : chain.first(chain.size() - 1)) {
    descend(above, ancestor, who, question.now, profile);
    if (!above.blocked) ++blocked;
  }
  Decision decision = judge_below(above, chain.back(), who, question, profile);
  if (above.blocked) {
    decision.reason = no_traverse(chain.first(blocked + 1), who, question.now);
  } else if (!decision.granted) {
    decision.reason = missing_letters(chain, who, question.now, decision, decision.reason.letters);
  } else {
    decision.reason = blame(ReasonKind::Granted, chain.size() - 1, {}, std::nullopt);
  }
  return decision;
}

TimePoint earlier(TimePoint a, TimePoint b) { return a == 0 || (b != 0 && b < a) ? b : a; }

/// The token has what it has by itself, as far as its user has it.
Decision decide_for_token(Chain chain, const Identity& token, const Question& question, const Profile& profile) {
  Decision decision = decide_alone(chain, token, question, profile);
  Question of_user = question;
  if (question.base) of_user.base = question.user_base;
  const Decision user = decide_alone(without_known(chain), *token.user, of_user, profile);
  decision.effective = decision.effective & user.effective;
  decision.denied |= user.denied;
  decision.user_base = user.base;
  decision.next_expiry = earlier(decision.next_expiry, user.next_expiry);
  if (decision.granted && !user.granted) {
    decision.reason = user.reason;
    decision.reason.of_user = true;
  }
  decision.granted = decision.granted && user.granted;
  return decision;
}

}  // namespace

Decision decide_below(const Descended& above, const Segment& last, const Identity& who, const Question& question, const Profile& profile) {
  if (is_almighty(who, profile)) return decide_for_root({&last, 1}, question.need);
  if (who.refused || who.user) return refuse({&last, 1}, question.need);
  return judge_below(above, last, who, question, profile);
}

Decision decide(std::span<const Segment> chain, const Identity& who, const Question& question, const Profile& profile) {
  if (chain.empty()) return {};
  return who.user ? decide_for_token(chain, who, question, profile) : decide_alone(chain, who, question, profile);
}

}  // namespace acefs::acl
