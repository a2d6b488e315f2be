// SPDX-License-Identifier: MIT
#include "printer.hpp"

#include <cstdio>
#include <ostream>

#include "acefs/acl/granted_role.hpp"
#include "acefs/acl/perm.hpp"
#include "acefs/acl/text.hpp"
#include "common/chain.hpp"
#include "common/json_text.hpp"
#include "common/quoting.hpp"

namespace acefs::tool::getace {

namespace {

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode & 07777);
  return text;
}

/// getfacl's third comment: setuid, setgid and sticky.
std::string special_bits(mode_t mode) {
  return {(mode & S_ISUID) != 0 ? 's' : '-', (mode & S_ISGID) != 0 ? 's' : '-', (mode & S_ISVTX) != 0 ? 't' : '-'};
}

Json json_of(const acl::Grant& grant) {
  const std::string key = acl::format_key(grant.key);
  Json json = {{"key", key}, {"key_hex", to_hex(key)}, {"value_hex", to_hex(grant.value)}};
  if (!grant.ace) {
    json["malformed"] = grant.error;
    json["denial"] = true;
    return json;
  }
  const acl::Ace& ace = *grant.ace;
  json["entry"] = acl::format_entry(grant.key, ace);
  json["type"] = ace.type;
  json["flags"] = ace.flags;
  json["principal"] = ace.principal;
  json["permissions"] = ace.permissions;
  json["denial"] = acl::is_full_denial(grant.key, ace);
  json["expires"] = std::to_string(ace.expires);
  json["creator"] = ace.creator;
  json["share_time"] = std::to_string(ace.share_time);
  json["label"] = ace.label;
  return json;
}

}  // namespace

Printer::Printer(const PrintOptions& options, Io& io, Complaints& complaints, Settings& settings)
    : options_(options), io_(io), complaints_(complaints), settings_(settings) {
  if (options_.effective_for) user_ = settings_.resolver().identity_of(*options_.effective_for, io_.now());
}

void Printer::print(const Node& node, const Tree& tree) {
  const auto stored = tree.read(node);
  if (!stored) return complaints_.error(node.path, error_text(stored.status().errno_value()));
  const auto grants = parse_grants(*stored);
  if (options_.skip_base && grants.empty()) return;
  if (const auto all = tree.shows_all(node); all && !*all)
    complaints_.note(node.path, "you may not read its ACL: only entries for yourself are shown");
  const auto allowed = user_ ? effective(node, tree) : std::nullopt;
  if (options_.json) print_json(node, grants, allowed);
  else print_text(node, grants, allowed);
}

std::string Printer::shown_path(const std::string& path) {
  if (options_.absolute_names || !path.starts_with('/')) return path;
  if (!slash_noted_) complaints_.note("", "Removing leading '/' from absolute path names");
  slash_noted_ = true;
  const auto first = path.find_first_not_of('/');
  return first == std::string::npos ? "." : path.substr(first);
}

std::string Printer::owner(uid_t uid) {
  const auto name = options_.numeric ? std::nullopt : settings_.accounts().user_name(uid);
  return name ? quote_name(*name) : std::to_string(uid);
}

std::string Printer::group(gid_t gid) {
  const auto name = options_.numeric ? std::nullopt : settings_.accounts().group_name(gid);
  return name ? quote_name(*name) : std::to_string(gid);
}

std::optional<std::string> Printer::effective(const Node& node, const Tree& tree) {
  const auto chain = Chain::open(node, tree, settings_.principals());
  if (!chain) {
    complaints_.error(node.path, "-e: " + chain.error());
    return std::nullopt;
  }
  const acl::Decision decision = acl::decide(chain->segments(), *user_, {.now = io_.now()}, {});
  // An empty need is refused only when the way to the node is.
  return decision.granted ? acl::letters_of(decision.effective) : "";
}

std::optional<std::string> Printer::role_of(const acl::Ace& ace) const {
  if (ace.type != "A") return std::nullopt;
  const auto letters = acl::mask_of(ace.permissions);
  for (const auto& [name, role] : settings_.config().roles)
    if (acl::mask_of(role.permissions) == letters) return name;
  for (const std::string_view name : acl::builtin_roles())
    if (acl::mask_of(*acl::builtin_role(name)) == letters) return std::string(name);
  return std::nullopt;
}

void Printer::print_text(const Node& node, const std::vector<acl::Grant>& grants,
                         const std::optional<std::string>& allowed) {
  if (!options_.omit_header) {
    io_.out << "# file: " << quote_name(shown_path(node.path)) << '\n';
    io_.out << "# owner: " << owner(node.st.st_uid) << '\n';
    io_.out << "# group: " << group(node.st.st_gid) << '\n';
    if ((node.st.st_mode & 07000) != 0) io_.out << "# flags: " << special_bits(node.st.st_mode) << '\n';
    io_.out << "# mode: " << octal(node.st.st_mode) << '\n';
  }
  ListingStyle style{io_.now(), {}};
  if (options_.roles) style.role = [this](const acl::Ace& ace) { return role_of(ace); };
  for (const acl::Grant& grant : grants) io_.out << format_grant(grant, style);
  if (allowed) io_.out << "# effective: " << quote_name(*options_.effective_for) << ':' << *allowed << '\n';
  io_.out << '\n';
}

void Printer::print_json(const Node& node, const std::vector<acl::Grant>& grants,
                         const std::optional<std::string>& allowed) {
  Json line = {{"path", node.path},
               {"path_hex", to_hex(node.path)},
               {"owner", owner(node.st.st_uid)},
               {"group", group(node.st.st_gid)},
               {"mode", octal(node.st.st_mode)},
               {"grants", Json::array()}};
  for (const acl::Grant& grant : grants) {
    Json item = json_of(grant);
    if (grant.ace) {
      auto role = acl::granted_role(*grant.ace);
      if (!role && options_.roles) role = role_of(*grant.ace);
      if (role) item["role"] = *role;
    }
    line["grants"].push_back(std::move(item));
  }
  if (allowed) line["effective"] = *allowed;
  io_.out << one_line(line) << '\n';
}

}  // namespace acefs::tool::getace
