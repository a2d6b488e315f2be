// SPDX-License-Identifier: MIT
// Entries as they are typed for setace.
#include "acefs/acl/text.hpp"
#include "effects.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
namespace {

acl::Ace ace_of(const acl::TextEntry& entry) {
  acl::Ace ace;
  ace.type = entry.type;
  ace.flags = entry.flags;
  ace.principal = entry.key.principal;
  ace.permissions = entry.permissions;
  return ace;
}

void check_entry(const acl::TextEntry& entry, std::string_view text) {
  const acl::Ace ace = ace_of(entry);
  must(text.find('@') != std::string_view::npos || acl::mask_of(text).contains(acl::mask_of(entry.permissions)),
       "without a role no letter is given that was not typed");
  must(entry.type == std::string(1, static_cast<char>(entry.key.kind)) || acl::is_full_denial(entry.key, ace),
       "the key is that of the type");
  const auto stored = acl::Grant::read(entry.key, acl::encode(ace));
  must(stored.ace && *stored.ace == ace, "an entry is stored as it was typed");

  const std::string shown = acl::format_entry(entry.key, ace);
  const auto again = acl::parse_entry(shown, {});
  must(again && again->key == entry.key, "an entry as shown is read back");
  must(effects_of(again->key, ace_of(*again)) == effects_of(entry.key, ace), "and means the same");
}

}  // namespace

void fuzz_entry_text(std::string_view text) {
  const auto entries = acl::parse_entries(text, acl::builtin_role);
  if (!entries) {
    must(entries.error().offset <= text.size() && !entries.error().message.empty(), "an error is somewhere in the text");
  } else {
    for (const acl::TextEntry& entry : *entries) check_entry(entry, text);
  }
  if (const auto entry = acl::parse_entry(text, acl::builtin_role)) {
    check_entry(*entry, text);
  } else {
    must(entry.error().offset <= text.size(), "an error is somewhere in the entry");
  }
  if (const auto who = acl::parse_who(text)) {
    must(acl::parse_key(acl::format_key(*who)) == *who, "what is to be removed is a key");
  } else {
    must(who.error().offset <= text.size(), "an error is somewhere in the name");
  }
}

}  // namespace acefs::fuzz
