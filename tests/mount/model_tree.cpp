// SPDX-License-Identifier: MIT
#include "model_tree.hpp"

#include <time.h>

#include <algorithm>
#include <cerrno>

namespace acefs::test::model {

std::string text_of(Letters set) {
  std::string text;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    if ((set & (1U << i)) != 0) text += kAlphabet[i];
  }
  return text;
}

Time clock_now() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::string Key::attribute() const {
  const std::string prefix = "user.oc.grant.";
  return kind == 'A' ? prefix + who : prefix + kind + ":" + who;
}

std::string Ace::value() const {
  if (!malformed.empty()) return malformed == "empty" ? std::string() : malformed;
  return std::string(1, '\0') + "t=" + type + ":f=" + flags + ":p=" + permissions + ":c=model:e=" + std::to_string(expires) + "\n";
}

bool User::in_group(gid_t group) const { return gid == group || std::find(groups.begin(), groups.end(), group) != groups.end(); }

bool User::is(const std::string& who) const {
  if (who == "u:" + std::to_string(uid) || who == "g:" + std::to_string(gid)) return true;
  return std::any_of(groups.begin(), groups.end(), [&](gid_t group) { return who == "g:" + std::to_string(group); });
}

namespace {

bool names(const std::string& who, const Node& node, const User& user) {
  if (who == "o:OWNER@") return node.uid == user.uid;
  if (who == "o:GROUP@") return user.in_group(node.gid);
  return who == "o:EVERYONE@" || user.is(who);
}

bool has_flag(std::string_view flags, char flag) { return flags.find(flag) != std::string_view::npos; }

/// The base permissions of DESIGN, rule 3: the class that the user falls in, and t.
Letters by_mode(const Node& node, const User& who) {
  const mode_t bits = who.uid == node.uid ? node.mode >> 6 : who.in_group(node.gid) ? node.mode >> 3 : node.mode;
  Letters set = letters("t");
  if ((bits & 4) != 0) set |= letters("rtnc");
  if ((bits & 2) != 0) set |= letters(node.is_dir() ? "waDN" : "waN");
  if ((bits & 1) != 0) set |= letters("x");
  return set;
}

Effect sum_of(const Chain& chain, const User& who, Time now) {
  Effect sum;
  const Node& node = *chain.back();
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (const auto& [key, ace] : chain[i]->acl) {
      if (!names(key.who, node, who)) continue;
      const bool everywhere = !ace.malformed.empty() || !chain[i]->is_dir();
      if (!everywhere && !counts(ace.flags, chain.size() - 1 - i, node.is_dir())) continue;
      const Effect effect = effect_of(key, ace, now);
      sum.allow |= effect.allow;
      sum.deny |= effect.deny;
    }
  }
  return sum;
}

Letters without_useless_x(Letters set, const Node& node) {
  return node.is_dir() || (node.mode & 0111) != 0 ? set : set & ~letters("x");
}

}  // namespace

bool counts(std::string_view flags, std::size_t levels_below, bool on_directory) {
  if (levels_below == 0) return !has_flag(flags, 'i');
  const bool files = has_flag(flags, 'f');
  const bool directories = has_flag(flags, 'd');
  if (has_flag(flags, 'n')) return levels_below == 1 && (on_directory ? directories : files);
  if (files == directories) return true;
  return on_directory == directories;
}

Effect effect_of(const Key& key, const Ace& ace, Time now) {
  if (!ace.malformed.empty()) return {0, kAll};
  if (ace.expires != 0 && now > ace.expires) return {};
  const Letters set = letters(ace.permissions);
  if (key.kind == 'D') return {0, set};
  if (key.kind != 'A') return {};
  if (ace.type != "A" || set == 0) return {0, kAll};
  return {has(set, "r") ? set | letters("t") : set, 0};
}

Letters denied(const Chain& chain, const User& who, Time now) { return sum_of(chain, who, now).deny; }

Letters given(const Chain& chain, const User& who, Time now) {
  const Effect aces = sum_of(chain, who, now);
  return aces.allow & ~aces.deny;
}

Letters effective(const Chain& chain, const User& who, Time now) {
  const Node& node = *chain.back();
  if (who.is_root()) return without_useless_x(kAll, node);
  const Effect aces = sum_of(chain, who, now);
  Letters set = (by_mode(node, who) | aces.allow) & ~aces.deny;
  if (who.uid == node.uid) set |= letters("tTcCoO");
  return without_useless_x(set, node);
}

bool passes(const Chain& directories, const User& who, Time now) {
  for (std::size_t length = 1; length <= directories.size(); ++length) {
    const Chain prefix(directories.begin(), directories.begin() + static_cast<std::ptrdiff_t>(length));
    if (!has(effective(prefix, who, now), "x")) return false;
  }
  return true;
}

Place Tree::find(const std::string& path) const {
  Place place{.dirs = {kRoot}, .name = {}, .node = kRoot};
  if (path == ".") return {.dirs = {}, .name = {}, .node = kRoot};
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (begin != 0) {  // something is to come below what was found
      if (!place.node) {
        place.error = ENOENT;
        return place;
      }
      if (!node(*place.node).is_dir()) {
        place.error = ENOTDIR;
        return place;
      }
      place.dirs.push_back(*place.node);
    }
    place.name = path.substr(begin, end - begin);
    const auto& children = node(place.dirs.back()).children;
    const auto found = children.find(place.name);
    place.node = found == children.end() ? std::nullopt : std::optional(found->second);
    begin = end + 1;
  }
  return place;
}

int Tree::add(Node node, int parent, const std::string& name) {
  nodes_[next_] = std::move(node);
  link(next_, parent, name);
  return next_++;
}

void Tree::unlink(int parent, const std::string& name) {
  const int id = node(parent).children.at(name);
  node(parent).children.erase(name);
  if (ways_to(id).empty()) nodes_.erase(id);
}

std::vector<Tree::Way> Tree::ways() const {
  std::vector<Way> all = {{".", {kRoot}}};
  for (std::size_t i = 0; i < all.size(); ++i) {  // grows meanwhile
    for (const auto& [name, id] : node(all[i].ids.back()).children) {
      Way below{i == 0 ? name : all[i].path + "/" + name, all[i].ids};
      below.ids.push_back(id);
      all.push_back(std::move(below));
    }
  }
  return all;
}

std::vector<Tree::Way> Tree::ways_to(int id) const {
  std::vector<Way> found;
  for (Way& way : ways()) {
    if (way.ids.back() == id) found.push_back(std::move(way));
  }
  return found;
}

Chain Tree::chain(const std::vector<int>& ids) const {
  Chain chain;
  for (const int id : ids) chain.push_back(&node(id));
  return chain;
}

Time Tree::next_expiry(Time now) const {
  Time next = 0;
  for (const auto& [id, node] : nodes_) {
    for (const auto& [key, ace] : node.acl) {
      if (ace.expires > now && (next == 0 || ace.expires < next)) next = ace.expires;
    }
  }
  return next;
}

}  // namespace acefs::test::model
