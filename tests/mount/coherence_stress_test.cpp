// SPDX-License-Identifier: MIT
// A change counts for the very next operation: made as fast as a program can make it, and asked about at once.
//
// ACEFS_STRESS_CHECKS: how many answers each test judges, and it prints a line of what it did. The default suits every run; 1000000
// is the full size, for which the program is best started by itself: meson ends it after three minutes.
// ACEFS_STRESS_ONLY: the changes that have this in their names, and no others.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <tuple>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/loop_fs.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "../support/thread_user.hpp"
#include "acefs/acl/ace.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

/// While it lives, the calling thread is Bob.
struct AsBob : ThreadUser {
  AsBob() : ThreadUser(kBob, kBob, {kStaff}) {}
};

/// What Bob does.
enum class Op { Stat, Open, List, Access, MakeDir };
constexpr std::array kOpNames = {"stat", "open", "list", "access", "mkdir"};
const std::vector<Op> kEverything = {Op::Stat, Op::Open, Op::List, Op::Access, Op::MakeDir};
/// What the file's own ACL and mode are asked about.
const std::vector<Op> kContent = {Op::Open, Op::Access};
const std::vector<Op> kNoNewDirectory = {Op::Stat, Op::Open, Op::List, Op::Access};

struct Target;

/// What is special about a change.
struct Special {
  int refused = EACCES;          ///< what Bob gets when it is closed; 0: both states are open, but lead to different nodes
  bool on_backing_only = false;  ///< cannot be done through a mount
  bool from_held = false;        ///< Bob does not come by path, he holds a descriptor of a/b
  bool same_nodes = true;        ///< opened again, a/b/f is the inode that it was before
  bool rebinds = false;          ///< a name that Bob goes by leads to another node, or to none
  bool keeps_file = false;       ///< the kernel must not forget a/b/f: with it go the further names that the daemon was told of
  std::vector<Op> asks = kEverything;
};

/// One thing that opens `a/b` or `a/b/f` to Bob and closes it again. `make(target, at, open)` does it where `at` leads to the target's
/// directory (on the backing, or through a mount) and returns as a system call.
struct Change {
  const char* name;
  mode_t dir_mode;   ///< of a/b
  mode_t file_mode;  ///< of a/b/f
  std::function<int(const Target&, const std::string& at, bool open)> make;
  std::function<void(const Target&, const std::string& at)> prepare = {};  ///< more than directories `a` and `a/b`, and file `a/b/f`
  Special special = {};
};

/// A directory of the tree with one change that is made to it again and again. It starts open.
struct Target {
  Target(const Change& changed, int number, const std::string& mount_point)
      : change(changed), name(std::to_string(number)), id(std::to_string(10 + number) + "c0817c-c814-4b98-aab7-658c144f0b6a"),
        mounted(mount_point + "/" + name) {}

  const Change& change;
  const std::string name;
  const std::string id;         ///< its `user.oc.id`, for changes that need one
  const std::string mounted;    ///< where it is in the mount that is asked
  UniqueFd held;
  UniqueFd kept;  ///< of a/b/f, if the change keeps it
  std::array<ino_t, 2> file{};  ///< what Bob must arrive at when it is open, closed; 0: whatever is there
  std::array<UniqueFd, 2> dirs;    ///< where the directories that he makes are then
  std::atomic<unsigned> begun{0};  ///< changes; odd: closed
  std::atomic<unsigned> done{0};

  int base() const { return held ? held.get() : AT_FDCWD; }
  std::string dir() const { return held ? "." : mounted + "/a/b"; }
  std::string f() const { return held ? "f" : mounted + "/a/b/f"; }
};

/// A change that grants Bob, or a group of his, what he asks for.
auto grants(std::string where, std::string who, std::string letters) {
  return [=](const Target&, const std::string& at, bool open) {
    return open ? allow(at + where, who, letters) : remove_allow(at + where, who);
  };
}

auto modes(std::string where, mode_t opened, mode_t closed) {
  return [=](const Target&, const std::string& at, bool open) { return ::chmod((at + where).c_str(), open ? opened : closed); };
}

