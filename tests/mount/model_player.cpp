// SPDX-License-Identifier: MIT
#include "model_player.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/nodes.hpp"
#include "../support/thread_user.hpp"
#include "acefs/base/unique_fd.hpp"
#include "model_steps.hpp"

namespace acefs::test::model {
namespace {

/// While it lives, the calling thread is that user.
std::optional<ThreadUser> as(const User& who) {
  return who.is_root() ? std::nullopt : std::optional<ThreadUser>(std::in_place, who.uid, who.gid, who.groups);
}

void sleep_past(Time until) {
  const Time past = until + 5'000'000;
  const struct timespec when{past / kSecond, past % kSecond};
  while (::clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &when, nullptr) == EINTR) continue;
}

/// The errno of a call. ESTALE shows neither the old state nor the new one: the kernel does not always look again by itself. For ever is
/// wrong.
int asked_until_known(const std::function<long()>& call, long& stale) {
  constexpr int kTries = 100;
  for (int tries = 0;; ++tries, ++stale) {
    errno = 0;
    const int error = call() < 0 ? errno : 0;
    if (error != ESTALE || tries == kTries) return error;
  }
}

/// The names in a directory, sorted; nothing and errno when it cannot be listed. opendir(3) would ask for attributes as well.
std::optional<std::vector<std::string>> listed_by_r_alone(const char* path) {
  const UniqueFd fd(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::vector<std::string> names;
  alignas(dirent64) std::array<char, 4096> buffer{};
  ssize_t n = 0;
  while ((n = ::getdents64(fd.get(), buffer.data(), buffer.size())) > 0) {
    for (ssize_t at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      if (const std::string name = entry->d_name; name != "." && name != "..") names.push_back(name);
      at += entry->d_reclen;
    }
  }
  if (n < 0) return std::nullopt;
  std::sort(names.begin(), names.end());
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
  return all;
}

/// What one user has on a node by one of its names.
struct Sight {
  bool comes = false;  ///< every directory on the way gives x
  Letters has = 0;
};

std::function<bool(Letters)> gives(std::string_view needed) {
  return [needed](Letters have) { return has(have, needed); };
}

/// One user at one name of a node, and what he was told there.
struct Visit {
  const User& who;
  const Tree& tree;
  const Tree::Way& way;
  const std::vector<Sight>& sights;  ///< by all names of the node
  const Sight& sight;                ///< by this one
  std::string path;
  std::mt19937& random;
  bool thorough;
  std::string differs = {};
  long asked = 0;
  long stale = 0;

  bool turn(unsigned of) { return thorough || random() % of == 0; }

  const Node& node() const { return tree.node(way.ids.back()); }
  bool owns() const { return node().uid == who.uid; }

  /// Compares an answer. `enough`: of the letters that the user has. `found` is what a call says that gets through, `refused` what one says
  /// that does not get that far. Of several names one is enough.
  void expect(const char* what, const std::function<bool(Letters)>& enough, const std::function<long()>& call, int found = 0,
              int refused = EACCES) {
    const int error = asked_until_known(call, stale);
    ++asked;
    const bool may = std::any_of(sights.begin(), sights.end(), [&](const Sight& each) { return each.comes && enough(each.has); });
    const int wanted = may ? found : sight.comes ? refused : EACCES;
    if (error == wanted || !differs.empty()) return;
    // The kernel may know a name that the user could not come by, and the node have another one by which he may, or could be told more.
    if (!sight.comes && sights.size() > 1 && (error == EACCES || error == refused)) return;
    differs = who.name + ", " + what + " " + way.path + ": " + errno_name(error) + ", the model: " + errno_name(wanted) + " (has " +
              text_of(sight.has) + (sight.comes ? ")" : ", no way)");
  }
  void expect(const char* what, std::string_view needed, const std::function<long()>& call) {
    expect(what, gives(needed), call);
  }
};

void ask_for_content(Visit& visit) {
  const char* path = visit.path.c_str();
  const Node& node = visit.node();
  const auto opens = [path](int flags) { return [=] { return UniqueFd(::open(path, flags | O_NOFOLLOW | O_CLOEXEC)) ? 0 : -1; }; };
  if (node.is_dir()) {
    if (!visit.turn(2)) return;
    std::vector<std::string> expected;
    for (const auto& [name, id] : node.children) expected.push_back(name);
    std::vector<std::string> listed;
    bool shown = false;
    visit.expect("list", "r", [&] {
      const auto names = listed_by_r_alone(path);
      if (names) listed = *names;
      return (shown = names.has_value()) ? 0 : -1;
    });
    if (shown && listed != expected && visit.differs.empty())
      visit.differs = visit.who.name + ", list " + visit.way.path + ": '" + joined(listed) + "', the model: '" + joined(expected) + "'";
    return;
  }
  if (!S_ISREG(node.mode)) return;
  if (visit.turn(2)) visit.expect("open for reading", "r", opens(O_RDONLY));
  if (visit.turn(2)) visit.expect("open for writing", "w", opens(O_WRONLY));
  if (visit.turn(4)) visit.expect("open for both", "rw", opens(O_RDWR));
  if (visit.turn(4)) visit.expect("open for appending", [](Letters have) { return has_any(have, "wa"); }, opens(O_WRONLY | O_APPEND));
  if (visit.turn(4)) visit.expect("truncate", gives("w"), [&] { return ::truncate(path, 0); });
}

void ask_for_attributes(Visit& visit) {
  const char* path = visit.path.c_str();
  const Node& node = visit.node();
  if (!node.has_acl()) {
    char target[16];
    visit.expect("readlink", "t", [&] { return ::readlink(path, target, sizeof target); });
    return;
  }
  const auto reads = [path](const char* name) { return [=] { return ::lgetxattr(path, name, nullptr, 0); }; };
  if (visit.turn(3)) visit.expect("read an attribute of", gives("n"), reads("user.none"), ENODATA);
  if (visit.turn(3)) {
    const bool sticky = node.is_dir() && (node.mode & S_ISVTX) != 0 && !visit.owns();
    const auto replace = [path] { return ::lsetxattr(path, "user.none", "", 0, XATTR_REPLACE); };
    visit.expect("replace an attribute of", gives("N"), replace, sticky ? EPERM : ENODATA);
  }
  if (visit.turn(3)) visit.expect("read a grant of", gives("c"), reads("user.oc.grant.u:77"), ENODATA);
  const bool owns = visit.owns();
  const struct timespec early[2] = {{1, 0}, {1, 0}};
  const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  const auto times = [path](const struct timespec* to) { return [=] { return ::utimensat(AT_FDCWD, path, to, 0); }; };
  const auto may_set_times = [&](Letters have) { return owns || has(have, "T"); };
  if (visit.turn(6)) visit.expect("set the times of", may_set_times, times(early), 0, EPERM);
  if (visit.turn(6))
    visit.expect("touch", [&](Letters have) { return owns || has_any(have, "Tw"); }, times(now));
}

void ask_everything(Visit& visit) {
  const char* path = visit.path.c_str();
  const bool directory = visit.node().is_dir();
  const auto access = [path](int mode) { return [=] { return ::syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW); }; };
  const auto to_write = [&](Letters have) { return has_any(have, directory ? "waD" : "w"); };
  struct stat st {};
  visit.expect("stat", "t", [&] { return ::lstat(path, &st); });
  if (visit.node().has_acl()) {  // of a symlink itself the kernel answers access(2) without asking
    visit.expect("access for reading", "r", access(R_OK));
    visit.expect("access for writing", to_write, access(W_OK));
    // Before it lets execute a regular file the kernel asks for its mode.
    const std::string_view to_execute = directory ? "x" : "xt";
    visit.expect("access for executing", to_execute, access(X_OK));
    const auto all = [&](Letters have) { return has(have, "r") && has(have, to_execute) && to_write(have); };
    if (visit.turn(8)) visit.expect("access for all", all, access(R_OK | W_OK | X_OK));
  }
  ask_for_content(visit);
  ask_for_attributes(visit);
}

}  // namespace

