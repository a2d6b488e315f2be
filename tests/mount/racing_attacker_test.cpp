// SPDX-License-Identifier: MIT
// Names change hands as fast as three attackers can make them, while Bob does by name whatever he can think of: nothing that is closed
// to him is ever read or changed, and nothing outside of the tree is touched.
//
// ACEFS_ATTACK_SECONDS: for how long, in each of the tests; they then print what was done. The default suits every run.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::seconds attack_time() {
  const char* seconds = std::getenv("ACEFS_ATTACK_SECONDS");
  return std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : 3);
}

/// From here on the calling thread is that user, and only that thread: the kernel keeps credentials by thread.
void become_in_this_thread(uid_t uid) {
  const bool done = ::syscall(SYS_setgroups, 0, nullptr) == 0 && ::syscall(SYS_setresgid, uid, uid, uid) == 0 &&
                    ::syscall(SYS_setresuid, uid, uid, uid) == 0;
  if (!done) std::abort();  // whatever followed would be done by somebody else
}

/// What must stay as it is, looked at by a descriptor that is held from before the attack: names do not matter to it.
class Secret {
 public:
  explicit Secret(std::string path) : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)), before_(describe()) {}
  /// What became of it; empty: nothing.
  std::string harm() const {
    const std::string now = describe();
    return now == before_ ? std::string() : path_ + " was " + before_ + ", is " + now + "\n";
  }

 private:
  std::string describe() const {
    struct stat st {};
    if (::fstat(fd_.get(), &st) != 0) return "gone";
    std::string text = std::to_string(st.st_mode) + " " + std::to_string(st.st_uid) + " " + std::to_string(st.st_gid) + " ";
    std::array<char, 4096> bytes{};
    if (S_ISDIR(st.st_mode)) {
      text += listing("/proc/self/fd/" + std::to_string(fd_.get()));
    } else {
      const ssize_t n = ::pread(fd_.get(), bytes.data(), bytes.size(), 0);
      text.append(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    }
    const ssize_t n = ::flistxattr(fd_.get(), bytes.data(), bytes.size());
    return text + " " + std::string(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  }
  std::string path_;
  UniqueFd fd_;
  std::string before_;
};

/// What happened, and what must not have.
class Report {
 public:
  /// The result of a call of Bob's; returns whether it was granted.
  bool operator()(long result) {
    const int error = result < 0 ? errno : 0;
    (error == 0 ? granted : error == EACCES || error == EPERM ? refused : otherwise)++;
    if (error == EIO) wrong("EIO");
    return error == 0;
  }
  void wrong(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (wrong_.size() < 2000) wrong_ += what + "\n";
  }
  std::string all_wrong() {
    const std::lock_guard lock(mutex_);
    return wrong_;
  }

  std::atomic<long> granted{0};
  std::atomic<long> refused{0};
  std::atomic<long> otherwise{0};
  std::atomic<long> swaps{0};

 private:
  std::mutex mutex_;
  std::string wrong_;
};

/// What Bob tries with a path that may lead to a file, and with one that may lead to a directory. What is closed to him says "closed", or
/// "bait" where it is outside of the tree.
class Bob {
 public:
  Bob(std::string root, Report& report, unsigned number) : root_(std::move(root)), number_(std::to_string(number)), random_(number), report_(report) {}

  void act() {
    static const std::array<std::string, 3> places{"/public", "/hers", "/mine"};
    const std::string place = root_ + places[random_() % places.size()];
    if (random_() % 2 == 0) {
      with_file(place + "/x");
    } else {
      with_directory(place + "/w");
    }
  }

 private:
  void read(int fd) {
    const UniqueFd file(fd);
    if (!report_(fd)) return;
    std::array<char, 16> bytes{};
    const ssize_t n = ::read(file.get(), bytes.data(), bytes.size());
    if (n < 0) return;
    const std::string_view content(bytes.data(), static_cast<std::size_t>(n));
    if (content.starts_with("closed") || content.starts_with("bait")) report_.wrong("read " + std::string(content));
  }
  void write(int fd) {
    const UniqueFd file(fd);
    if (report_(fd)) report_(::pwrite(file.get(), "open", 4, 0));
  }
  static int open_at(int dir, const std::string& path, int flags) {
    return ::openat(dir, path.c_str(), flags | O_NONBLOCK | O_CLOEXEC, 0666);
  }

  void with_file(const std::string& x) {
    const std::string link = root_ + "/mine/link" + number_;
    switch (random_() % 14) {
      case 0:
      case 1:
        return read(open_at(AT_FDCWD, x, O_RDONLY));
      case 2:
        return write(open_at(AT_FDCWD, x, O_WRONLY));
      case 3:
        return write(open_at(AT_FDCWD, x, O_WRONLY | O_TRUNC));
      case 4:
        return write(open_at(AT_FDCWD, x, O_RDWR | O_CREAT));
      case 5:
        report_(::truncate(x.c_str(), 4));
        return;
      case 6:
        report_(::chmod(x.c_str(), 0666));
        return;
      case 7:
        report_(::setxattr(x.c_str(), "user.note", "bob", 3, 0));
        return;
      case 8:
        report_(allow(x, user(kBob), "rwxatd"));
        return;
      case 9:
        report_(::utimensat(AT_FDCWD, x.c_str(), nullptr, 0));
        return;
      case 10:
        report_(::chown(x.c_str(), kBob, kBob));
        return;
      case 11:
        if (report_(::linkat(AT_FDCWD, x.c_str(), AT_FDCWD, link.c_str(), random_() % 2 == 0 ? AT_SYMLINK_FOLLOW : 0))) {
          read(open_at(AT_FDCWD, link, O_RDWR));
          ::unlink(link.c_str());
        }
        return;
      case 12: {
        const UniqueFd held(open_at(AT_FDCWD, x, O_PATH | (random_() % 2 == 0 ? O_NOFOLLOW : 0)));
        ::sched_yield();
        if (held) read(open_at(AT_FDCWD, "/proc/self/fd/" + std::to_string(held.get()), O_RDWR));
        return;
      }
      default:
        report_(::removexattr(x.c_str(), allow_name(user(kBob)).c_str()));
    }
  }

  void with_directory(const std::string& w) {
    // Either the whole way each time, or from a descriptor that he got at some time.
    if (random_() % 8 == 0) held_ = UniqueFd(open_at(AT_FDCWD, w, O_PATH | O_DIRECTORY));
    const bool from_held = held_ && random_() % 2 == 0;
    const int dir = from_held ? held_.get() : AT_FDCWD;
    const auto at = [&](const std::string& name) { return from_held ? name : w + "/" + name; };
    static const std::array<std::string, 3> names{"a", "b", "c"};
    const std::string name = at(names[random_() % names.size()]);
    const std::string other = at(names[random_() % names.size()]);
    const std::string away = root_ + "/mine/away" + number_;
    switch (random_() % 14) {
      case 0:
        return read(open_at(dir, name, O_RDONLY));
      case 1:
        return write(open_at(dir, name, O_WRONLY));
      case 2:
      case 3:
        return write(open_at(dir, name, O_WRONLY | O_CREAT | (random_() % 2 == 0 ? O_EXCL : O_TRUNC)));
      case 4:
        report_(::unlinkat(dir, name.c_str(), 0));
        return;
      case 5:
        report_(::renameat(dir, name.c_str(), dir, other.c_str()));
        return;
      case 6:
        report_(::renameat2(dir, name.c_str(), dir, other.c_str(), RENAME_EXCHANGE));
        return;
      case 7:
        if (report_(::renameat(dir, name.c_str(), AT_FDCWD, away.c_str()))) read(open_at(AT_FDCWD, away, O_RDWR));
        report_(::renameat(AT_FDCWD, away.c_str(), dir, name.c_str()));
        return;
      case 8:
        report_(::mkdirat(dir, at("new").c_str(), 0777));
        report_(::unlinkat(dir, at("new").c_str(), AT_REMOVEDIR));
        return;
      case 9:
        report_(::symlinkat("../../closed/f", dir, other.c_str()));
        return;
      case 10:
        report_(::fchmodat(dir, name.c_str(), 0666, 0));
        return;
      case 11:
        report_(::linkat(AT_FDCWD, (root_ + "/mine/x").c_str(), dir, other.c_str(), 0));
        return;
      case 12:
        report_(::chmod(w.c_str(), 0777));
        return;
      default:
        list(open_at(dir, from_held ? "." : w, O_RDONLY | O_DIRECTORY));
    }
  }

  void list(int fd) {
    if (!report_(fd)) return;
    alignas(dirent64) std::array<char, 4096> buffer{};
    const UniqueFd dir(fd);
    for (ssize_t n = 0; (n = ::getdents64(dir.get(), buffer.data(), buffer.size())) > 0;) {
      for (ssize_t at = 0; at < n;) {
        const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
        if (std::string_view(entry->d_name) == "closed-name") report_.wrong("listed a closed directory");
        at += entry->d_reclen;
      }
    }
  }

  std::string root_;
  std::string number_;
  std::mt19937 random_;
  Report& report_;
  UniqueFd held_;
};

/// Gives `x` and `w` of one place, in turn, what lies in its `pool`; by the backing or by the mount.
class Swapper {
 public:
  Swapper(std::string place, Report& report, unsigned seed) : place_(std::move(place)), random_(seed), report_(report) {}

  void act() {
    static const std::array<std::string, 6> files{"file", "secret", "denied", "out", "in", "link"};
    static const std::array<std::string, 6> dirs{"dir", "secret-dir", "denied-dir", "out-dir", "in-dir", "dir"};
    const bool file = random_() % 2 == 0;
    const std::string name = file ? files[random_() % files.size()] : dirs[random_() % dirs.size()];
    exchange(place_ + "/pool/" + name, place_ + (file ? "/x" : "/w"));
    // The one that Bob may have should come round more often than each of the others.
    if (random_() % 3 == 0) exchange(place_ + "/pool/" + (file ? "file" : "dir"), place_ + (file ? "/x" : "/w"));
  }

 private:
  void exchange(const std::string& one, const std::string& other) {
    if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) ++report_.swaps;
    ::sched_yield();
  }
  std::string place_;
  std::mt19937 random_;
  Report& report_;
};

