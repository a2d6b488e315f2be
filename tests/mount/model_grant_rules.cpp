// SPDX-License-Identifier: MIT
// DESIGN section 5, the rows about grants: add C, change or remove o, write a denial O, and nobody grants letters that he does not hold.
#include <algorithm>
#include <cerrno>

#include "model_rules.hpp"

namespace acefs::test::model {
namespace {

const Ace* find(const Chain& chain, const Key& key) {
  const auto found = chain.back()->acl.find(key);
  return found == chain.back()->acl.end() ? nullptr : &found->second;
}

bool is_denial(const Key& key, const Ace& ace) {
  if (!ace.malformed.empty() || key.kind == 'D') return true;
  return key.kind == 'A' && (ace.type != "A" || letters(ace.permissions) == 0);
}

bool ended(const Ace& ace, Time now) { return ace.malformed.empty() && ace.expires != 0 && now > ace.expires; }

/// Whether `a` ends before `b`.
bool ends_before(const Ace& a, const Ace& b) { return a.expires != 0 && (b.expires == 0 || a.expires < b.expires); }

/// One change of a node's ACEs, and what it gives.
struct Change {
  const Chain& chain;
  const Key& key;
  const Ace* before;
  const Ace* after;
  Time now;

  bool counts_on(const Ace* ace, std::size_t levels, bool directory) const {
    if (ace == nullptr) return false;
    return !ace->malformed.empty() || !chain.back()->is_dir() || counts(ace->flags, levels, directory);
  }
  Effect on(const Ace* ace, std::size_t levels, bool directory) const {
    return counts_on(ace, levels, directory) ? effect_of(key, *ace, now) : Effect{};
  }

  /// Letters that somebody gains by it so many levels below, at once or when the former one would have ended.
  Letters gain(std::size_t levels, bool directory) const {
    Effect was = on(before, levels, directory);
    Effect is = on(after, levels, directory);
    if (before && after && ends_before(*before, *after)) was.allow = 0;
    if (before && after && ends_before(*after, *before)) is.deny = 0;
    return (is.allow & ~was.allow) | (was.deny & ~is.deny);
  }

  bool reaches_below() const {
    if (!chain.back()->is_dir()) return false;
    for (const std::size_t levels : {1, 2}) {
      for (const bool directory : {false, true}) {
        if (counts_on(before, levels, directory) || counts_on(after, levels, directory)) return true;
      }
    }
    return false;
  }

  /// The most that can be read as given: all of the new one unless it merely has fewer letters, and all that the old one denied.
  Letters most() const {
    const Effect was = before ? effect_of(key, *before, now) : Effect{};
    const Effect is = after ? effect_of(key, *after, now) : Effect{};
    const bool comparable = before && after && before->malformed.empty() && after->malformed.empty() && before->flags == after->flags &&
                            before->expires == after->expires && before->type == after->type;
    return comparable ? (is.allow & ~was.allow) | (was.deny & ~is.deny) : is.allow | was.deny;
  }
};

/// Whether the user hands out what he does not hold: for certain, or only as the strictest reading has it, by which what he holds at
/// the node and everywhere below counts, wherever the ACE does. Below, only what ACEs give him is his: its modes are not known.
struct Handing {
  bool too_much = false;
  bool maybe_too_much = false;
};

Handing hands_out(const Change& change, const User& who) {
  const Chain& chain = change.chain;
  if (who.is_root()) return {};
  if (chain.back()->uid == who.uid) {
    // The owner holds what is not denied to him, there and below, and may take a denial away.
    if (change.after == nullptr) return {};
    const Letters held = kAll & ~denied(chain, who, change.now);
    Letters all = change.gain(0, chain.back()->is_dir());
    if (chain.back()->is_dir()) {
      for (const std::size_t levels : {1, 2}) all |= change.gain(levels, false) | change.gain(levels, true);
    }
    return {(all & ~held) != 0, (change.most() & ~held) != 0};
  }
  Handing handing;
  // x that an ACE gives is his to give, also while the mode of the file keeps it from everybody.
  Letters everywhere = effective(chain, who, change.now) | (given(chain, who, change.now) & letters("x"));
  handing.too_much = (change.gain(0, chain.back()->is_dir()) & ~everywhere) != 0;
  if (change.reaches_below()) {
    const Node between{S_IFDIR};
    const Node file{S_IFREG | 0100};
    for (const std::size_t levels : {1, 2}) {
      for (const bool directory : {false, true}) {
        Chain below = chain;
        if (levels == 2) below.push_back(&between);
        below.push_back(directory ? &between : &file);
        const Letters there = given(below, who, change.now);
        handing.too_much |= (change.gain(levels, directory) & ~there) != 0;
        everywhere &= there;
      }
    }
  }
  handing.maybe_too_much = (change.most() & ~everywhere) != 0;
  return handing;
}

Verdict verdict_of(const Change& change, const User& who, bool lacks, bool may_lack) {
  if (lacks) return {{EPERM}, {}};
  const Handing handing = hands_out(change, who);
  if (handing.too_much) return {{EPERM}, {}};
  return handing.maybe_too_much || may_lack ? Verdict{{}, {EPERM}} : Verdict{};
}

}  // namespace

Verdict may_set_ace(const Chain& chain, const Step& step, const User& who, Time now) {
  if (step.behind) return {};
  if (!step.ace.malformed.empty()) return {{EINVAL}, who.is_root() ? std::set<int>{} : std::set{EPERM}};
  const Change change{chain, step.key, find(chain, step.key), &step.ace, now};
  const Letters have = effective(chain, who, now);
  const auto lacks = [&](bool denies) {
    const bool changes = change.before != nullptr;
    return (changes && !has(have, "o")) || (denies && !has(have, "O")) || (!changes && !denies && !has(have, "C"));
  };
  // Whether what has ended already is a denial is left open.
  const bool denies = is_denial(step.key, step.ace);
  const bool else_denies = denies && !ended(step.ace, now);
  return verdict_of(change, who, lacks(denies) && lacks(else_denies), lacks(denies) || lacks(else_denies));
}

Verdict may_remove_ace(const Chain& chain, const Key& key, const User& who, Time now) {
  const Ace* before = find(chain, key);
  if (before == nullptr) return {{ENODATA}, who.is_root() ? std::set<int>{} : std::set{EPERM}};
  return verdict_of({chain, key, before, nullptr, now}, who, !has(effective(chain, who, now), "o"), false);
}

}  // namespace acefs::test::model
