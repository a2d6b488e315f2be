// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace acefs::fs {

/// Shares out what there is a limited number of among users. Each may have as many as he leaves free for all others: half of them
/// when he is alone, a third when two take as many as they can. Root may have whatever is left. Thread-safe.
class Shares {
 public:
  /// `all`: how many there are; 0: no limit.
  explicit Shares(std::size_t all = 0) : all_(all) {}

  /// One that somebody has, until it goes. It must not outlive the shares.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept : of_(std::exchange(other.of_, nullptr)), uid_(other.uid_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(uid_, other.uid_);
      return *this;
    }
    ~Share() {
      if (of_ != nullptr) of_->give_back(uid_);
    }

   private:
    friend class Shares;
    Share(Shares& of, uid_t uid) : of_(&of), uid_(uid) {}
    Shares* of_ = nullptr;
    uid_t uid_ = 0;
  };

  /// Nothing: his share is used up.
  std::optional<Share> take(uid_t uid) {
    const std::lock_guard lock(mutex_);
    const auto known = taken_.find(uid);
    const std::size_t free = all_ > total_ ? all_ - total_ : 0;
    const std::size_t own = known == taken_.end() || uid == 0 ? 0 : known->second;
    if (all_ != 0 && own >= free) return std::nullopt;
    ++taken_[uid];
    ++total_;
    return Share(*this, uid);
  }

 private:
  void give_back(uid_t uid) {
    const std::lock_guard lock(mutex_);
    --total_;
    if (const auto it = taken_.find(uid); it != taken_.end() && --it->second == 0) taken_.erase(it);
  }

  const std::size_t all_;
  std::mutex mutex_;
  std::unordered_map<uid_t, std::size_t> taken_;
  std::size_t total_ = 0;
};

}  // namespace acefs::fs
