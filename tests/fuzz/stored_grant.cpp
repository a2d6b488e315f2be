// SPDX-License-Identifier: MIT
#include "stored_grant.hpp"

#include <algorithm>
#include <optional>

#include "backing/compact.hpp"
#include "effects.hpp"
#include "property.hpp"

namespace acefs::fuzz {
namespace {

using acl::EntryKind;
using acl::Grant;
using acl::GrantKey;
using acl::KeyKind;

/// The last `key=value` of a record without quotes, as plainly as possible.
std::string_view last_field(std::string_view record, char key) {
  std::string_view found;
  while (!record.empty()) {
    const std::string_view field = record.substr(0, record.find(':'));
    record.remove_prefix(std::min(record.size(), field.size() + 1));
    if (field.size() < 2 || field[0] != key || field[1] != '=') continue;
    found = field.substr(2, field.find('=', 2) - 2);
  }
  return found;
}

/// The record of a value by name without quotes, which can be read so plainly.
std::optional<std::string_view> plain_record(std::string_view value) {
  if (value.front() != '\0') return std::nullopt;
  value.remove_prefix(1);
  if (value.ends_with('\n')) value.remove_suffix(1);
  if (value.find_first_of("\"\r\n") != std::string_view::npos) return std::nullopt;
  return value;
}

void gives_no_more_than_its_bytes_say(const Grant& grant, const std::vector<Effect>& effects) {
  const auto plain = plain_record(grant.value);
  acl::AccessMask stated = acl::mask_of(plain ? last_field(*plain, 'p') : grant.value);
  if (stated.has(acl::Perm::ReadData)) stated |= acl::Perm::ReadAttributes;
  for (const Effect& effect : effects) {
    if (effect.kind != EntryKind::Allow) continue;
    must(grant.key.kind == KeyKind::Plain, "only a plain key allows");
    must(stated.contains(effect.letters), "an ACE gives no letter that its value does not have");
    must(!plain || last_field(*plain, 't') == "A", "only type A allows");
  }
}

void means_the_same_written_again(const Grant& grant, const std::vector<Effect>& effects) {
  const std::string bytes = acl::encode(*grant.ace);
  const Grant again = Grant::read(grant.key, bytes);
  // A type that cannot be written is a full denial before and after.
  must(again.ace ? effects_of(again) == effects : is_full_denial(grant.key, *grant.ace), "an ACE written again means the same");
  if (!again.ace) return;
  // The first time, what is behind a second '=' goes, a share link's password for instance; a CR before CR LF goes one at a time.
  const std::string settled = acl::encode(*again.ace);
  const Grant third = Grant::read(grant.key, settled);
  must(third.ace && (settled.find("\r\n") != std::string::npos || acl::encode(*third.ace) == settled), "writing settles");
}

void means_the_same_made_shorter(const Grant& grant, const std::vector<Effect>& effects) {
  const auto shorter = backing::compact(acl::format_key(grant.key), grant.value);
  if (!shorter) return;
  must(shorter->size() < grant.value.size(), "a compact value is shorter");
  must(effects_of(Grant::read(grant.key, *shorter)) == effects, "a compact value means the same");
}

}  // namespace

GrantKey take_key(std::string_view& input) {
  constexpr KeyKind kKinds[] = {KeyKind::Plain, KeyKind::Deny, KeyKind::Audit, KeyKind::Alarm};
  constexpr std::string_view kPrincipals[] = {"u:alice", "g:staff", acl::kEveryoneWho};
  const unsigned choice = take_choice(input, 12);
  return {kKinds[choice % 4], std::string(kPrincipals[choice / 4])};
}

void check_stored_grant(const GrantKey& key, std::string_view value) {
  const Grant grant = Grant::read(key, std::string(value));
  const std::vector<Effect> effects = effects_of(grant);
  must(grant.value == value, "the bytes are kept");
  if (!grant.ace) {
    must(!grant.error.empty(), "an error says something");
    must(effects == effects_of_malformed(), "a malformed grant is a full denial");
    must(!backing::compact(acl::format_key(key), grant.value), "a malformed grant stays as it is");
    return;
  }
  must(grant.ace->principal == key.principal, "the key says whom it is for");
  gives_no_more_than_its_bytes_say(grant, effects);
  means_the_same_written_again(grant, effects);
  means_the_same_made_shorter(grant, effects);
}

}  // namespace acefs::fuzz