/// rename(2) as mv does it, with a look at the names first. When a mount's kernel still has other names for these directories, its
/// rename goes wrong before the daemon hears of it: the lookup of one name moves what is known by the other (d_splice_alias).
int rename_as_mv(const std::string& from, const std::string& to, unsigned flags = 0) {
  struct stat st {};
  if (::lstat(from.c_str(), &st) != 0) return -1;
  if (flags == RENAME_EXCHANGE && ::lstat(to.c_str(), &st) != 0) return -1;
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags);
}

auto moves(std::string here, std::string there) {
  return [=](const Target&, const std::string& at, bool open) {
    return rename_as_mv(at + (open ? there : here), at + (open ? here : there));
  };
}

auto exchanges(std::string one, std::string other) {
  return [=](const Target&, const std::string& at, bool) { return rename_as_mv(at + one, at + other, RENAME_EXCHANGE); };
}

/// A directory `where` with a file `f`.
auto another(std::string where, mode_t dir_mode) {
  return [=](const Target&, const std::string& at) {
    make_dir(at + where, dir_mode);
    make_file(at + where + "/f", 0644);
  };
}

/// Takes a step, once more when it says ESTALE: the kernel of a mount does not always look again by itself.
template <typename Step>
int insist(const Step& step) {
  const int result = step();
  return result != 0 && errno == ESTALE ? step() : result;
}

int recreate(const Target&, const std::string& at, bool open) {
  const std::string b = at + "/a/b";
  const std::string f = b + "/f";
  const bool done = insist([&] { return ::unlink(f.c_str()); }) == 0 && insist([&] { return ::rmdir(b.c_str()); }) == 0 &&
                    insist([&] { return ::mkdir(b.c_str(), open ? 0755 : 0700); }) == 0 &&
                    insist([&] { return ::mknod(f.c_str(), S_IFREG | 0644, 0); }) == 0;
  return done ? 0 : -1;
}

int change_outside(const Target& t, const std::string& at, bool open) {
  const std::string b = at + "/a/b";
  const std::string outside = at + "/../../outside/" + t.name;
  const bool done = ::rename(b.c_str(), outside.c_str()) == 0 && ::chmod(outside.c_str(), open ? 0777 : 0700) == 0 &&
                    ::rename(outside.c_str(), b.c_str()) == 0;
  return done ? 0 : -1;
}

/// f has a second name, in a directory that is open. It counts as soon as somebody looked it up.
int link_or_unlink(const Target& t, const std::string& at, bool open) {
  const std::string other = at + "/open/f";
  if (!open) return ::unlink(other.c_str());
  if (insist([&] { return ::link((at + "/a/b/f").c_str(), other.c_str()); }) != 0) return -1;
  struct stat st {};
  return insist([&] { return ::lstat((t.mounted + "/open/f").c_str(), &st); });
}

std::string side_dir(const Target& t, const std::string& at) { return at + "/../.oc-nodes/" + t.id.substr(0, 2); }
std::string side_file(const Target& t, const std::string& at) {
  return side_dir(t, at) + "/" + t.id.substr(2, 2) + "/" + t.id.substr(4, 2) + "/" + t.id.substr(6, 2) + "/" + t.id.substr(8) + ".mpk";
}

/// The side file's content, a MessagePack map of one grant: to Bob, or to somebody else in as many bytes.
std::string side_content(bool open) {
  const std::string key = allow_name(user(open ? kBob : kCarol));
  acl::Ace ace;
  ace.type = "A";
  ace.permissions = "rxat";
  const std::string value = acl::encode(ace);
  return std::string("\x81\xd9") + static_cast<char>(key.size()) + key + "\xc4" + static_cast<char>(value.size()) + value;
}

/// As OpenCloud does: a new file takes the place of the old one.
int replace_side_file(const Target& t, const std::string& at, bool open) {
  const std::string path = side_file(t, at);
  if (spill(path + ".new", side_content(open), O_CREAT | O_WRONLY | O_TRUNC, 0600) != 0) return -1;
  return ::rename((path + ".new").c_str(), path.c_str());
}

int rewrite_side_file(const Target& t, const std::string& at, bool open) {
  return spill(side_file(t, at), side_content(open), O_WRONLY);
}

int move_side_dir(const Target& t, const std::string& at, bool open) {
  const std::string here = side_dir(t, at);
  const std::string there = here + "-away";
  return ::rename((open ? there : here).c_str(), (open ? here : there).c_str());
}

constexpr const char* kMarker = "user.oc.metadata_offloaded";

