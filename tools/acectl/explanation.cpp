// SPDX-License-Identifier: MIT
#include "explanation.hpp"

#include <algorithm>
#include <cerrno>

#include "acefs/acl/text.hpp"
#include "acl/match.hpp"
#include "common/quoting.hpp"

namespace acefs::tool::acectl {

namespace {

using acl::AccessMask;
using acl::Perm;
using acl::ReasonKind;

std::string text_of(const acl::Grant& grant) {
  if (!grant.ace) return "malformed grant of " + quote_name(acl::format_key(grant.key));
  const std::string entry = acl::format_entry(grant.key, *grant.ace);
  return quote_name(entry.empty() ? acl::format_key(grant.key) : entry);
}

AceEffect effect_of(const acl::Entry& entry, const acl::Grant& grant, std::uint8_t scope, acl::TimePoint now) {
  AceEffect effect{text_of(grant), AceEffect::Kind::Gives, entry.letters};
  if (entry.kind == acl::EntryKind::Audit || entry.kind == acl::EntryKind::Alarm) effect.kind = AceEffect::Kind::Watches;
  else if (!acl::is_in_force(entry, now)) effect.kind = AceEffect::Kind::Expired;
  else if ((entry.scopes & scope) == 0) effect.kind = AceEffect::Kind::CountsElsewhere;
  else if (entry.kind == acl::EntryKind::Deny) effect.kind = AceEffect::Kind::Takes;
  return effect;
}

/// OWNER@ and GROUP@ are those of the node that is asked about, wherever the ACE stands.
bool is_meant(acl::PrincipalId principal, const acl::Identity& who, const struct stat& node) {
  if (principal == acl::kOwner) return who.owns(node.st_uid);
  if (principal == acl::kGroup) return who.in_group(node.st_gid);
  return true;
}

/// Why a decision fell as it did. `path_of` names a segment.
template <typename PathOf>
std::string sentence(const acl::Decision& decision, const Chain& chain, PathOf&& path_of) {
  const acl::Reason& reason = decision.reason;
  std::string by;
  if (reason.grant) {
    const acl::Acl& holder = chain.links()[reason.grant_segment].acl;
    by = text_of(holder.grants()[*reason.grant]) + " on " + path_of(reason.grant_segment);
  }
  const std::string letters = acl::letters_of(reason.letters);
  switch (reason.kind) {
    case ReasonKind::Granted: return "by mode, owner or ACEs";
    case ReasonKind::GrantedToRoot: return "root has every permission";
    case ReasonKind::DeniedByAce: return (by.empty() ? "an ACE" : by) + " takes " + letters;
    case ReasonKind::NotGranted: return "nothing gives " + letters + " on " + path_of(reason.segment);
    case ReasonKind::NoTraverse:
      return by.empty() ? "nothing gives x on " + path_of(reason.segment) + ", which is above"
                        : by + " takes x on " + path_of(reason.segment) + ", which is above";
    case ReasonKind::NotExecutable: return "the mode of " + path_of(reason.segment) + " has no x";
    case ReasonKind::Refused: return "the user is disabled or expired";
  }
  return "";
}

struct Tried {
  bool given = false;
  std::string reason, kind, path;
};

Tried try_letters(const Way& way, const PlaceChain& place, const Asked& asked) {
  // Whatever is done to a child of a directory goes through the directory.
  const bool through = way.place == Place::Parent || way.place == Place::NewParent;
  const AccessMask need = through ? way.letters | AccessMask(Perm::Execute) : way.letters;
  const auto segments = place.segments();
  const acl::Decision decision = acl::decide(segments, asked.who, {need, asked.now, std::nullopt}, asked.profile);
  const auto path_of = [&](std::size_t segment) { return quote_name(place.chain->links()[segment].path); };
  std::string reason = sentence(decision, *place.chain, path_of);
  if (decision.reason.of_user) reason = "for the user of the token: " + reason;
  return {decision.granted, std::move(reason), acl::name_of(decision.reason.kind),
          place.chain->links()[decision.reason.segment].path};
}

bool owns_last(const PlaceChain& place, const Asked& asked) { return asked.who.owns(place.segments().back().uid); }

bool is_almighty(const Asked& asked) { return asked.who.uid == 0 && asked.profile.root_has_all && !asked.who.user; }

/// The sticky rule leaves deleting to the owner of the node or of its directory.
bool sticky_lets(const Way& way, const Places& places, const Asked& asked) {
  if (!way.owner_if_sticky || is_almighty(asked)) return true;
  const Place node = way.place == Place::Parent ? Place::Node : Place::Replaced;
  return owns_last(places.at(node), asked) || owns_last(places.at(way.place), asked);
}

Tried try_way(const Way& way, const Places& places, const Asked& asked) {
  const PlaceChain& place = places.at(way.place);
  if (way.by == Way::By::Root)
    return {is_almighty(asked), is_almighty(asked) ? "root may" : "only root may", "not_root", place.path()};
  if (way.by == Way::By::Owner) {
    Tried reaching = try_letters({.place = way.place}, place, asked);
    if (!reaching.given) return reaching;
    const bool owner = owns_last(place, asked);
    return {owner, owner ? "the user owns " + quote_name(place.path()) : "the user does not own " + quote_name(place.path()),
            owner ? "owner" : "not_owner", place.path()};
  }
  Tried tried = try_letters(way, place, asked);
  if (tried.given && !sticky_lets(way, places, asked))
    return {false, quote_name(place.path()) + " is sticky, and the user owns neither it nor the node", "sticky", place.path()};
  return tried;
}

}  // namespace

std::vector<acl::Segment> PlaceChain::segments() const {
  return parent_of_last ? chain->parent_segments() : chain->segments();
}

const std::string& PlaceChain::path() const { return chain->links()[chain->links().size() - (parent_of_last ? 2 : 1)].path; }

std::vector<SegmentView> view(const Chain& chain, const Asked& asked) {
  std::vector<SegmentView> views;
  const auto segments = chain.segments();
  const struct stat& node = chain.last().st;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const ChainLink& link = chain.links()[i];
    SegmentView segment{link.path, link.st, {}, std::nullopt};
    const auto scope = static_cast<std::uint8_t>(acl::scope_at(segments.size() - 1 - i, S_ISDIR(node.st_mode)));
    acl::for_each_match(link.acl, asked.who, [&](const acl::Entry& entry) {
      if (is_meant(entry.who, asked.who, node))
        segment.aces.push_back(effect_of(entry, link.acl.grants()[entry.source], scope, asked.now));
    });
    if (segments[i].is_directory) {
      const acl::Question question{Perm::Execute, asked.now, std::nullopt};
      const auto so_far = std::span(segments).first(i + 1);
      segment.lets_through = acl::decide(so_far, asked.who, question, asked.profile).effective.has(Perm::Execute);
    }
    views.push_back(std::move(segment));
  }
  return views;
}