class RacingAttackerTest : public MountedTest, public ::testing::WithParamInterface<const char*> {
 protected:
  MountOptions options() const override { return {.options = GetParam()}; }
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(outside_.path(), 0700);
    make_file(outside_.at("f"), 0666, "bait");
    keep(outside_.at("f"));
    make_closed_dir(outside_.at("d"), 0777, 0, "bait");
    keep(outside_.path());
    make_dir(real("closed"), 0700);
    make_file(real("closed/f"), 0666, "closed");
    make_closed_dir(real("closed/d"), 0777, 0, "closed");
    keep(real("closed/f"));
    keep(real("closed"));
    furnish("public", 0);
    furnish("hers", kAlice);
    furnish("mine", kBob);
  }
  void TearDown() override {
    secrets_.clear();
    MountedTest::TearDown();
  }

  void keep(const std::string& path) { secrets_.emplace_back(path); }
  void make_closed_dir(const std::string& path, mode_t mode, uid_t owner, const std::string& content) {
    make_dir(path, mode, owner, owner);
    for (const char* name : {"/a", "/b", "/closed-name"}) make_file(path + name, 0666, content, owner, owner);
    for (const char* name : {"/a", "/b", "/closed-name", ""}) keep(path + name);
  }

  /// A place with `x`, `w` and what they are exchanged with. What is closed to Bob is so wherever it is: by its own mode or ACE, or by that of
  /// the directory that it is in. In his own place everything is his, but for what the symlinks lead to.
  void furnish(const std::string& place, uid_t owner) {
    const std::string at = real(place);
    const std::string pool = at + "/pool";
    make_dir(at, 0755, owner, owner);
    make_dir(pool, 0755, owner, owner);
    const bool his = owner == kBob;
    // Whatever Bob may have he may do anything with.
    make_file(at + "/x", 0666, "open", kBob, kBob);
    make_file(pool + "/file", 0666, "open", kBob, kBob);
    for (const std::string& dir : {at + "/w", pool + "/dir"}) {
      make_dir(dir, 0777, kBob, kBob);
      for (const char* name : {"/a", "/b", "/c"}) make_file(dir + name, 0666, "open", kBob, kBob);
    }
    make_symlink(outside_.at("f"), pool + "/out", owner, owner);
    make_symlink(outside_.at("d"), pool + "/out-dir", owner, owner);
    make_symlink("../closed/f", pool + "/in", owner, owner);
    make_symlink(mount().point() + "/closed/d", pool + "/in-dir", owner, owner);
    if (his) return;
    make_file(pool + "/secret", 0600, "closed", owner, owner);
    make_file(pool + "/denied", 0666, "closed", owner, owner);
    ASSERT_EQ(deny_all(pool + "/denied", user(kBob)), 0);
    ASSERT_EQ(::link((pool + "/secret").c_str(), (pool + "/link").c_str()), 0);
    make_closed_dir(pool + "/secret-dir", 0700, owner, "closed");
    make_closed_dir(pool + "/denied-dir", 0777, owner, "closed");
    secrets_.pop_back();
    ASSERT_EQ(deny_all(pool + "/denied-dir", user(kBob)), 0);
    for (const char* name : {"/secret", "/denied", "/denied-dir"}) keep(pool + name);
  }

  std::string harm() const {
    std::string all;
    for (const Secret& secret : secrets_) all += secret.harm();
    return all;
  }

  TempDir outside_;
  std::deque<Secret> secrets_;
};