Player::Answers Player::compare_for(const User& who, Time now, unsigned seed) const {
  const std::vector<Tree::Way> ways = tree_.ways();
  std::map<int, std::vector<Sight>> by_node;
  std::vector<Sight> by_way;
  for (const Tree::Way& way : ways) {
    const Chain chain = tree_.chain(way.ids);
    by_way.push_back({passes(Chain(chain.begin(), chain.end() - 1), who, now), effective(chain, who, now)});
    by_node[way.ids.back()].push_back(by_way.back());
  }
  Answers answers;
  std::mt19937 random(seed);
  const auto user = as(who);
  for (std::size_t i = 0; i < ways.size() && answers.differs.empty(); ++i) {
    Visit visit{who, tree_, ways[i], by_node[ways[i].ids.back()], by_way[i], mount_.at(ways[i].path), random, thorough_};
    ask_everything(visit);
    // A directory that is not empty tells whether it may be removed, and stays.
    if (visit.node().is_dir() && !visit.node().children.empty() && i != 0 && visit.turn(3)) {
      const Chain chain = tree_.chain(ways[i].ids);
      const int error = may_remove(Chain(chain.begin(), chain.end() - 1), chain, who, now);
      visit.expect("remove", [&](Letters) { return error == 0; }, [&] { return ::rmdir(visit.path.c_str()); }, ENOTEMPTY, error);
    }
    answers.questions += visit.asked;
    answers.stale += visit.stale;
    answers.differs = visit.differs;
  }
  return answers;
}