Finding find(const Need& need, const Places& places, const Asked& asked) {
  Finding finding{need.what, false, need.error, {}, {}, {}};
  for (const Way& way : need.ways) {
    Tried tried = try_way(way, places, asked);
    finding.given = tried.given;
    if (tried.kind == "sticky") finding.error = EPERM;  // D alone would have done
    if (finding.given || finding.reason.empty()) {
      finding.reason = std::move(tried.reason);
      finding.reason_kind = std::move(tried.kind);
      finding.reason_path = std::move(tried.path);
    } else if (finding.reason.find(tried.reason) == std::string::npos) {
      finding.reason += "; " + tried.reason;
    }
    if (finding.given) break;
  }
  // Who cannot come there at all is told EACCES, whatever the operation.
  if (!finding.given && (finding.reason_kind == "no_traverse" || finding.reason_kind == "refused")) finding.error = EACCES;
  return finding;
}

Finding find_widening(const PlaceChain& from, const PlaceChain& to_parent, const Asked& asked) {
  const auto from_segments = from.segments();
  const auto to_segments = to_parent.segments();
  const AccessMask more = acl::widened(from_segments, to_segments, asked.who, asked.now, asked.profile);
  Finding finding{"no rights there that the user lacks here", more.empty(), EXDEV, "nothing is gained", "granted",
                  to_parent.path()};
  if (more.empty()) return finding;
  finding.reason = "below " + quote_name(to_parent.path()) + " the user would gain " + acl::letters_of(more);
  finding.reason_kind = "widens";
  return finding;
}

}  // namespace acefs::tool::acectl
