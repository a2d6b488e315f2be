// SPDX-License-Identifier: MIT
#include "nfs4/order.hpp"

#include <array>
#include <bit>
#include <limits>
#include <unordered_map>
#include <vector>

#include "nfs4/mode_aces.hpp"

namespace acefs::nfs4 {
namespace {

constexpr unsigned kScopes = 5;
constexpr unsigned kBits = 21;
constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

bool is_special_principal(const std::string& principal) { return principal.starts_with("o:"); }

/// Whether somebody can be named by both.
bool can_meet(const std::string& a, const std::string& b, const Names& names) {
  if (a == b || is_special_principal(a) || is_special_principal(b)) return true;
  if (a.starts_with("g:") || b.starts_with("g:")) return true;
  return names.may_be_one(a, b);
}

/// Where each bit is first denied to each principal, by scope.
class FirstDenials {
 public:
  void add(const Entry& entry) {
    auto& first = by_principal_.try_emplace(entry.principal, untouched()).first->second;
    for (unsigned scope = 0; scope < kScopes; ++scope) {
      if ((entry.scopes >> scope & 1u) == 0) continue;
      for (unsigned bit = 0; bit < kBits; ++bit) {
        std::size_t& position = first[scope * kBits + bit];
        if ((entry.ace.mask >> bit & 1u) != 0 && position == kNever) position = entry.position;
      }
    }
  }
  /// Those of `bits` that no ACE before `position` denies to `principal` in that scope.
  std::uint32_t open(std::uint32_t bits, const std::string& principal, unsigned scope, std::size_t position) const {
    const auto found = by_principal_.find(principal);
    if (found == by_principal_.end()) return bits;
    for (unsigned bit = 0; bit < kBits; ++bit) {
      if (found->second[scope * kBits + bit] < position) bits &= ~(1u << bit);
    }
    return bits;
  }

 private:
  using Positions = std::array<std::size_t, kScopes * kBits>;
  static Positions untouched() {
    Positions positions;
    positions.fill(kNever);
    return positions;
  }
  std::unordered_map<std::string, Positions> by_principal_;
};

std::string name_of(const Entry& entry) {
  const char* type = entry.ace.type == Type::Allow ? " (A for " : " (D for ";
  return "ACE " + std::to_string(entry.position) + type + entry.ace.who + ")";
}

class Order {
 public:
  Order(const Entries& entries, const Facts& facts, const Names& names) : facts_(facts), names_(names) {
    for (const Entry& entry : entries) {
      if (entry.ace.type == Type::Deny && !entry.says_mode) denials_.add(entry);
    }
  }

  bool conflict(const Entry& allow, const Entry& later_denial) const {
    std::uint32_t shared = allow.ace.mask & later_denial.ace.mask;
    // Who is named by OWNER@ is the owner, and has these by acefs as by the allow.
    if (allow.principal == acl::kOwnerWho || later_denial.principal == acl::kOwnerWho) shared &= ~kept_by_owner(facts_);
    const unsigned scopes = allow.scopes & later_denial.scopes;
    if (shared == 0 || scopes == 0 || !can_meet(allow.principal, later_denial.principal, names_)) return false;
    for (unsigned scope = 0; scope < kScopes; ++scope) {
      if ((scopes >> scope & 1u) != 0 && is_open(shared, allow, later_denial, scope)) return true;
    }
    return false;
  }

  /// The mode's denial stands in the way of a later allow, which in acefs adds to the mode.
  bool mode_in_the_way(const Entry& of_mode, const Entry& later_allow) const {
    return (of_mode.ace.mask & later_allow.ace.mask) != 0 && counts_here(later_allow.scopes) &&
           can_meet(of_mode.principal, later_allow.principal, names_);
  }

 private:
  bool is_open(std::uint32_t bits, const Entry& allow, const Entry& denial, unsigned scope) const {
    bits = denials_.open(bits, allow.principal, scope, allow.position);
    bits = denials_.open(bits, denial.principal, scope, allow.position);
    return denials_.open(bits, std::string(acl::kEveryoneWho), scope, allow.position) != 0;
  }

  const Facts& facts_;
  const Names& names_;
  FirstDenials denials_;
};

}  // namespace

std::optional<Refusal> misplaced(const Entries& entries, const Facts& facts, const Names& names, std::size_t& pairs) {
  const Order order(entries, facts, names);
  std::vector<const Entry*> allows, denials, of_mode;
  for (const Entry& entry : entries) {
    if (!gives_or_takes(entry.ace)) continue;
    const bool denies = entry.ace.type == Type::Deny;
    if (!entry.says_mode) (denies ? denials : allows).push_back(&entry);
    else if (denies) of_mode.push_back(&entry);
    else allows.push_back(&entry);
  }
  const auto wrong = [](const Entry& first, const Entry& second, const char* why) {
    return Refusal{EOPNOTSUPP, name_of(first) + " stands before " + name_of(second) + ", but in acefs " + why};
  };
  for (const Entry* allow : allows) {
    for (auto it = denials.rbegin(); it != denials.rend() && (*it)->position > allow->position; ++it) {
      if (pairs == 0) return Refusal{EOPNOTSUPP, "too many allows before denials to tell whether their order matters; put the denials first"};
      --pairs;
      if (order.conflict(*allow, **it)) return wrong(*allow, **it, "a denial always wins");
    }
    if (allow->says_mode) continue;
    for (const Entry* mode : of_mode) {
      if (mode->position < allow->position && order.mode_in_the_way(*mode, *allow)) return wrong(*mode, *allow, "the mode denies nothing");
    }
  }
  return std::nullopt;
}

}  // namespace acefs::nfs4
