// SPDX-License-Identifier: MIT
// DESIGN section 5, the rows about names, modes and owners.
#include "model_rules.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>

#include "../support/as_user.hpp"

namespace acefs::test::model {

namespace {

std::string names_of(const std::set<int>& errors) {
  std::string all;
  for (const int error : errors) all += (all.empty() ? "" : " or ") + errno_name(error);
  return all;
}

Chain joined(Chain chain, const Node& last) {
  chain.push_back(&last);
  return chain;
}

Verdict refused(int error) { return {{error}, {}}; }

/// The tree as one user meets it.
struct Seen {
  const Tree& tree;
  const User& who;
  Time now;

  Chain parents(const Place& place) const { return tree.chain(place.dirs); }
  Chain all(const Place& place) const { return joined(parents(place), tree.node(*place.node)); }
  bool comes_to(const Place& place) const { return passes(parents(place), who, now); }
  Letters at(const Chain& chain) const { return effective(chain, who, now); }
  bool owns(const Chain& chain) const { return who.is_root() || chain.back()->uid == who.uid; }

  /// What keeps him from the last name of the path, other than its absence. The kernel may know that there is nothing to get at.
  Verdict way(const Place& place) const {
    if (place.error != 0 && place.node && S_ISLNK(tree.node(*place.node).mode)) return {{ENOENT, ENOTDIR, EACCES}, {}};
    if (!comes_to(place)) return {{EACCES}, place.error == ENOTDIR ? std::set{ENOTDIR} : std::set<int>{}};
    return place.error != 0 ? refused(place.error) : Verdict{};
  }

  /// `rule` for a node that is there: one of its names is enough. Where he could not come by the name that he uses, the kernel may know it
  /// all the same.
  Verdict on_node(const Place& place, const std::function<Verdict(const Chain&)>& rule) const {
    Verdict allowed;
    Verdict not_allowed;
    bool any_allows = false;
    for (const Tree::Way& to : tree.ways_to(*place.node)) {
      const Chain chain = tree.chain(to.ids);
      if (!passes(Chain(chain.begin(), chain.end() - 1), who, now)) continue;
      const Verdict one = rule(chain);
      any_allows |= one.allows();
      Verdict& sum = one.allows() ? allowed : not_allowed;
      sum.refused.insert(one.refused.begin(), one.refused.end());
      sum.perhaps.insert(one.perhaps.begin(), one.perhaps.end());
    }
    Verdict verdict = any_allows ? allowed : not_allowed;
    if (!any_allows && verdict.refused.empty()) return refused(EACCES);
    if (!comes_to(place)) verdict.perhaps.insert(EACCES);
    return verdict;
  }

  /// The last name must not be taken, and the directory give the letter.
  Verdict make(const Place& place, std::string_view letter) const {
    if (place.dirs.empty() || (place.error == 0 && place.node)) {
      return {{EEXIST}, place.dirs.empty() || comes_to(place) ? std::set<int>{} : std::set{EACCES}};
    }
    if (const Verdict v = way(place); !v.allows()) return v;
    return has(at(parents(place)), letter) ? Verdict{} : refused(EACCES);
  }

  Verdict remove(const Place& place) const {
    if (place.dirs.empty()) return {{EBUSY, ENOTEMPTY, EACCES, EINVAL}, {}};
    if (const Verdict v = way(place); !v.allows()) return v;
    if (!place.node) return refused(ENOENT);
    if (const int error = may_remove(parents(place), all(place), who, now)) return refused(error);
    return tree.node(*place.node).children.empty() ? Verdict{} : refused(ENOTEMPTY);
  }

