// SPDX-License-Identifier: MIT
#include "model_steps.hpp"

#include <array>
#include <cstdio>

#include "../support/grants.hpp"

namespace acefs::test::model {
namespace {

constexpr uid_t kDave = 20004;

constexpr mode_t kDirModes[] = {0777, 0755, 0755, 0711, 0750, 0700, 0770, 0733, 01777, 0555, 0};
constexpr mode_t kFileModes[] = {0666, 0644, 0755, 0600, 0660, 0640, 0444, 0711, 0066, 0};
constexpr const char* kLetters[] = {"r",   "x",    "rx", "rwx", "rwxaD", "rwxatdDTnNcCoO", "rwxatdDTnNcCoO", "w",    "a",   "d",
                                    "D",   "wxD",  "xt", "t",   "waxD",  "C",              "Cx",             "o",    "O",   "xCoO",
                                    "rwC", "nN",   "cn", "T",   "rwxCo", "rwxaDdC",        "rz",             "z",    "y",   "rwq",
                                    "rwaxdDtTnNcCoOyuUPvVq"};
constexpr const char* kFlags[] = {"", "", "", "", "fd", "f", "d", "n", "fi", "di", "fdi", "fn", "dn", "fdn", "fdni", "ni"};
constexpr const char* kWho[] = {"u:20001", "u:20002", "u:20003", "u:20004", "g:30001",     "g:30001",
                                "g:30002", "g:20001", "u:20002", "o:OWNER@", "o:GROUP@", "o:EVERYONE@"};
constexpr const char* kNames[] = {"a", "b", "c", "d", "e"};
constexpr uid_t kOwners[] = {0, kAlice, kAlice, kBob, kCarol, kDave};
constexpr gid_t kGroups[] = {0, kStaff, kStaff, kGuests, kAlice};

std::string path_in(const std::string& directory, const std::string& name) { return directory == "." ? name : directory + "/" + name; }

std::string octal(mode_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

std::string ace_text(const Step& step) {
  const std::string key = step.key.kind == 'A' ? step.key.who : std::string(1, step.key.kind) + ":" + step.key.who;
  if (step.what == Do::RemoveAce) return key;
  if (!step.ace.malformed.empty()) return key + " malformed";
  constexpr const char* kLives[] = {"", " that has ended", " that ends soon", " that ends in an hour"};
  return key + " type " + step.ace.type + " flags '" + step.ace.flags + "' letters '" + step.ace.permissions + "'" +
         kLives[static_cast<std::size_t>(step.life)];
}

}  // namespace

std::string text_of(const Step& step, const User& who) {
  const std::string by = who.name + (step.behind ? " behind the mount: " : ": ");
  switch (step.what) {
    case Do::MakeFile:
      return by + "make file " + step.path + " " + octal(step.mode);
    case Do::MakeDir:
      return by + "make directory " + step.path + " " + octal(step.mode);
    case Do::MakeSymlink:
      return by + "make symlink " + step.path;
    case Do::Rename:
      return by + "rename " + step.path + " to " + step.other;
    case Do::Exchange:
      return by + "exchange " + step.path + " and " + step.other;
    case Do::Link:
      return by + "link " + step.path + " as " + step.other;
    case Do::Remove:
      return by + "remove " + step.path;
    case Do::Chmod:
      return by + "chmod " + octal(step.mode) + " " + step.path;
    case Do::Chown:
      return by + "chown " + std::to_string(step.uid) + ":" + std::to_string(step.gid) + " " + step.path;
    case Do::SetAce:
      return by + "set on " + step.path + " the ACE " + ace_text(step);
    case Do::RemoveAce:
      return by + "remove from " + step.path + " the ACE " + ace_text(step);
    case Do::Wait:
      return "wait for what ends soon";
  }
  return by;
}

const std::vector<User>& users() {
  static const std::vector<User> all = {{"root", 0, 0, {}},
                                        {"alice", kAlice, kAlice, {kStaff}},
                                        {"bob", kBob, kStaff, {kGuests}},
                                        {"carol", kCarol, kCarol, {kGuests}},
                                        {"dave", kDave, kDave, {}}};
  return all;
}

std::string Steps::new_path(const Tree& tree, std::size_t max_depth) {
  std::vector<std::string> directories;
  for (const Tree::Way& way : tree.ways()) {
    if (tree.node(way.ids.back()).is_dir() && way.ids.size() <= max_depth) directories.push_back(way.path);
  }
  return path_in(pick(directories), pick(kNames));
}

void Steps::draw_ace(Step& step) {
  step.key = {'A', pick(kWho)};
  step.ace = {.flags = pick(kFlags), .permissions = pick(kLetters)};
  const unsigned die = below(20);
  if (die < 4) {
    step.key.kind = 'D';
  } else if (die == 4) {
    step.key.kind = below(2) == 0 ? 'U' : 'L';
  } else if (die == 5) {
    step.ace.permissions.clear();  // the full denial
  } else if (die == 6) {
    step.ace.type = "D";  // the same, whatever its letters
  }
  if (step.key.kind != 'A') step.ace.type = std::string(1, step.key.kind);
  if (step.key.kind == 'U' || step.key.kind == 'L') step.ace.flags += "SF";
  if (step.key.who.starts_with("g:")) step.ace.flags += "g";
  const unsigned life = below(400);
  step.life = life == 0 ? Life::Soon : life < 20 ? Life::Past : life < 40 ? Life::Far : Life::Forever;
  if (below(40) == 0) {
    const std::string start(1, '\0');
    // The class and the flag g disagree; where there is no class, a quote is not closed.
    const std::string flags = step.key.who.starts_with("o:") ? "\"" : step.key.who.starts_with("u:") ? "g" : "";
    const std::string values[] = {"empty", "\x05", start + "t=A:f:p=r:c=:e=0\n", start + "t=A:f=:p=r:c=:e=soon\n",
                                  start + "t=" + step.ace.type + ":f=" + flags + ":p=rwx:c=:e=0\n"};
    step.ace = {.malformed = pick(values)};
    step.life = Life::Forever;
  }
}

Step Steps::by_somebody() {
  const unsigned die = below(20);
  if (die < 4) return {.behind = true};
  return {.who = die == 4 ? 0 : 1 + static_cast<int>(below(4))};
}

Step Steps::ace_step(const Tree& tree, Step step, const Tree::Way& way) {
  // All of them together must stay where the filesystem has room for attributes: side files are another matter.
  constexpr std::size_t kMostAces = 7;
  const Node& node = tree.node(way.ids.back());
  step.path = way.path;
  if (!node.acl.empty() && (node.acl.size() >= kMostAces || below(3) == 0)) {
    auto ace = node.acl.begin();
    std::advance(ace, below(static_cast<unsigned>(node.acl.size())));
    step.what = Do::RemoveAce;
    step.key = ace->first;
    if (below(2) == 0) return step;
    const Key key = step.key;
    draw_ace(step);
    if (step.key.kind != key.kind || step.key.who.substr(0, 2) != key.who.substr(0, 2) || !step.ace.malformed.empty()) {
      // As it was, but for the letters or the flags.
      step.ace = ace->second.malformed.empty() ? ace->second : Ace{.permissions = "r"};
      (below(2) == 0 ? step.ace.permissions : step.ace.flags) = below(2) == 0 ? "" : "d";
      if (key.who.starts_with("g:") && step.ace.flags.find('g') == std::string::npos) step.ace.flags += "g";
      step.life = Life::Forever;
    }
    step.key = key;
    if (key.kind != 'A') step.ace.type = std::string(1, key.kind);
    step.what = Do::SetAce;
    return step;
  }
  step.what = Do::SetAce;
  draw_ace(step);
  return step;
}

Step Steps::make_step(const Tree& tree, Step step) {
  const unsigned die = below(10);
  step.what = die < 5 ? Do::MakeFile : die < 9 ? Do::MakeDir : Do::MakeSymlink;
  step.mode = step.what == Do::MakeFile ? pick(kFileModes) : step.what == Do::MakeDir ? pick(kDirModes) : 0777;
  step.path = new_path(tree, 4);
  return step;
}

Step Steps::move_step(const Tree& tree, Step step, const std::vector<Tree::Way>& ways) {
  step.path = pick(ways).path;
  const unsigned die = below(10);
  step.what = die < 6 ? Do::Rename : die < 8 ? Do::Exchange : Do::Link;
  const bool to_what_is_there = step.what == Do::Exchange || below(4) == 0;
  step.other = to_what_is_there ? pick(ways).path : new_path(tree, 4);
  return step;
}

Step Steps::any(const Tree& tree) {
  constexpr std::size_t kMostNodes = 13;
  const std::vector<Tree::Way> ways = tree.ways();
  Step step = by_somebody();
  const Tree::Way& way = pick(ways);
  const unsigned die = below(100);
  if (die < 38) return ace_step(tree, step, way);
  if (die < 62) return move_step(tree, step, ways);
  if (die < 74) {
    step.what = Do::Chmod;
    step.path = way.path;
    step.mode = tree.node(way.ids.back()).is_dir() ? pick(kDirModes) : pick(kFileModes);
    return step;
  }
  if (die < 80) {
    step.what = Do::Chown;
    step.path = way.path;
    const Node& node = tree.node(way.ids.back());
    step.uid = step.who == 0 || below(4) == 0 ? pick(kOwners) : node.uid;
    step.gid = pick(kGroups);
    return step;
  }
  const bool full = ways.size() > kMostNodes;
  if (full || (die < 88 && ways.size() > 6)) {
    step.what = Do::Remove;
    step.path = way.path;
    return step;
  }
  return make_step(tree, step);
}

Step Steps::next(const Tree& tree) {
  const Time now = clock_now();
  if (const Time next = tree.next_expiry(now); next != 0 && next < now + kSoon && below(4) == 0) return {.what = Do::Wait};
  Step step = any(tree);
  const auto does_something = [&] {
    const Verdict verdict = predict(tree, step, users()[static_cast<std::size_t>(step.who)], now);
    return verdict.allows() && step.path != step.other;
  };
  for (int tries = 0; tries < 6 && below(4) != 0 && !does_something(); ++tries) step = any(tree);
  return step;
}

std::vector<Step> Steps::a_tree() {
  Tree tree;
  std::vector<Step> steps = {{.what = Do::Chmod, .behind = true, .path = ".", .mode = below(4) == 0 ? 0755U : 0777U}};
  const auto take = [&](Step step) {
    const User& root = users().front();
    if (!predict(tree, step, root, clock_now()).allows()) return;
    apply(tree, step, root);
    steps.push_back(std::move(step));
  };
  for (unsigned more = 7 + below(5); more > 0; --more) {
    take(make_step(tree, {.behind = true}));
    if (below(3) != 0) take({.what = Do::Chown, .behind = true, .path = steps.back().path, .uid = pick(kOwners), .gid = pick(kGroups)});
  }
  const std::vector<Tree::Way> ways = tree.ways();
  for (unsigned more = below(8); more > 0; --more) {
    Step step{.what = Do::SetAce, .behind = true, .path = pick(ways).path};
    draw_ace(step);
    take(step);
  }
  return steps;
}

}  // namespace acefs::test::model
