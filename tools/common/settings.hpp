// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "acefs/acl/acl.hpp"
#include "acefs/acl/text.hpp"
#include "acefs/principal/config.hpp"
#include "acefs/principal/resolver.hpp"
#include "io.hpp"

namespace acefs::tool {

inline constexpr const char* kDefaultConfig = "/etc/acefs/acefs.toml";

/// What acefs.toml and NSS say of users, groups and roles.
class Settings {
 public:
  /// `file` empty: the default file, if there is one. An error is a whole sentence about the file; mistakes in single
  /// sections are `problems()`.
  static Result<Settings, std::string> load(const std::string& file, principal::Accounts* accounts = nullptr);

  /// Of a configuration that is in no file.
  static Settings of(principal::Config config) { return with(std::move(config), {}, nullptr); }

  const principal::Config& config() const { return *config_; }
  acl::RoleLookup roles() const;
  principal::Resolver& resolver() { return *resolver_; }
  principal::Accounts& accounts() { return *accounts_; }
  acl::PrincipalTable& principals() { return *principals_; }
  /// Without any file.
  static Settings without_config(principal::Accounts* accounts = nullptr);
  /// The file that was read; empty: none.
  const std::string& file() const { return file_; }
  /// Says the file's mistakes on standard error, as notes.
  void tell_problems(Complaints& complaints) const;

 private:
  static Settings with(principal::Config config, std::string file, principal::Accounts* accounts);

  std::shared_ptr<const principal::Config> config_;
  std::unique_ptr<acl::PrincipalTable> principals_;
  std::unique_ptr<principal::Accounts> owned_accounts_;
  principal::Accounts* accounts_ = nullptr;
  std::unique_ptr<principal::Resolver> resolver_;
  std::string file_;
};

/// For tools that need roles and names only: a default file that cannot be used is as none, which is noted; one that was
/// named is an error, which was said when nothing is returned.
std::optional<Settings> load_for_roles(const std::string& file, Complaints& complaints);

}  // namespace acefs::tool