std::string Player::compare_for_all(bool at_once, Time now) {
  std::vector<Answers> answers(users().size());
  std::vector<std::thread> asking;
  for (std::size_t i = 1; i < answers.size(); ++i) {  // all but root
    const auto drawn = static_cast<unsigned>(random_());
    const auto ask = [this, &answers, i, now, drawn] { answers[i] = compare_for(users()[i], now, drawn); };
    if (at_once) {
      asking.emplace_back(ask);
    } else {
      ask();
    }
  }
  for (std::thread& each : asking) each.join();
  std::string differs;
  for (const Answers& each : answers) {
    questions_ += each.questions;
    stale_ += each.stale;
    if (differs.empty()) differs = each.differs;
  }
  return differs;
}

std::string Player::compare_children(const Tree::Way& way) const {
  std::vector<std::string> expected;
  for (const auto& [name, id] : tree_.node(way.ids.back()).children) expected.push_back(name);
  const std::vector<std::string> there = names_in(mount_.real(way.path));
  return there == expected ? "" : "the backing has in " + way.path + " '" + joined(there) + "', the model: '" + joined(expected) + "'";
}

std::string Player::compare_structure() {
  std::map<int, ino_t> inodes;
  for (const Tree::Way& way : tree_.ways()) {
    const Node& node = tree_.node(way.ids.back());
    struct stat real {};
    struct stat seen {};
    if (::lstat(mount_.real(way.path).c_str(), &real) != 0) return "the backing has no " + way.path;
    if (real.st_mode != node.mode || real.st_uid != node.uid || real.st_gid != node.gid)
      return "the backing has another mode or owner of " + way.path;
    if (const auto [known, added] = inodes.emplace(way.ids.back(), real.st_ino); !added && known->second != real.st_ino)
      return way.path + " is no name of that file";
    if (::lstat(mount_.at(way.path).c_str(), &seen) != 0) return "root sees no " + way.path + ": " + errno_name(errno);
    if (seen.st_ino != real.st_ino || seen.st_mode != real.st_mode || seen.st_uid != real.st_uid || seen.st_gid != real.st_gid)
      return "root sees another node as " + way.path;
    if (!node.is_dir()) continue;
    if (std::string differs = compare_children(way); !differs.empty()) return differs;
  }
  return {};
}

std::string Player::compare(bool at_once) {
  // What ends meanwhile makes the answers neither right nor wrong: then they are asked for again.
  for (int tries = 0; tries < 10; ++tries) {
    const Time before = clock_now();
    const std::string differs = compare_for_all(at_once, before);
    const Time next = tree_.next_expiry(before);
    if (next == 0 || next > clock_now()) return differs.empty() ? compare_structure() : differs;
  }
  return "it cannot be said what to expect: ACEs end all the time";
}

int Player::perform_once(const Step& step, const std::string& at) const {
  const std::string path = at + "/" + step.path;
  const std::string other = at + "/" + step.other;
  switch (step.what) {
    case Do::MakeFile:
      return UniqueFd(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, step.mode)) ? 0 : -1;
    case Do::MakeDir:
      return ::mkdir(path.c_str(), step.mode);
    case Do::MakeSymlink:
      return ::symlink("nowhere", path.c_str());
    case Do::Rename:
      return ::rename(path.c_str(), other.c_str());
    case Do::Exchange:
      return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, path.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE));
    case Do::Link:
      return ::link(path.c_str(), other.c_str());
    case Do::Remove: {
      const Place place = tree_.find(step.path);
      return place.node && tree_.node(*place.node).is_dir() ? ::rmdir(path.c_str()) : ::unlink(path.c_str());
    }
    case Do::Chmod:
      return ::chmod(path.c_str(), step.mode);
    case Do::Chown:
      return ::lchown(path.c_str(), step.uid, step.gid);
    case Do::SetAce: {
      const std::string value = step.ace.value();
      return ::lsetxattr(path.c_str(), step.key.attribute().c_str(), value.data(), value.size(), 0);
    }
    case Do::RemoveAce:
      return ::lremovexattr(path.c_str(), step.key.attribute().c_str());
    case Do::Wait:
      return 0;
  }
  return -1;
}

int Player::perform(const Step& step, const User& who) {
  const auto user = as(who);
  return asked_until_known([&] { return perform_once(step, step.behind ? mount_.backing() : mount_.point()); }, stale_);
}

void Player::wait_for_expiry(bool all) {
  // A step and the questions after it take far less than this.
  constexpr Time kMargin = kSecond;
  for (;;) {
    const Time now = clock_now();
    const Time next = tree_.next_expiry(now);
    if (next == 0 || next > now + (all ? 2 * kSoon : kMargin)) return;
    sleep_past(next);
  }
}