  /// Whether a directory of his is on the new way, and nothing of his on this one: then he could give himself there what he lacks.
  bool would_own(const Chain& here, const Chain& new_parent) const {
    const auto his = [&](const Node* node) { return node->uid == who.uid; };
    return std::any_of(new_parent.begin(), new_parent.end(), his) && std::none_of(here.begin(), here.end(), his);
  }
  /// Every letter, and by ACEs on everything below a directory. x on a file that nobody can execute is nothing that he lacks.
  bool has_everything(const Chain& here) const {
    const Node& node = *here.back();
    const Letters useless = node.is_dir() || (node.mode & 0111) != 0 ? 0 : letters("x");
    if ((at(here) | useless) != kAll) return false;
    const Imagined imagined(who);
    return !node.is_dir() || std::all_of(imagined.all().begin(), imagined.all().end(), [&](const Imagined::One& one) {
      Node unknown{one.node->mode & S_IFMT};
      const Imagined::One bare{one.levels, &unknown};
      return given(imagined.below(here, bare), who, now) == kAll;
    });
  }

  /// Whether the node would give the user, there, anything that it does not give him here; or something below it would.
  bool would_gain(const Chain& here, const Chain& new_parent) const {
    if (who.is_root()) return false;
    const Chain there = joined(new_parent, *here.back());
    if ((at(there) & ~at(here)) != 0) return true;
    if (would_own(here, new_parent) && !has_everything(here)) return true;
    if (!here.back()->is_dir()) return false;
    const Imagined imagined(who);
    return std::any_of(imagined.all().begin(), imagined.all().end(), [&](const Imagined::One& one) {
      return (at(imagined.below(there, one)) & ~at(imagined.below(here, one))) != 0;
    });
  }

  /// What one of the two nodes of a rename needs to come from `from` to `to`.
  void move(const Place& from, const Place& to, std::set<int>& errors) const {
    const Node& node = tree.node(*from.node);
    if (const int error = may_remove(parents(from), all(from), who, now)) errors.insert(error);
    if (!has(at(parents(to)), node.is_dir() ? "a" : "w")) errors.insert(EACCES);
    if (from.dirs.back() != to.dirs.back() && node.is_dir() && !has(at(all(from)), "w")) errors.insert(EACCES);
  }

  bool lies_within(int id, const Place& place) const { return std::find(place.dirs.begin(), place.dirs.end(), id) != place.dirs.end(); }

  /// What the kernel says of the two names by itself.
  std::set<int> misfit(const Place& from, const Place& to, bool exchange) const {
    const Node& source = tree.node(*from.node);
    std::set<int> errors;
    if (lies_within(*from.node, to)) errors.insert(EINVAL);
    if (!to.node) return errors;
    if (lies_within(*to.node, from)) errors.insert(exchange ? EINVAL : ENOTEMPTY);
    const bool directory = tree.node(*to.node).is_dir();
    if (!exchange && source.is_dir() != directory) errors.insert(directory ? EISDIR : ENOTDIR);
    return errors;
  }

  Verdict rename(const Place& from, const Place& to, bool exchange) const {
    if (from.dirs.empty() || to.dirs.empty()) return {{EBUSY, EINVAL, ENOTEMPTY, EACCES, ENOENT, ENOTDIR}, {}};
    Verdict verdict = way(from);
    const Verdict other = way(to);
    verdict.refused.insert(other.refused.begin(), other.refused.end());
    verdict.perhaps.insert(other.perhaps.begin(), other.perhaps.end());
    const bool known = from.error == 0 && to.error == 0 && from.node && (to.node || !exchange);
    if (!known) {
      if (verdict.allows()) verdict.refused.insert(ENOENT);
      verdict.perhaps.insert(ENOENT);  // one of the two, where the other one is out of reach
      return verdict;
    }
    // Two names of one node: nothing is to be done, and the kernel knows it.
    if (to.node == from.node) return {{}, {EACCES, EPERM, EXDEV}};
    const std::set<int> unfit = misfit(from, to, exchange);
    verdict.refused.insert(unfit.begin(), unfit.end());
    move(from, to, verdict.refused);
    if (exchange) {
      move(to, from, verdict.refused);
    } else if (to.node) {
      if (const int error = may_remove(parents(to), all(to), who, now)) verdict.refused.insert(error);
    }
    if (!verdict.allows()) return verdict;
    const bool same_parent = from.dirs.back() == to.dirs.back();
    const bool gains = would_gain(all(from), parents(to)) || (exchange && would_gain(all(to), parents(from)));
    if (!same_parent && gains) return refused(EXDEV);
    if (!exchange && to.node && !tree.node(*to.node).children.empty()) verdict.refused.insert(ENOTEMPTY);
    return verdict;
  }