int mark(const Target&, const std::string& at, bool open) {
  return open ? set_attribute(at + "/a", kMarker, "1") : ::lremovexattr((at + "/a").c_str(), kMarker);
}

void offload(const Target& t, const std::string& at) {
  std::string dir = at + "/../.oc-nodes";
  make_dir(dir, 0700);
  for (std::size_t part = 0; part < 8; part += 2) make_dir(dir += "/" + t.id.substr(part, 2), 0700);
  if (replace_side_file(t, at, true) != 0 || set_attribute(at + "/a", "user.oc.id", t.id) != 0 || mark(t, at, true) != 0)
    throw std::system_error(errno, std::generic_category(), "side file");
}

const std::vector<Change>& all_changes() {
  const std::string bob = user(kBob);
  const auto grant_bob = [](const std::string& where, const std::string& who) {
    return [=](const Target&, const std::string& at) {
      if (allow(at + where, who, "rxat") != 0) throw std::system_error(errno, std::generic_category(), "grant");
    };
  };
  static const std::vector<Change> changes = {
      {"grant on an ancestor", 0700, 0600, grants("", bob, "rxat"), grant_bob("", bob)},
      {"grant on the directory", 0700, 0600, grants("/a/b", bob, "rxat"), grant_bob("/a/b", bob)},
      {"grant on the file", 0755, 0600, grants("/a/b/f", bob, "r"), grant_bob("/a/b/f", bob), {.asks = kContent}},
      {"grant to a group", 0700, 0600, grants("/a", group(kStaff), "rxat"), grant_bob("/a", group(kStaff))},
      {"partial denial", 0777, 0644,
       [bob](const Target&, const std::string& at, bool open) {
         return open ? remove_deny(at + "/a", bob) : deny(at + "/a", bob, "x");
       }},
      {"full denial", 0777, 0644,
       [bob](const Target&, const std::string& at, bool open) {
         return open ? remove_allow(at + "/a/b", bob) : deny_all(at + "/a/b", bob);
       }},
      {"mode of an ancestor", 0777, 0644, modes("/a", 0755, 0700)},
      {"mode of the file", 0755, 0644, modes("/a/b/f", 0644, 0600), {}, {.asks = kContent}},
      {"owner", 0777, 0644,
       [](const Target&, const std::string& at, bool open) { return ::lchown((at + "/a").c_str(), open ? kBob : 0, 0); },
       [](const Target&, const std::string& at) { make_dir(at + "/a", 0700, kBob); }},
      {"moved to a closed parent", 0777, 0644, moves("/a/b", "/closed/b"), another("/closed", 0700),
       {.refused = ENOENT, .rebinds = true}},
      {"moved, and held", 0777, 0644, moves("/a/b", "/closed/b"), another("/closed", 0700), {.from_held = true}},
      {"moved out of the tree", 0777, 0644,
       [](const Target& t, const std::string& at, bool open) { return moves("/a/b", "/../../outside/" + t.name)(t, at, open); },
       {}, {.refused = ENOENT, .on_backing_only = true, .rebinds = true}},
      {"changed outside the tree", 0777, 0644, change_outside, {}, {.on_backing_only = true}},
      {"exchanged with a closed directory", 0777, 0644, exchanges("/a/b", "/a/c"), another("/a/c", 0700), {.rebinds = true}},
      {"exchanged with another directory", 0777, 0644, exchanges("/a/b", "/a/c"), another("/a/c", 0777),
       {.refused = 0, .rebinds = true}},
      {"file exchanged with a closed one", 0755, 0644, exchanges("/a/b/f", "/a/g"),
       [](const Target&, const std::string& at) { make_file(at + "/a/g", 0600); }, {.rebinds = true, .asks = kContent}},
      {"removed and made again", 0755, 0644, recreate, {}, {.same_nodes = false, .rebinds = true, .asks = kNoNewDirectory}},
      {"second name in an open directory", 0755, 0600, link_or_unlink,
       [bob](const Target& t, const std::string& at) {
         make_dir(at + "/open", 0755);
         if (allow(at + "/open", bob, "r") != 0 || link_or_unlink(t, at, true) != 0)
           throw std::system_error(errno, std::generic_category(), "link");
       },
       {.rebinds = true, .keeps_file = true, .asks = kContent}},
      {"side file replaced", 0700, 0600, replace_side_file, offload, {.on_backing_only = true}},
      {"side file written again", 0700, 0600, rewrite_side_file, offload, {.on_backing_only = true}},
      {"side file's directory moved", 0700, 0600, move_side_dir, offload, {.refused = EIO, .on_backing_only = true}},
      {"marker of the side file", 0700, 0600, mark, offload, {.on_backing_only = true}},
  };
  return changes;
}