TEST_P(RacingAttackerTest, ReachesNothingThatIsClosed) {
  ASSERT_EQ(harm(), "");
  Report report;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  const auto start = [&](uid_t uid, auto&& actor) {
    threads.emplace_back([&stop, uid, actor = std::make_shared<std::decay_t<decltype(actor)>>(std::forward<decltype(actor)>(actor))] {
      if (uid != 0) become_in_this_thread(uid);
      while (!stop) actor->act();
    });
  };
  start(0, Swapper(real("public"), report, 1));
  start(kAlice, Swapper(at("hers"), report, 2));
  start(kBob, Swapper(at("mine"), report, 3));
  for (unsigned number = 10; number < 12; ++number) start(kBob, Bob(mount().point(), report, number));

  const Clock::time_point end = Clock::now() + attack_time();
  const Clock::time_point patience = end + std::chrono::seconds(30);
  std::string harmed;
  const auto has_begun = [&] { return report.granted > 100 && report.refused > 10 && report.swaps > 10; };
  while (harmed.empty() && report.all_wrong().empty() && (Clock::now() < end || (!has_begun() && Clock::now() < patience))) {
    harmed = harm();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // between two looks; nothing is waited for
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  if (harmed.empty()) harmed = harm();
  if (std::getenv("ACEFS_ATTACK_SECONDS") != nullptr) {
    std::cout << GetParam() << ": " << report.swaps << " swaps, " << report.granted << " calls granted, " << report.refused << " refused, "
              << report.otherwise << " without the name they meant" << std::endl;
  }
  EXPECT_EQ(harmed, "");
  EXPECT_EQ(report.all_wrong(), "");
  EXPECT_TRUE(has_begun()) << report.swaps << " " << report.granted << " " << report.refused;
}

INSTANTIATE_TEST_SUITE_P(Mount, RacingAttackerTest,
                         ::testing::Values("names=cached", "names=uncached,coherence=statx", "cache=public"), [](const auto& param) {
                           const std::string text = param.param;
                           return std::string(text == "cache=public" ? "Public" : text == "names=cached" ? "Cached" : "Uncached");
                         });

}  // namespace
}  // namespace acefs::test
