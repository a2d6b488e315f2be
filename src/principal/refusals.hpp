// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <unordered_map>

#include "acefs/acl/ace.hpp"
#include "acefs/principal/config.hpp"
#include "acefs/principal/resolver.hpp"

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
  /// Asks for the uid of every such section that has a name only. One that is not known now, but was in `before`, keeps the
  /// uid it had then: a name service that is away must not let anybody in.
  Refusals(const Config& config, Accounts& accounts, const Refusals& before);

  Refusal of(uid_t uid) const;
  /// Whether nobody is refused, nor ever will be.
  bool empty() const { return by_uid_.empty() && !asked_; }
  /// Whether any of it came from a name, so that it may be another uid later.
  bool asked_for_names() const { return asked_; }
  /// Whether a name is still without uid.
  bool lacks_names() const { return lacking_; }
  bool same_as(const Refusals& other) const { return by_uid_ == other.by_uid_; }

 private:
  std::unordered_map<uid_t, Refusal> by_uid_;
  std::map<std::string, uid_t, std::less<>> uid_of_;
  bool asked_ = false;
  bool lacking_ = false;
};

}  // namespace acefs::principal