  /// For what is done to a node by its path. A symlink of the tests leads nowhere.
  Verdict by_path(const Place& place, bool follows, const std::function<Verdict(const Chain&)>& rule) const {
    if (place.error != 0) return way(place);
    if (!place.node) return comes_to(place) ? refused(ENOENT) : refused(EACCES);
    if (follows && S_ISLNK(tree.node(*place.node).mode)) return {{ENOENT, EACCES}, {}};
    return on_node(place, rule);
  }

  Verdict link(const Place& from, const Place& to) const {
    const Verdict made = make(to, "w");
    const bool directory = from.error == 0 && from.node && tree.node(*from.node).is_dir();  // which the kernel says by itself
    if (directory) return {{EPERM, EACCES, ENOENT, ENOTDIR, EEXIST}, {}};
    Verdict verdict = by_path(from, false, [&](const Chain& chain) -> Verdict {
      // fs.protected_hardlinks: what is no regular file is linked by its owner only.
      if (!owns(chain) && (!S_ISREG(chain.back()->mode) || !has(at(chain), "w"))) return refused(EPERM);
      if (to.error != 0) return {};
      return would_gain(chain, parents(to)) ? refused(EXDEV) : Verdict{};
    });
    // The kernel asks for that by itself, before acefs says that the way to a name that it keeps is closed.
    const bool foreign_symlink = from.error == 0 && from.node && S_ISLNK(tree.node(*from.node).mode) && tree.node(*from.node).uid != who.uid;
    if (foreign_symlink && !who.is_root()) verdict.perhaps.insert(EPERM);
    if (!made.allows() && verdict.refused == std::set{EXDEV}) verdict.refused.clear();  // asked last
    verdict.refused.insert(made.refused.begin(), made.refused.end());
    verdict.perhaps.insert(made.perhaps.begin(), made.perhaps.end());
    return verdict;
  }

  /// For ACEs. A symlink can have none, which the kernel says by itself.
  Verdict by_path_of_grants(const Place& place, const std::function<Verdict(const Chain&)>& rule) const {
    const bool symlink = place.error == 0 && place.node && !tree.node(*place.node).has_acl();
    if (symlink) return {{EPERM}, comes_to(place) ? std::set<int>{} : std::set{EACCES}};
    return by_path(place, false, rule);
  }

