// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <unordered_map>

#include "acefs/acl/ace.hpp"
#include "acefs/principal/config.hpp"
#include "uids.hpp"

namespace acefs::principal {

/// From when on a user is refused. Several sections may say so of one user: the earliest counts.
struct Refusal {
  bool always = false;
  acl::TimePoint after = 0;  ///< refused when now > after; 0: never

  bool applies(acl::TimePoint now) const { return always || (after != 0 && now > after); }
  void add(const Refusal& other);
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

Refusal refusal_of(const UserEntry& user);

/// The users whom acefs.toml refuses, by number, so that no name has to be looked up to refuse one.
class Refusals {
 public:
  Refusals() = default;
  Refusals(const Config& config, Uids& uids);

  Refusal of(uid_t uid) const;
  /// Whether nobody is refused, nor ever will be.
  bool empty() const { return !any_; }
  bool same_as(const Refusals& other) const { return by_uid_ == other.by_uid_; }

 private:
  std::unordered_map<uid_t, Refusal> by_uid_;
  bool any_ = false;
};

}  // namespace acefs::principal
