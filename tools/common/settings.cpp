// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include <unistd.h>

#include <cerrno>

namespace acefs::tool {

Settings Settings::with(principal::Config config, std::string file, principal::Accounts* accounts) {
  Settings settings;
  settings.file_ = std::move(file);
  settings.config_ = std::make_shared<const principal::Config>(std::move(config));
  settings.principals_ = std::make_unique<acl::PrincipalTable>();
  if (accounts == nullptr) settings.owned_accounts_ = principal::system_accounts();
  settings.accounts_ = accounts != nullptr ? accounts : settings.owned_accounts_.get();
  settings.resolver_ = std::make_unique<principal::Resolver>(*settings.principals_, *settings.accounts_,
                                                             principal::ResolverOptions{});
  settings.resolver_->configure(settings.config_);
  return settings;
}

Settings Settings::without_config(principal::Accounts* accounts) { return with({}, {}, accounts); }

Result<Settings, std::string> Settings::load(const std::string& file, principal::Accounts* accounts) {
  // Any other error than that it is not there: it may say something that is not known then.
  if (file.empty() && ::access(kDefaultConfig, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
    return without_config(accounts);
  const std::string chosen = file.empty() ? kDefaultConfig : file;
  auto config = principal::Config::load(chosen);
  if (!config) return config.error().message;
  return with(*std::move(config), chosen, accounts);
}

std::optional<Settings> load_for_roles(const std::string& file, Complaints& complaints) {
  auto settings = Settings::load(file);
  if (settings) return *std::move(settings);
  if (!file.empty()) {
    complaints.error("", settings.error());
    return std::nullopt;
  }
  complaints.note("", settings.error() + " (only the built-in roles are known)");
  return Settings::without_config();
}

acl::RoleLookup Settings::roles() const {
  return [config = config_](std::string_view name) { return config->role(name); };
}

void Settings::tell_problems(Complaints& complaints) const {
  for (const principal::ConfigProblem& problem : config_->problems)
    complaints.note(file_ + ':' + std::to_string(problem.line), problem.message);
}

}  // namespace acefs::tool