struct Answer {
  int error = 0;
  ino_t file = 0;  ///< what was arrived at, where the operation tells
};

ino_t inode_of(int fd) {
  struct stat st {};
  return ::fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/// The inode that the listing says `f` is.
ino_t listed(int fd) {
  alignas(dirent64) std::array<char, 8192> buffer{};
  for (ssize_t n = 0; (n = ::getdents64(fd, buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      if (std::string_view(entry->d_name) == "f") return entry->d_ino;
      at += entry->d_reclen;
    }
  }
  return 0;
}

Answer ask_once(const Target& t, Op op, const std::string& fresh) {
  const std::string path = op == Op::List ? t.dir() : op == Op::MakeDir ? t.dir() + "/" + fresh : t.f();
  const AsBob bob;
  struct stat st {};
  switch (op) {
    case Op::Stat:
      if (::fstatat(t.base(), path.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return {errno};
      return {0, st.st_ino};
    case Op::Open:
      if (const UniqueFd fd(::openat(t.base(), path.c_str(), O_RDONLY | O_CLOEXEC)); fd) return {0, inode_of(fd.get())};
      return {errno};
    case Op::List:
      if (const UniqueFd fd(::openat(t.base(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); fd) return {0, listed(fd.get())};
      return {errno};
    case Op::Access:
      return {::faccessat(t.base(), path.c_str(), R_OK, 0) == 0 ? 0 : errno};
    case Op::MakeDir:
      return {::mkdirat(t.base(), path.c_str(), 0755) == 0 ? 0 : errno};
  }
  return {EINVAL};
}

/// What was judged, and what was wrong with it.
class Tally {
 public:
  void right() { ++judged_; }
  void wrong(const Target& t, Op op, bool open, const std::string& got) {
    ++judged_;
    const std::lock_guard lock(mutex_);
    const std::string state = open ? ", open: " : ", closed: ";
    ++wrong_[t.change.name + state + kOpNames[static_cast<std::size_t>(op)] + " said " + got];
  }
  /// The answer came while the change was being made: either state would do, so it proves nothing.
  void unclear() { ++unclear_; }
  /// The answer was ESTALE: ask again.
  void again() { ++again_; }

  long judged() const { return judged_; }
  std::string wrong() const {
    std::string all;
    for (const auto& [what, times] : wrong_) all += what + ", " + std::to_string(times) + " times\n";
    return all;
  }
  std::string summary() const {
    return std::to_string(judged_) + " answers judged, " + std::to_string(unclear_) + " while the change was being made, " +
           std::to_string(again_) + " times ESTALE";
  }

 private:
  std::atomic<long> judged_{0};
  std::atomic<long> unclear_{0};
  std::atomic<long> again_{0};
  std::mutex mutex_;
  std::map<std::string, long> wrong_;
};

/// Bob's next operation. `fresh`: the name of the directory he makes. ESTALE shows neither the old state nor the new one: Bob asks
/// again, as the kernel does by itself for most calls, and it is counted how often. For ever is wrong.
Answer ask(Tally& tally, const Target& t, Op op, const std::string& fresh) {
  Answer answer = ask_once(t, op, fresh);
  for (int tries = 0; answer.error == ESTALE && tries < 1'000; ++tries) {
    tally.again();
    ::sched_yield();
    answer = ask_once(t, op, fresh);
  }
  return answer;
}

/// Takes away the directory that Bob made, if he did. Whether it was where it had to be: nowhere, when `made` is false.
bool take_away(const Target& t, std::size_t state, const std::string& fresh, bool made) {
  const bool was_there = ::unlinkat(t.dirs[state].get(), fresh.c_str(), AT_REMOVEDIR) == 0;
  const bool was_elsewhere = ::unlinkat(t.dirs[1 - state].get(), fresh.c_str(), AT_REMOVEDIR) == 0;
  return was_there == made && !was_elsewhere;
}

void judge(Tally& tally, const Target& t, Op op, bool open, const Answer& answer, bool in_its_place) {
  const int expected = open ? 0 : t.change.special.refused;
  const ino_t file = t.file[open ? 0 : 1];
  if (answer.error != expected) {
    tally.wrong(t, op, open, errno_name(answer.error));
  } else if (!in_its_place || (answer.error == 0 && file != 0 && answer.file != file && op != Op::Access && op != Op::MakeDir)) {
    tally.wrong(t, op, open, "of another node");
  } else {
    tally.right();
  }
}

long checks() {
  const char* number = std::getenv("ACEFS_STRESS_CHECKS");
  return number != nullptr ? std::atol(number) : 2'000;
}

std::string_view only() {
  const char* part = std::getenv("ACEFS_STRESS_ONLY");
  return part != nullptr ? part : "";
}

/// Filesystem of the backing, where the daemon's proof that nothing changed comes from, and whether the kernel keeps names.
using Setting = std::tuple<const char*, const char*, const char*>;

std::string name_of(const ::testing::TestParamInfo<Setting>& info) {
  const auto [kind, source, names] = info.param;
  return std::string(kind) + "_" + source + "_" + names;
}

class CoherenceStressTest : public MountedTest, public ::testing::WithParamInterface<Setting> {
 protected:
  const char* source() const { return std::get<1>(GetParam()); }
  bool names_are_cached() const { return std::string_view(std::get<2>(GetParam())) == "cached"; }
  /// Only what goes through the mount counts then.
  bool is_exclusive() const { return std::string_view(source()) == "exclusive"; }

  MountOptions options() const override {
    const std::string names = std::get<2>(GetParam());
    return {.options = std::string("coherence=") + source() + ",names=" + names, .source = disk_->at("tree")};
  }

  void SetUp() override {
    disk_.emplace(std::get<0>(GetParam()));
    REQUIRE_LOOP_FS(*disk_);
    make_dir(disk_->at("tree"), 0755);
    make_dir(disk_->at("outside"), 0755);
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const std::string status = "\n" + get_attribute(mount().point(), "system.acefs.status") + "\n";
    ASSERT_NE(status.find(std::string("\ncoherence=") + source() + "\n"), std::string::npos) << status;
    roots_ = {mount().point()};
    if (is_exclusive()) return;
    other_.emplace(options());
    REQUIRE_MOUNT(*other_);
    roots_ = {mount().backing(), mount().point(), other_->point()};
  }

  void TearDown() override {
    if (other_) {
      EXPECT_EQ(other_->stop(), 0) << "the second daemon's end";
    }
    targets_.clear();
    MountedTest::TearDown();
  }

  /// Every kind of change `times` times; those that rebind names only if they are wanted.
  void make_targets(unsigned times, bool rebinding) {
    for (unsigned time = 0; time < times; ++time) {
      for (const Change& change : all_changes()) {
        if ((is_exclusive() && change.special.on_backing_only) || (change.special.rebinds && !rebinding)) continue;
        if (std::string_view(change.name).find(only()) == std::string_view::npos) continue;
        make_target(change);
        if (HasFatalFailure()) return;
      }
    }
  }

  void make_target(const Change& change) {
    Target& t = targets_.emplace_back(change, static_cast<int>(targets_.size()), mount().point());
    const std::string made = roots_.front() + "/" + t.name;
    for (const char* dir : {"", "/a", "/a/b"}) make_dir(made + dir, 0755);
    make_file(made + "/a/b/f", change.file_mode);
    ASSERT_EQ(::chmod((made + "/a/b").c_str(), change.dir_mode), 0);
    if (change.prepare) change.prepare(t, made);
    if (change.special.from_held) {
      t.held.reset(::open(at(t.name + "/a/b").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      // One that nobody worked in yet is held by the kernel only: moved, it would be ESTALE until somebody finds its new name.
      ASSERT_EQ(::faccessat(t.held.get(), "f", F_OK, 0), 0) << errno_name(errno);
    }
    if (change.special.keeps_file) t.kept.reset(::open(t.f().c_str(), O_PATH | O_CLOEXEC));
    // One round shows what is where in either state.
    const std::string b = made + "/a/b";
    for (const std::size_t state : {1, 0}) {
      ASSERT_EQ(change.make(t, made, state == 0), 0) << change.name << ": " << errno_name(errno);
      t.dirs[state].reset(::open(b.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      struct stat st {};
      if (change.special.same_nodes && ::lstat((b + "/f").c_str(), &st) == 0) t.file[state] = st.st_ino;
    }
  }

  /// Makes the target's next change, wherever that can be done; true if it was.
  template <typename Random>
  bool flip(Target& t, Random& random) {
    // Mostly on the backing: that is the fastest, and nobody tells the daemon.
    const std::size_t where = t.change.special.on_backing_only || random() % 10 < 6 ? 0 : random() % roots_.size();
    const unsigned number = t.done.load() + 1;
    t.begun.store(number);
    const int result = insist([&] { return t.change.make(t, roots_[where] + "/" + t.name, number % 2 == 0); });
    const std::string what = std::string(t.change.name) + " at " + roots_[where] + "/" + t.name;
    if (result != 0) failure_ = what + ": " + errno_name(errno);
    // What is done through a mount is done on the backing.
    const ino_t expected = t.file[number % 2];
    struct stat st {};
    const int looked = where == 0 || expected == 0 ? 0 : ::lstat(real(t.name + "/a/b/f").c_str(), &st);
    const bool done = where == 0 || expected == 0 || (looked == 0 && st.st_ino == expected);
    if (!done) failure_ = what + ": had no effect on the backing, where a/b/f is " + (looked == 0 ? "another" : errno_name(errno));
    t.done.store(number);
    return result == 0 && done;
  }

  /// Asks Bob's next question to a target that nobody changes meanwhile, and judges the answer.
  void check(Target& t, unsigned number) {
    const bool open = t.done.load() % 2 == 0;
    const Op op = t.change.special.asks[number % t.change.special.asks.size()];
    const std::string fresh = "m" + std::to_string(number);
    const Answer answer = ask(tally_, t, op, fresh);
    const bool in_its_place = op != Op::MakeDir || take_away(t, open ? 0 : 1, fresh, answer.error == 0);
    judge(tally_, t, op, open, answer, in_its_place);
  }

  void report() {
    const std::string summary = std::to_string(changes_) + " changes, " + tally_.summary();
    RecordProperty("summary", summary);
    if (std::getenv("ACEFS_STRESS_CHECKS") != nullptr) std::cout << name_of({GetParam(), 0}) << ": " << summary << std::endl;
    EXPECT_EQ(failure_, "");
    EXPECT_EQ(tally_.wrong(), "") << summary;
  }

  std::optional<LoopFs> disk_;
  std::optional<Mount> other_;
  std::vector<std::string> roots_;  ///< where changes are made; the backing first, if at all
  std::deque<Target> targets_;
  Tally tally_;
  std::string failure_;
  long changes_ = 0;
};

TEST_P(CoherenceStressTest, EachChangeShowsInTheNextAnswer) {
  ASSERT_NO_FATAL_FAILURE(make_targets(1, true));
  std::mt19937 random(7);
  std::vector<unsigned> asked(targets_.size());
  for (Target& t : targets_) check(t, asked[0]);
  while (tally_.judged() < checks() && failure_.empty()) {
    const std::size_t at = random() % targets_.size();
    Target& t = targets_[at];
    // Two changes without a question between them lead back to where it was, three do not.
    const unsigned die = random() % 10;
    const int flips = die < 6 ? 1 : die < 8 ? 2 : 3;
    for (int i = 0; i < flips && failure_.empty(); ++i, ++changes_) flip(t, random);
    if (!failure_.empty()) break;
    check(t, ++asked[at]);
    // A change that was overlooked because it was told together with others shows later.
    if (random() % 4 == 0) {
      const std::size_t elsewhere = random() % targets_.size();
      check(targets_[elsewhere], ++asked[elsewhere]);
    }
  }
  report();
}

/// Changes that concern nobody's answer, or only the events about nodes that somebody asks about.
class Noise {
 public:
  Noise(std::string dir, std::string root, std::size_t targets) : dir_(std::move(dir)), root_(std::move(root)), targets_(targets) {
    make_dir(dir_, 0755);
    for (int i = 0; i < kFiles; ++i) make_file(file(i), 0644);
  }

  void make(unsigned random) {
    const int i = static_cast<int>(random / 8 % kFiles);
    const std::string ancestor = root_ + "/" + std::to_string(random / 8 % targets_);
    switch (random % 8) {
      case 0:
        ::chmod(file(i).c_str(), 0600);
        break;
      case 1:
        set_attribute(file(i), "user.noise", std::to_string(random));
        break;
      case 2:
        ::rename(file(i).c_str(), file(kFiles).c_str());
        ::rename(file(kFiles).c_str(), file(i).c_str());
        break;
      case 3:
        ::unlink(file(i).c_str());
        ::mknod(file(i).c_str(), S_IFREG | 0644, 0);
        break;
      case 4:
        spill(file(i), "noise", O_WRONLY | O_TRUNC);
        break;
      case 5:
        ::chmod(ancestor.c_str(), 0755);  // as it is
        break;
      case 6:
        set_attribute(ancestor, "user.noise", "x");
        break;
      default:
        ::mknod((ancestor + "/noise").c_str(), S_IFREG | 0644, 0);
        ::unlink((ancestor + "/noise").c_str());
    }
  }

 private:
  static constexpr int kFiles = 64;
  std::string file(int i) const { return dir_ + "/" + std::to_string(i); }

  std::string dir_;
  std::string root_;
  std::size_t targets_;
};

/// Several callers at once, and a writer that waits for none of them.
class CoherenceRaceTest : public CoherenceStressTest {};

TEST_P(CoherenceRaceTest, AnswersNeverFallBehind) {
  // A caller who was already on his way by a name that the kernel kept, when another caller's question showed that it leads
  // elsewhere now, arrives at the node that had the name. That node's own chain then decides: nothing is let in, but it is not the
  // node of that name. So exact answers to several callers at once need names=uncached where names are rebound.
  ASSERT_NO_FATAL_FAILURE(make_targets(3, !names_are_cached()));
  std::atomic<std::size_t> latest{0};
  std::atomic<bool> stop{false};
  const long wanted = checks();

  const auto asker = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (unsigned number = 0; tally_.judged() < wanted && !stop; ++number) {
      // What was changed a moment ago is asked by all at once, so that some ask while another takes note of the change.
      Target& t = targets_[random() % 4 != 0 ? latest.load() : random() % targets_.size()];
      const Op op = t.change.special.asks[random() % t.change.special.asks.size()];
      const std::string fresh = "m" + std::to_string(seed) + "-" + std::to_string(number);
      const unsigned before = t.done.load();
      const Answer answer = ask(tally_, t, op, fresh);
      const unsigned after = t.begun.load();
      const bool open = before % 2 == 0;
      const bool in_its_place = op != Op::MakeDir || take_away(t, open ? 0 : 1, fresh, answer.error == 0);
      if (before == after) {
        judge(tally_, t, op, open, answer, in_its_place);
      } else {
        tally_.unclear();
      }
    }
  };
  std::vector<std::thread> askers;
  for (unsigned i = 0; i < 4; ++i) askers.emplace_back(asker, i + 1);

  Noise noise(disk_->at("noise"), mount().backing(), targets_.size());
  std::mt19937 random(99);
  while (tally_.judged() < wanted && failure_.empty()) {
    const std::size_t at = random() % targets_.size();
    flip(targets_[at], random);
    latest = at;
    ++changes_;
    for (unsigned i = random() % 4; i > 0; --i) noise.make(random());
  }
  stop = true;
  for (std::thread& thread : askers) thread.join();
  report();
}

const auto kFilesystems = ::testing::Values("ext4", "xfs", "btrfs", "tmpfs");
const auto kSources = ::testing::Values("fanotify", "statx");

INSTANTIATE_TEST_SUITE_P(Backing, CoherenceStressTest,
                         ::testing::Combine(kFilesystems, kSources, ::testing::Values("cached")), name_of);
// What goes through the mount is all that changes there.
INSTANTIATE_TEST_SUITE_P(Mount, CoherenceStressTest, ::testing::Values(Setting{"tmpfs", "exclusive", "cached"}), name_of);
INSTANTIATE_TEST_SUITE_P(Backing, CoherenceRaceTest,
                         ::testing::Combine(kFilesystems, kSources, ::testing::Values("cached", "uncached")), name_of);

}  // namespace
}  // namespace acefs::test