// A file that somebody has open is, as acefs(8) says, judged by where it was when it is renamed behind the mount. The kernel tells of the
// last close some time after close(2).
void Player::wait_for_closed_handles() const {
  for (int tries = 0; tries < 100'000; ++tries) {
    const std::string status = "\n" + get_attribute(mount_.point(), "system.acefs.status") + "\n";
    if (status.find("\nopen_files=0\n") != std::string::npos && status.find("\nopen_directories=0\n") != std::string::npos) return;
    ::sched_yield();
  }
}

void Player::look_at_names(bool all) {
  struct stat st {};
  const std::vector<Tree::Way> ways = tree_.ways();
  std::map<int, int> names;
  for (const Tree::Way& way : ways) ++names[way.ids.back()];
  for (const Tree::Way& way : ways) {
    if (all || names[way.ids.back()] > 1) ::lstat(mount_.at(way.path).c_str(), &st);
  }
}

std::string Player::take(Step step) {
  const User& who = users()[static_cast<std::size_t>(step.who)];
  wait_for_expiry(step.what == Do::Wait);
  if (step.behind) wait_for_closed_handles();
  const Time now = clock_now();
  constexpr Time kHour = 3600 * kSecond;
  if (step.life == Life::Past) step.ace.expires = now - kHour;
  if (step.life == Life::Soon) step.ace.expires = now + kSoon;
  if (step.life == Life::Far) step.ace.expires = now + kHour;

  const Verdict verdict = predict(tree_, step, who, now);
  const int error = perform(step, who);
  if (!verdict.accepts(error)) return "it came to " + errno_name(error) + ", the model: " + verdict.text();
  std::string widened;
  if (error == 0) {
    const Tree before = tree_;
    apply(tree_, step, who);
    ++taken_;
    if (!step.behind) widened = widened_by(step, who, before, tree_, now);
  }
  // Who comes first by a name that was moved behind the mount is what coherence_stress is about.
  look_at_names(step.behind && (step.what == Do::Rename || step.what == Do::Exchange));
  // While a name that was moved behind the mount is found out to be another's, a second caller may still arrive at what had it.
  const bool at_once = !step.behind && !thorough_;
  std::string differs = compare(at_once);
  return differs.empty() ? widened : differs;
}

namespace {

/// What the user has on each node by any of its names, or by those that he may come by.
std::map<int, Letters> rights(const Tree& tree, const User& who, Time now, bool only_by_ways) {
  std::map<int, Letters> all;
  for (const Tree::Way& way : tree.ways()) {
    const Chain chain = tree.chain(way.ids);
    Letters& has = all[way.ids.back()];
    if (!only_by_ways || passes(Chain(chain.begin(), chain.end() - 1), who, now)) has |= effective(chain, who, now);
  }
  return all;
}

/// The nodes at or below `id`, by any name.
std::set<int> at_or_below(const Tree& tree, int id) {
  std::set<int> all;
  for (const Tree::Way& way : tree.ways()) {
    if (std::find(way.ids.begin(), way.ids.end(), id) != way.ids.end()) all.insert(way.ids.back());
  }
  return all;
}

}  // namespace

std::string widened_by(const Step& step, const User& who, const Tree& before, const Tree& after, Time now) {
  if (who.is_root()) return {};
  const bool sets_mode = step.what == Do::Chmod || step.what == Do::Chown;
  const bool sets_ace = step.what == Do::SetAce || step.what == Do::RemoveAce;
  const std::optional<int> node = before.find(step.path).node;
  const bool owned = node && before.node(*node).uid == who.uid;
  // Owners decide over what is theirs and, by ACEs, over what is below; whoever has C, over the mode.
  std::set<int> his;
  if (node && sets_mode) his = {*node};
  if (node && sets_ace && owned) his = at_or_below(before, *node);
  const auto gained = [&](const User& user, bool by_ways, Letters allowed) -> std::string {
    const auto had = rights(before, user, now, by_ways);
    for (const auto& [id, has] : rights(after, user, now, by_ways)) {
      const auto former = had.find(id);
      if (former == had.end() || his.contains(id)) continue;
      if (const Letters more = has & ~former->second & ~allowed; more != 0)
        return user.name + " gained " + text_of(more) + " on " + after.ways_to(id).front().path + ", which the rules do not say";
    }
    return {};
  };
  std::string widened = gained(who, false, 0);
  if (widened.empty() && !sets_mode && his.empty()) widened = gained(who, true, 0);
  if (!sets_ace || owned) return widened;
  // Others gain what the one who gave it has.
  const Letters held = rights(before, who, now, true)[*node];
  for (const User& user : users()) {
    if (widened.empty() && !user.is_root()) widened = gained(user, false, held);
  }
  return widened;
}

}  // namespace acefs::test::model
