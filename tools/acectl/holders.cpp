// SPDX-License-Identifier: MIT
#include "holders.hpp"

#include <algorithm>
#include <set>

#include "principal/facts.hpp"

namespace acefs::tool::acectl {

namespace {

/// No node belongs to this one.
constexpr std::uint32_t kNobody = UINT32_MAX;

acl::Identity nobody() {
  acl::Identity who;
  who.uid = who.gid = kNobody;
  return who;
}

class Collector {
 public:
  Collector(Settings& settings, acl::TimePoint now) : settings_(settings), now_(now) {}

  void add_user(uid_t uid, const std::string& remark) {
    if (!uids_.insert(uid).second) return;
    auto who = settings_.resolver().identity_of(uid, now_);
    const std::string account = settings_.accounts().user_name(uid).value_or(std::to_string(uid));
    found_.push_back({Holder::Kind::User, "u:" + account, remark, std::move(who)});
  }
  void add_token(const principal::TokenEntry& token) {
    auto who = settings_.resolver().identity_of(token.name, now_);
    if (!who || !uids_.insert(who->uid).second) return;
    found_.push_back({Holder::Kind::Token, "u:" + token.name, "account " + token.account, *std::move(who)});
  }
  void add_user_of(const std::string& principal) {
    if (const auto uid = settings_.resolver().number_of(principal)) add_user(*uid, "");
    else add_unknown(Holder::Kind::User, principal, "no such user");
  }

  void add_group(gid_t gid, const std::string& remark) {
    if (!gids_.insert(gid).second) return;
    acl::Identity who = nobody();
    who.groups = {gid};
    who.principals = principal::group_facts(gid, settings_.config(), settings_.accounts(), settings_.principals());
    const std::string name = settings_.accounts().group_name(gid).value_or(std::to_string(gid));
    found_.push_back({Holder::Kind::Group, "g:" + name, remark, std::move(who)});
  }
  void add_group_of(const std::string& principal) {
    if (const auto gid = settings_.resolver().number_of(principal)) return add_group(*gid, "");
    const principal::GroupEntry* section = section_of(principal);
    if (section == nullptr) return add_unknown(Holder::Kind::Group, principal, "no such group");
    const std::string name = "g:" + section->name;
    if (!unknown_.insert(name).second) return;
    acl::Identity who = nobody();
    who.principals.push_back(settings_.principals().intern(name));
    for (const std::string& id : section->ids) who.principals.push_back(settings_.principals().intern("g:" + id));
    principal::make_set(who.principals);
    found_.push_back({Holder::Kind::Group, name, "", std::move(who)});
  }
  void add_members_of(gid_t gid) { add_members_of("g:" + settings_.accounts().group_name(gid).value_or(std::to_string(gid))); }
  void add_members_of(const std::string& principal) {
    for (const std::string& member : names_of_members(principal)) {
      if (const auto uid = settings_.resolver().number_of("u:" + member)) add_user(*uid, "");
    }
  }
  void add_everyone() { found_.push_back({Holder::Kind::Everyone, "everyone@", "", nobody()}); }

  std::vector<Holder> sorted() && {
    std::stable_sort(found_.begin(), found_.end(), [](const Holder& a, const Holder& b) { return a.kind < b.kind; });
    return std::move(found_);
  }

 private:
  const principal::GroupEntry* section_of(const std::string& principal) const {
    const std::string id = principal.substr(2);
    const auto gid = settings_.resolver().number_of(principal);
    for (const auto& [name, section] : settings_.config().groups)
      if (name == id || std::find(section.ids.begin(), section.ids.end(), id) != section.ids.end() || (gid && section.gid == gid)) return &section;
    return nullptr;
  }

  std::set<std::string> names_of_members(const std::string& principal) {
    std::set<std::string> names;
    if (const auto* section = section_of(principal)) names.insert(section->members.begin(), section->members.end());
    const auto gid = settings_.resolver().number_of(principal);
    if (!gid) return names;
    for (std::string& member : settings_.accounts().members_of(*gid)) names.insert(std::move(member));
    return names;
  }

  /// Named by an ACE, and nobody has that name: the ACE counts for who gets it.
  void add_unknown(Holder::Kind kind, const std::string& principal, const char* remark) {
    if (!unknown_.insert(principal).second) return;
    acl::Identity who = nobody();
    who.principals.push_back(settings_.principals().intern(principal));
    found_.push_back({kind, principal, remark, std::move(who)});
  }

  Settings& settings_;
  acl::TimePoint now_;
  std::vector<Holder> found_;
  std::set<uid_t> uids_;
  std::set<gid_t> gids_;
  std::set<std::string> unknown_;
};

}  // namespace

std::vector<Holder> holders_of(const Chain& chain, Settings& settings, acl::TimePoint now, bool members) {
  Collector collector(settings, now);
  // First: their accounts are nothing else.
  for (const auto& [name, token] : settings.config().tokens) collector.add_token(token);
  collector.add_user(chain.last().st.st_uid, "owner");
  collector.add_group(chain.last().st.st_gid, "group of the file");
  if (members) collector.add_members_of(chain.last().st.st_gid);
  std::set<std::string> named;
  for (const ChainLink& link : chain.links())
    for (const acl::Grant& grant : link.acl.grants()) named.insert(grant.key.principal);
  for (const std::string& principal : named) {
    if (principal.size() <= 2) continue;
    if (principal.starts_with("u:") && !settings.config().tokens.contains(principal.substr(2))) collector.add_user_of(principal);
    if (principal.starts_with("g:")) collector.add_group_of(principal);
    if (principal.starts_with("g:") && members) collector.add_members_of(principal);
  }
  for (const auto& [name, section] : settings.config().users) {
    if (section.uid) collector.add_user(*section.uid, "");
    else if (const auto uid = settings.resolver().number_of("u:" + name)) collector.add_user(*uid, "");
  }
  collector.add_everyone();
  return std::move(collector).sorted();
}

}  // namespace acefs::tool::acectl
