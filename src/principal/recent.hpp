// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>

#include "acefs/acl/decide.hpp"
#include "acefs/principal/resolver.hpp"
#include "expiring_cache.hpp"

namespace acefs::principal {

/// What an identity was resolved for.
struct IdentityKey {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;  ///< 0 unless the groups of the thread matter
  Detail detail = Detail::Numbers;
  friend bool operator==(const IdentityKey&, const IdentityKey&) = default;
};

struct IdentityKeyHash {
  std::size_t operator()(const IdentityKey& key) const {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio: spreads neighbouring numbers
    const std::uint64_t rest = std::uint64_t{static_cast<std::uint32_t>(key.pid)} << 2 | static_cast<std::uint64_t>(key.detail);
    std::uint64_t hash = (std::uint64_t{key.uid} << 32 | key.gid) * kOdd;
    hash = (hash ^ (hash >> 29) ^ rest) * kOdd;
    return hash ^ (hash >> 32);
  }
};

using IdentityPtr = std::shared_ptr<const acl::Identity>;

/// An identity before and after its user's expiry.
struct Resolved {
  IdentityPtr before;
  IdentityPtr refused;  ///< nullptr: never expires
  acl::TimePoint expires = 0;

  const IdentityPtr& at(acl::TimePoint now) const { return refused && now > expires ? refused : before; }
};

/// The last few answers this thread got: most requests are found here, without a lock and without a cache line that another
/// thread writes to (each thread counts its own references).
class RecentIdentities {
 public:
  /// `owner`: number of the resolver; `epoch`: its present one. nullptr: not here, or out of date.
  const Resolved* find(std::uint64_t owner, std::uint64_t epoch, const IdentityKey& key, Moment now) const {
    const Slot& slot = slots_[slot_of(key)];
    const bool good = slot.owner == owner && slot.epoch == epoch && slot.key == key && now < slot.dated.until;
    return good ? &slot.dated.value : nullptr;
  }

  const Resolved& put(std::uint64_t owner, std::uint64_t epoch, const IdentityKey& key, const Dated<Resolved>& dated) {
    Slot& slot = slots_[slot_of(key)];
    slot = {.owner = owner, .epoch = epoch, .key = key, .dated = dated};
    slot.dated.value.before = own(slot.dated.value.before);
    slot.dated.value.refused = own(slot.dated.value.refused);
    return slot.dated.value;
  }

 private:
  struct Slot {
    std::uint64_t owner = 0;  ///< no resolver has this number
    std::uint64_t epoch = 0;
    IdentityKey key;
    Dated<Resolved> dated;
  };

  static constexpr std::size_t kSlots = 16;
  static std::size_t slot_of(const IdentityKey& key) { return IdentityKeyHash{}(key) % kSlots; }

  /// The same identity, counted by a counter of its own.
  static IdentityPtr own(const IdentityPtr& shared) {
    return shared ? IdentityPtr(std::make_shared<IdentityPtr>(shared), shared.get()) : nullptr;
  }

  std::array<Slot, kSlots> slots_;
};

}  // namespace acefs::principal
