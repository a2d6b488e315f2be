// SPDX-License-Identifier: MIT
// The name of a grant's xattr behind the prefix, and the principal in it as people see and type it.
#include "acefs/acl/text.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
namespace {

using acl::GrantKey;

bool has_text(std::string_view principal) {
  if (!principal.starts_with("o:")) return principal.size() > 2;
  return principal == acl::kOwnerWho || principal == acl::kGroupWho || principal == acl::kEveryoneWho;
}

void reads_back_from_text(const GrantKey& key) {
  acl::Ace ace;
  ace.type = static_cast<char>(key.kind);
  ace.flags = key.principal.starts_with("g:") ? "g" : "";
  ace.permissions = "r";
  const std::string text = acl::format_entry(key, ace);
  must(text.empty() != has_text(key.principal), "every name that can be typed is shown");
  if (text.empty()) return;
  const auto entry = acl::parse_entry(text, {});
  must(entry && entry->key == key, "an entry as shown is read back under the same key");
  const auto entries = acl::parse_entries(text, {});
  must(entries && entries->size() == 1 && entries->front().key == key, "an entry as shown is one entry of a list");
  const auto who = acl::parse_who(text);
  must(who && *who == key, "an entry as shown says what to remove");
}

}  // namespace

void fuzz_key(std::string_view name) {
  const auto key = acl::parse_key(name);
  if (!key) return;
  must(acl::format_key(*key) == name, "a key is written as it was read");
  must(acl::parse_key(key->principal) == GrantKey{acl::KeyKind::Plain, key->principal}, "a principal is a plain key");
  reads_back_from_text(*key);
}

}  // namespace acefs::fuzz
