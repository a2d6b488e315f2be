// SPDX-License-Identifier: MIT
#include "json_lines.hpp"

#include <istream>
#include <ostream>

#include "acefs/acl/ace.hpp"
#include "common/quoting.hpp"
#include "json_fields.hpp"

namespace acefs::tool::acectl {

namespace {

Json refusal(const std::string& error) { return {{"ok", false}, {"error", error}}; }

/// Where a grant of this type is stored: what denies a part, audits or alarms has a key of its own beside the plain one.
acl::GrantKey key_for(const std::string& type, const std::string& permissions, const std::string& principal) {
  acl::KeyKind kind = acl::KeyKind::Plain;
  if (type == "D" && !permissions.empty()) kind = acl::KeyKind::Deny;
  if (type == "U") kind = acl::KeyKind::Audit;
  if (type == "L") kind = acl::KeyKind::Alarm;
  return {kind, principal};
}

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\r") == std::string::npos; }

}  // namespace

Json decode_line(const Json& line) {
  const auto key = acl::parse_key(bytes_of(member(line, "key_hex"), "key_hex"));
  const std::string value = bytes_of(member(line, "value_hex"), "value_hex");
  if (!key) return refusal("not the key of a grant");
  const auto ace = acl::decode(*key, value);
  if (!ace) return refusal(ace.error().message + " at " + std::to_string(ace.error().offset));
  return {{"ok", true},
          {"type", ace->type},
          {"flags", ace->flags},
          {"principal_hex", to_hex(ace->principal)},
          {"permissions", ace->permissions},
          {"share_time", std::to_string(ace->share_time)},
          {"creator_hex", to_hex(ace->creator)},
          {"expires", std::to_string(ace->expires)},
          {"password_hash", ace->password_hash},
          {"label_hex", to_hex(ace->label)},
          {"denial", acl::is_full_denial(*key, *ace)},
          {"encoded_hex", to_hex(acl::encode(*ace))}};
}

Json encode_line(const Json& line) {
  acl::Ace ace;
  ace.type = string_of(member(line, "type"), "type");
  ace.flags = string_or(line, "flags", "");
  ace.principal = bytes_of(member(line, "principal_hex"), "principal_hex");
  ace.permissions = string_or(line, "permissions", "");
  ace.creator = bytes_or(line, "creator_hex", "");
  ace.expires = integer_or(line, "expires", 0);
  ace.share_time = integer_or(line, "share_time", 0);
  ace.password_hash = string_or(line, "password_hash", "");
  ace.label = bytes_or(line, "label_hex", "");
  const auto plain = acl::parse_key(ace.principal);
  if (!plain || plain->kind != acl::KeyKind::Plain) return refusal("a principal begins u:, g: or o:");
  const std::string key = acl::format_key(key_for(ace.type, ace.permissions, ace.principal));
  return {{"ok", true}, {"key_hex", to_hex(key)}, {"value_hex", to_hex(acl::encode(ace))}};
}

Exit answer_lines(Json (*answer)(const Json&), Io& io) {
  Exit exit = Exit::Ok;
  std::size_t number = 0;
  for (std::string text; std::getline(io.in, text);) {
    ++number;
    if (is_blank(text)) continue;
    const auto bad = [&](const std::string& why) {
      exit = Exit::Failed;
      return refusal("line " + std::to_string(number) + ": " + why);
    };
    Json reply;
    try {
      const Json line = Json::parse(text, nullptr, false);
      reply = line.is_discarded() ? bad("not JSON") : answer(line);
    } catch (const BadLine& error) {
      reply = bad(error.what());
    }
    io.out << one_line(reply) << std::endl;  // whoever asks line by line waits for it
  }
  return exit;
}

}  // namespace acefs::tool::acectl
