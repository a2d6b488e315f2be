// SPDX-License-Identifier: MIT
#include "grant_line.hpp"

#include <algorithm>

#include "acefs/acl/perm.hpp"
#include "acefs/acl/text.hpp"
#include "common/listing.hpp"
#include "common/quoting.hpp"
#include "common/time_text.hpp"

namespace acefs::tool::acectl {

std::string line_of_all(const acl::Grant& grant) {
  std::string line = format_grant(grant, {});
  while (line.ends_with('\n')) line.pop_back();
  return line.substr(line.rfind('\n') + 1);  // above a raw one stands a remark for the reader
}

std::string line_of_meaning(const acl::Grant& grant) {
  if (!grant.ace) return line_of_all(grant);
  acl::Ace ace = *grant.ace;
  // Letters come in one order from format_entry; flags as they are stored.
  std::sort(ace.flags.begin(), ace.flags.end());
  ace.flags.erase(std::unique(ace.flags.begin(), ace.flags.end()), ace.flags.end());
  std::string line = acl::format_entry(grant.key, ace);
  // No entry says it: it names nobody, or gives and takes nothing.
  if (line.empty()) line = quote_name(acl::format_key(grant.key)) + ':' + acl::letters_of(acl::mask_of(ace.permissions));
  std::string rest;
  if (ace.expires != 0) rest += " expires=" + format_time(ace.expires);
  if (!ace.password_hash.empty()) rest += " password=" + quote_value(ace.password_hash);
  for (const std::string& field : ace.unknown_fields) rest += " field=" + quote_value(field);
  return rest.empty() ? line : line + " #" + rest.substr(1);
}

}  // namespace acefs::tool::acectl