  Verdict chmod(const Chain& chain) const { return owns(chain) || has(at(chain), "C") ? Verdict{} : refused(EPERM); }
  Verdict chown(const Chain& chain, const Step& step) const {
    const bool own_group = owns(chain) && (step.gid == chain.back()->gid || who.in_group(step.gid));
    if (who.is_root() || (own_group && step.uid == chain.back()->uid)) return {};
    // Before chown(2) the kernel asks for the mode, to see whether there is setuid to be cleared.
    return {{EPERM}, has(at(chain), "t") ? std::set<int>{} : std::set{EACCES}};
  }
};

}  // namespace

bool Verdict::accepts(int error) const {
  if (perhaps.contains(error)) return true;
  return error == 0 ? refused.empty() : refused.contains(error);
}

std::string Verdict::text() const {
  return (refused.empty() ? "0" : names_of(refused)) + (perhaps.empty() ? "" : ", perhaps " + names_of(perhaps));
}

int may_remove(const Chain& parent, const Chain& child, const User& who, Time now) {
  if (has(effective(child, who, now), "d")) return 0;
  if (!has(effective(parent, who, now), "D")) return EACCES;
  const bool sticky = (parent.back()->mode & S_ISVTX) != 0;
  return sticky && parent.back()->uid != who.uid && child.back()->uid != who.uid ? EPERM : 0;
}

Verdict predict(const Tree& tree, const Step& step, const User& who, Time now) {
  const Seen seen{tree, who, now};
  const Place place = tree.find(step.path);
  switch (step.what) {
    case Do::MakeFile:
    case Do::MakeSymlink:
      return seen.make(place, "w");
    case Do::MakeDir:
      return seen.make(place, "a");
    case Do::Remove:
      return seen.remove(place);
    case Do::Rename:
    case Do::Exchange:
      return seen.rename(place, tree.find(step.other), step.what == Do::Exchange);
    case Do::Link:
      return seen.link(place, tree.find(step.other));
    case Do::Chmod:
      return seen.by_path(place, true, [&](const Chain& chain) { return seen.chmod(chain); });
    case Do::Chown:
      return seen.by_path(place, false, [&](const Chain& chain) { return seen.chown(chain, step); });
    case Do::SetAce:
      return seen.by_path_of_grants(place, [&](const Chain& chain) { return may_set_ace(chain, step, who, now); });
    case Do::RemoveAce:
      return seen.by_path_of_grants(place, [&](const Chain& chain) { return may_remove_ace(chain, step.key, who, now); });
    case Do::Wait:
      break;
  }
  return {};
}

void apply(Tree& tree, const Step& step, const User& who) {
  const Place place = tree.find(step.path);
  const auto add = [&](mode_t kind) { tree.add({kind | step.mode, who.uid, who.gid}, place.dirs.back(), place.name); };
  switch (step.what) {
    case Do::MakeFile:
      return add(S_IFREG);
    case Do::MakeDir:
      return add(S_IFDIR);
    case Do::MakeSymlink:
      return add(S_IFLNK);
    case Do::Remove:
      return tree.unlink(place.dirs.back(), place.name);
    case Do::Rename:
    case Do::Exchange: {
      const Place other = tree.find(step.other);
      if (other.node == place.node) return;
      if (step.what == Do::Exchange) {
        tree.link(*other.node, place.dirs.back(), place.name);
        tree.link(*place.node, other.dirs.back(), other.name);
        return;
      }
      if (other.node) tree.unlink(other.dirs.back(), other.name);
      tree.link(*place.node, other.dirs.back(), other.name);
      return tree.unlink(place.dirs.back(), place.name);
    }
    case Do::Link: {
      const Place other = tree.find(step.other);
      return tree.link(*place.node, other.dirs.back(), other.name);
    }
    case Do::Chmod: {
      Node& node = tree.node(*place.node);
      node.mode = (node.mode & S_IFMT) | step.mode;
      return;
    }
    case Do::Chown:
      tree.node(*place.node).uid = step.uid;
      tree.node(*place.node).gid = step.gid;
      return;
    case Do::SetAce:
      tree.node(*place.node).acl[step.key] = step.ace;
      return;
    case Do::RemoveAce:
      tree.node(*place.node).acl.erase(step.key);
      return;
    case Do::Wait:
      return;
  }
}

Imagined::Imagined(const User& who) : between_{S_IFDIR} {
  constexpr uid_t kStranger = 4'000'000;
  for (const mode_t kind : {S_IFREG, S_IFDIR}) {
    for (const mode_t mode : {0, 0001, 0100, 0777}) {
      for (const uid_t uid : {who.uid, kStranger}) {
        for (const gid_t gid : {who.gid, kStranger}) {
          Node node{kind | mode, uid, gid};
          nodes_.push_back(node);
          node.acl[{'A', "o:EVERYONE@"}] = {.permissions = std::string(kAlphabet)};
          nodes_.push_back(node);
        }
      }
    }
  }
  for (const Node& node : nodes_) {
    for (const std::size_t levels : {1, 2}) all_.push_back({levels, &node});
  }
}

Chain Imagined::below(Chain directory, const One& one) const {
  if (one.levels == 2) directory.push_back(&between_);
  return joined(std::move(directory), *one.node);
}

}  // namespace acefs::test::model
