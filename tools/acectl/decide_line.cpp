// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <deque>
#include <string_view>

#include "acefs/acl/decide.hpp"
#include "acefs/backing/grants.hpp"
#include "common/quoting.hpp"
#include "json_fields.hpp"
#include "json_lines.hpp"

namespace acefs::tool::acectl {

namespace {

/// No segment may be owned by this one, so who has no uid owns nothing, and he is not root.
constexpr std::uint32_t kNoId = UINT32_MAX;

const Json& list_of(const Json& object, const char* name) {
  static const Json empty = Json::array();
  const Json& list = optional_member(object, name);
  if (list.is_null()) return empty;
  if (!list.is_array()) throw BadLine(std::string("expected a list in \"") + name + '"');
  return list;
}

/// {"uid","gid","users":[ids],"groups":[ids],"gids":[…]}: each id, and each number, is a principal.
acl::Identity identity_of(const Json& json, acl::PrincipalTable& principals) {
  acl::Identity who;
  who.uid = who.gid = kNoId;
  const auto add = [&](const std::string& principal) { who.principals.push_back(principals.intern(principal)); };
  const auto add_group = [&](gid_t gid) {
    who.groups.push_back(gid);
    add("g:" + std::to_string(gid));
  };
  if (!json.is_null()) {
    if (const Json& uid = optional_member(json, "uid"); !uid.is_null()) {
      who.uid = id_of(uid, "uid");
      add("u:" + std::to_string(who.uid));
    }
    if (const Json& gid = optional_member(json, "gid"); !gid.is_null()) {
      who.gid = id_of(gid, "gid");
      add_group(who.gid);
    }
    for (const Json& id : list_of(json, "users")) add("u:" + string_of(id, "users"));
    for (const Json& id : list_of(json, "groups")) add("g:" + string_of(id, "groups"));
    for (const Json& gid : list_of(json, "gids")) add_group(id_of(gid, "gids"));
  }
  const auto sort_unique = [](auto& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  };
  sort_unique(who.groups);
  sort_unique(who.principals);
  return who;
}

mode_t mode_of(const Json& value) {
  const std::string text = string_of(value, "mode");
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size()) throw BadLine("expected octal digits in \"mode\"");
  return mode & 07777;
}

bool is_directory(const Json& segment) {
  const std::string type = string_of(member(segment, "type"), "type");
  if (type != "dir" && type != "file") throw BadLine("expected \"dir\" or \"file\" in \"type\"");
  return type == "dir";
}

acl::Acl acl_of(const Json& segment, const std::string& prefix, bool directory, acl::PrincipalTable& principals) {
  std::vector<acl::Grant> grants;
  const Json& xattrs = optional_member(segment, "xattrs");
  if (!xattrs.is_null() && !xattrs.is_object()) throw BadLine("expected an object in \"xattrs\"");
  for (const auto& [name, value] : xattrs.items()) {
    if (!name.starts_with(prefix)) continue;
    const std::string bytes = bytes_of(value, "xattrs");
    if (auto key = acl::parse_key(std::string_view(name).substr(prefix.size())))
      grants.push_back(acl::Grant::read(*std::move(key), bytes));
  }
  return {std::move(grants), directory, principals};
}

/// The ACLs stay where they are while the segments point to them.
struct ParsedChain {
  std::deque<acl::Acl> acls;
  std::vector<acl::Segment> segments;
};

ParsedChain chain_of(const Json& line, const std::string& prefix, acl::PrincipalTable& principals) {
  ParsedChain chain;
  const Json& segments = list_of(line, "segments");
  if (segments.empty()) throw BadLine("\"segments\" is missing or empty");
  for (const Json& json : segments) {
    acl::Segment segment;
    segment.is_directory = is_directory(json);
    segment.mode = mode_of(member(json, "mode"));
    segment.uid = id_of(member(json, "uid"), "uid");
    segment.gid = id_of(member(json, "gid"), "gid");
    segment.acl = &chain.acls.emplace_back(acl_of(json, prefix, segment.is_directory, principals));
    if (!chain.segments.empty() && !chain.segments.back().is_directory)
      throw BadLine("only the last of \"segments\" can be a file");
    chain.segments.push_back(segment);
  }
  return chain;
}

/// One of two words; `first` when absent.
bool is_first(const Json& options, const char* name, const std::string& first, const std::string& second) {
  const std::string word = string_or(options, name, first);
  if (word != first && word != second)
    throw BadLine("expected \"" + first + "\" or \"" + second + "\" in \"" + name + '"');
  return word == first;
}

acl::Profile profile_of(const Json& options) {
  acl::Profile profile;
  if (options.is_null()) return profile;
  profile.mode_gives_base = is_first(options, "base", "mode", "none");
  profile.traverse_is_strict = is_first(options, "traverse", "strict", "bypass");
  profile.root_has_all = is_first(options, "root", "bypass", "squash");
  return profile;
}

acl::AccessMask need_of(const Json& line) {
  const std::string letters = string_of(member(line, "need"), "need");
  for (const char letter : letters)
    if (!acl::perm_of(letter)) throw BadLine(std::string("unknown permission '") + letter + "' in \"need\"");
  return acl::mask_of(letters);
}

Json json_of(const acl::Reason& reason, const ParsedChain& chain) {
  Json json = {{"kind", name_of(reason.kind)}, {"segment", reason.segment}, {"letters", acl::letters_of(reason.letters)}};
  if (reason.grant) {
    const std::string key = acl::format_key(chain.acls[reason.grant_segment].grants()[*reason.grant].key);
    json["ace_segment"] = reason.grant_segment;
    json["ace_key"] = key;
    json["ace_key_hex"] = to_hex(key);
  }
  return json;
}

}  // namespace

Json decide_line(const Json& line) {
  acl::PrincipalTable principals;
  const Json& options = optional_member(line, "options");
  const std::string prefix = options.is_null() ? std::string(backing::kDefaultPrefix)
                                               : string_or(options, "prefix", std::string(backing::kDefaultPrefix));
  const acl::Identity who = identity_of(optional_member(line, "identity"), principals);
  const ParsedChain chain = chain_of(line, prefix, principals);
  const acl::Question question{need_of(line), integer_of(member(line, "now"), "now"), std::nullopt};
  const acl::Decision decision = acl::decide(chain.segments, who, question, profile_of(options));
  return {{"granted", decision.granted},
          {"effective", acl::letters_of(decision.effective)},
          {"reason", json_of(decision.reason, chain)}};
}

}  // namespace acefs::tool::acectl
