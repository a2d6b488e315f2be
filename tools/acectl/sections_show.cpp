// SPDX-License-Identifier: MIT
#include <ostream>

#include "acefs/acl/perm.hpp"
#include "acefs/acl/text.hpp"
#include "common/json_text.hpp"
#include "common/quoting.hpp"
#include "common/settings.hpp"
#include "common/time_text.hpp"
#include "sections.hpp"

namespace acefs::tool::acectl {

namespace {

using principal::Config;

/// Refused now; why.
void add_state(Json& json, bool enabled, acl::TimePoint expires, acl::TimePoint now) {
  json["enabled"] = enabled;
  if (expires != 0) json["expires"] = format_time(expires);
  json["state"] = !enabled ? "disabled" : expires != 0 && now > expires ? "expired" : "active";
}

void add_comment(Json& json, const std::string& comment) {
  if (!comment.empty()) json["comment"] = comment;
}

Json json_of(const std::string& name, const principal::UserEntry& user, const Config& config, acl::TimePoint now) {
  Json json = {{"name", name}};
  add_state(json, user.enabled, user.expires, now);
  if (user.uid) json["uid"] = *user.uid;
  json["ids"] = user.ids;
  json["tokens"] = Json::array();
  for (const auto& [token, entry] : config.tokens)
    if (entry.user == name) json["tokens"].push_back(token);
  add_comment(json, user.comment);
  return json;
}

Json json_of(const std::string& name, const principal::GroupEntry& group, const Config&, acl::TimePoint) {
  Json json = {{"name", name}};
  if (group.gid) json["gid"] = *group.gid;
  json["ids"] = group.ids;
  json["members"] = group.members;
  add_comment(json, group.comment);
  return json;
}

Json json_of(const std::string& name, const principal::TokenEntry& token, const Config& config, acl::TimePoint now) {
  Json json = {{"name", name}, {"user", token.user}, {"account", token.account}};
  add_state(json, token.enabled, token.expires, now);
  if (const auto user = config.users.find(token.user); user != config.users.end() && json["state"] == "active") {
    const bool over = user->second.expires != 0 && now > user->second.expires;
    if (!user->second.enabled || over) json["state"] = "its user is refused";
  }
  json["creates_for"] = token.makes_for_user ? "user" : "token";
  add_comment(json, token.comment);
  return json;
}

Json json_of_role(const std::string& name, const std::string& letters, const std::string& comment, bool builtin) {
  Json json = {{"name", name}, {"permissions", acl::letters_of(acl::mask_of(letters))}, {"builtin", builtin}};
  add_comment(json, comment);
  return json;
}

template <typename Entry>
std::vector<Json> all_of(const std::map<std::string, Entry, std::less<>>& entries, const Config& config, acl::TimePoint now) {
  std::vector<Json> all;
  for (const auto& [name, entry] : entries) all.push_back(json_of(name, entry, config, now));
  return all;
}

std::vector<Json> all_roles(const Config& config) {
  std::vector<Json> all;
  for (const auto& [name, role] : config.roles) all.push_back(json_of_role(name, role.permissions, role.comment, false));
  for (const std::string_view name : acl::builtin_roles())
    if (config.role(name) && !config.roles.contains(name)) all.push_back(json_of_role(std::string(name), *acl::builtin_role(name), "", true));
  return all;
}

std::vector<Json> all_of_kind(const SectionKind& kind, const Config& config, acl::TimePoint now) {
  if (kind.name == "user") return all_of(config.users, config, now);
  if (kind.name == "group") return all_of(config.groups, config, now);
  if (kind.name == "token") return all_of(config.tokens, config, now);
  return all_roles(config);
}

/// A value on one line: words of a list apart by blanks.
std::string text_of(const Json& value) {
  if (!value.is_array()) return value.is_string() ? quote_value(value.get<std::string>()) : value.dump();
  std::string text;
  for (const Json& element : value) text += (text.empty() ? "" : " ") + quote_value(element.get<std::string>());
  return text;
}

/// A line: the name, then what is not the same for all.
std::string brief(const SectionKind& kind, const Json& json) {
  std::string line = quote_name(json["name"].get<std::string>());
  if (kind.name == "role") return line + '\t' + json["permissions"].get<std::string>();
  for (const char* key : {"state", "account", "uid", "gid", "ids", "members"}) {
    if (!json.contains(key) || (json[key].is_array() && json[key].empty())) continue;
    line += '\t';
    if (std::string_view(key) != "state") line += std::string(key) + '=';
    line += text_of(json[key]);
  }
  return line;
}

/// Says of those who are refused by what other sections say, or by whose account it is, that they are.
void tell_refused(std::vector<Json>& all, Settings& settings, acl::TimePoint now) {
  for (Json& json : all) {
    if (json.value("state", "") != "active") continue;
    const auto identity = settings.resolver().identity_of(json["name"].get<std::string>(), now);
    if (identity && identity->refused) json["state"] = "refused";
  }
}

std::optional<Settings> load(const SectionOptions& o, Complaints& complaints) {
  auto settings = Settings::load(o.config);
  if (!settings) {
    complaints.error("", settings.error());
    return std::nullopt;
  }
  settings->tell_problems(complaints);
  return *std::move(settings);
}

}  // namespace

Exit list_sections(const SectionKind& kind, const SectionOptions& o, Io& io) {
  Complaints complaints(io, "acectl");
  // Roles are there without any file that can be read.
  auto settings = kind.name == "role" ? load_for_roles(o.config, complaints) : load(o, complaints);
  if (!settings) return Exit::Unknown;
  if (kind.name == "role") settings->tell_problems(complaints);
  auto all = all_of_kind(kind, settings->config(), io.now());
  tell_refused(all, *settings, io.now());
  for (const Json& json : all)
    io.out << (o.json ? one_line(json) : brief(kind, json)) << '\n';
  return Exit::Ok;
}

Exit show_section(const SectionKind& kind, const SectionOptions& o, Io& io) {
  Complaints complaints(io, "acectl");
  auto settings = load(o, complaints);
  if (!settings) return Exit::Unknown;
  auto all = all_of_kind(kind, settings->config(), io.now());
  std::erase_if(all, [&o](const Json& json) { return json["name"] != o.name; });
  tell_refused(all, *settings, io.now());
  for (const Json& json : all) {
    if (o.json) io.out << one_line(json) << '\n';
    else for (const auto& [key, value] : json.items()) io.out << key << ": " << text_of(value) << '\n';
    return Exit::Ok;
  }
  complaints.error(settings->file(), "there is no " + std::string(kind.name) + " '" + o.name + "'");
  return Exit::Failed;
}

}  // namespace acefs::tool::acectl
