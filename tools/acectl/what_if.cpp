// SPDX-License-Identifier: MIT
#include "what_if.hpp"

#include <algorithm>

#include "common/quoting.hpp"

namespace acefs::tool::acectl {

namespace {

std::string bad_entry(const char* option, const std::string& text, const ParseError& error) {
  return std::string(option) + ": " + quote_name(text) + ": " + error.message + " at " + std::to_string(error.offset);
}

acl::Grant grant_of(const acl::TextEntry& entry) {
  acl::Ace ace;
  ace.type = entry.type;
  ace.flags = entry.flags;
  ace.principal = entry.key.principal;
  ace.permissions = entry.permissions;
  return acl::Grant::read(entry.key, acl::encode(ace));
}

}  // namespace

Result<WhatIf, std::string> WhatIf::read(const std::vector<std::string>& with, const std::vector<std::string>& without,
                                         const acl::RoleLookup& roles) {
  WhatIf what_if;
  for (const std::string& text : with) {
    const auto entries = acl::parse_entries(text, roles);
    if (!entries) return bad_entry("--with", text, entries.error());
    for (const acl::TextEntry& entry : *entries) what_if.with_.push_back(grant_of(entry));
  }
  for (const std::string& text : without) {
    auto key = acl::parse_who(text);
    if (!key) return bad_entry("--without", text, key.error());
    what_if.without_.push_back(*std::move(key));
  }
  return what_if;
}

std::optional<std::string> WhatIf::imagine(Chain& chain, const struct stat& node, acl::PrincipalTable& principals) const {
  for (std::size_t i = 0; i < chain.links().size(); ++i) {
    const ChainLink& link = chain.links()[i];
    if (link.st.st_dev != node.st_dev || link.st.st_ino != node.st_ino) continue;
    if (!S_ISDIR(link.st.st_mode) && !S_ISREG(link.st.st_mode))
      return std::string("is ") + kind_of(link.st) + ", which has no ACL of its own";
    std::vector<acl::Grant> grants = link.acl.grants();
    const auto drop = [&grants](const acl::GrantKey& key) {
      return std::erase_if(grants, [&key](const acl::Grant& grant) { return grant.key == key; }) != 0;
    };
    for (const acl::GrantKey& key : without_)
      if (!drop(key)) return "has no ACE " + quote_name(acl::format_key(key));
    for (const acl::Grant& grant : with_) {
      drop(grant.key);
      grants.push_back(grant);
    }
    chain.replace_acl(i, acl::Acl(std::move(grants), S_ISDIR(link.st.st_mode), principals));
  }
  return std::nullopt;
}

}  // namespace acefs::tool::acectl
