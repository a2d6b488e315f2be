// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

#include "acefs/principal/config.hpp"
#include "acefs/principal/resolver.hpp"

namespace acefs::principal {

/// The uids of what acefs.toml calls by an account's name. One rule for all of it: a number is itself, a section says its own, and NSS is
/// asked last.
class Uids {
 public:
  Uids() = default;
  /// What NSS does not know now keeps what it had in `before`: a name service that is away must not let anybody in. Without `accounts`
  /// nobody is asked.
  Uids(std::shared_ptr<const Config> config, Accounts* accounts, const Uids& before)
      : config_(std::move(config)), accounts_(accounts), before_(before.known_) {}

  std::optional<uid_t> of(const std::string& name);

  /// Whether any came from a name, so that it may be another one later.
  bool asked_for_names() const { return asked_; }
  /// Whether a name is still without uid.
  bool lacks_names() const { return lacking_; }

 private:
  using Known = std::map<std::string, uid_t, std::less<>>;

  std::shared_ptr<const Config> config_;
  Accounts* accounts_ = nullptr;
  Known before_;
  Known known_;
  bool asked_ = false;
  bool lacking_ = false;
};

}  // namespace acefs::principal
