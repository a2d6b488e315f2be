// SPDX-License-Identifier: MIT
// How much: memory of the daemon for what the kernel remembers, deep trees, long listings, many clients.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "../support/sanitized.hpp"
#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

constexpr long kBytesForAnInode = 256;

/// ACEFS_TEST_FILES=1000000 is the full size.
int size_or(int by_default) {
  const char* files = std::getenv("ACEFS_TEST_FILES");
  return files != nullptr ? std::atoi(files) : by_default;
}

/// A name of 24 characters.
std::string long_name(int number) {
  std::string digits = std::to_string(number);
  return "a-file-of-a-user-" + std::string(digits.size() < 7 ? 7 - digits.size() : 0, '0') + digits;
}

void make_empty_file(const std::string& path) { ASSERT_EQ(::mknod(path.c_str(), S_IFREG | 0644, 0), 0) << path; }

class ScaleTest : public MountedTest {
 protected:
  /// Memory of the daemon, in bytes.
  long resident() {
    std::ifstream status("/proc/" + std::to_string(mount().pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return std::stol(line.substr(6)) * 1024;
    }
    return -1;
  }
  /// Nodes that the kernel holds, as the daemon counts them.
  long nodes_held() {
    const std::string status = get_attribute(mount().point(), "system.acefs.status");
    const std::size_t at = status.find("\nnodes=");
    return at != std::string::npos ? std::stol(status.substr(at + 7)) : -1;
  }
  /// What the kernel forgets, and the daemon gives back, takes a moment: up to 20 seconds.
  template <typename Condition>
  static bool comes_true(Condition&& condition) {
    for (int i = 0; i < 200; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return condition();
  }
  /// Makes the kernel forget inodes that nobody uses; false if it cannot be asked to.
  static bool make_kernel_forget() {
    return spill("/proc/sys/vm/drop_caches", "2\n", O_WRONLY) == 0;
  }
};

TEST_F(ScaleTest, AnInodeThatTheKernelRemembersTakes256BytesUntilItForgets) {
  constexpr int kPerDirectory = 1000;
  const int directories = size_or(50'000) / kPerDirectory;
  for (int d = 0; d < directories; ++d) {
    make_dir(real(long_name(d)), 0755);
    for (int f = 0; f < kPerDirectory; ++f) make_empty_file(real(long_name(d) + "/" + long_name(f)));
  }
  const auto look_at = [&](int from, int to) {
    return run_as(kAlice, kAlice, [&] {
      long seen = 0;
      for (int d = from; d < to; ++d) {
        for (const std::string& name : names_in(at(long_name(d)))) {
          struct stat st {};
          seen += ::lstat(at(long_name(d) + "/" + name).c_str(), &st) == 0 ? 1 : 0;
        }
      }
      return std::to_string(seen);
    });
  };
  // What the daemon needs whatever the kernel remembers, such as its threads' buffers, it has after the first half.
  const int half = directories / 2;
  EXPECT_EQ(look_at(0, half), std::to_string(half * kPerDirectory));
  const long nodes_before = nodes_held();
  const long before = resident();
  EXPECT_EQ(look_at(half, directories), std::to_string((directories - half) * kPerDirectory));
  const long inodes = nodes_held() - nodes_before;
  const long grown = resident() - before;
  std::cout << inodes << " inodes more, " << grown / std::max(inodes, 1L) << " bytes each\n";
  EXPECT_GE(inodes, (directories - half) * kPerDirectory) << "the kernel has no need to forget any yet";
  if (measures()) {
    EXPECT_LE(grown, inodes * kBytesForAnInode);
  }

  if (!make_kernel_forget()) GTEST_SKIP() << "/proc/sys/vm/drop_caches cannot be written here";
  EXPECT_TRUE(comes_true([&] { return nodes_held() < 100; })) << nodes_held() << " nodes are still held";
  if (measures()) {
    EXPECT_TRUE(comes_true([&] { return resident() <= before - grown / 2; }))
        << resident() - before << " bytes more than with the first half, whose second half took " << grown;
  }
  std::cout << "given back: " << before + grown - resident() << " bytes of about " << 2 * grown << "\n";
}

TEST_F(ScaleTest, DirectoriesTakeNoMoreThanFiles) {
  // Each is looked into, so that more were held open than may be.
  const int directories = std::min(size_or(20'000), 100'000);
  make_dir(real("top"), 0755);
  for (int d = 0; d < directories; ++d) make_dir(real("top/" + long_name(d)), 0755);
  // What is kept for those that are in use has its own bound: they are in use before it is measured.
  const auto look_into = [&](int from, int to) {
    return run_as(kAlice, kAlice, [&] {
      int empty = 0;
      for (int d = from; d < to; ++d) empty += names_in(at("top/" + long_name(d))).empty() ? 1 : 0;
      return std::to_string(empty);
    });
  };
  const int in_use = directories / 2;
  EXPECT_EQ(look_into(0, in_use), std::to_string(in_use));
  const long nodes_before = nodes_held();
  const long before = resident();
  EXPECT_EQ(look_into(in_use, directories), std::to_string(directories - in_use));
  const long inodes = nodes_held() - nodes_before;
  const long grown = resident() - before;
  std::cout << inodes << " directories, " << grown / std::max(inodes, 1L) << " bytes each\n";
  EXPECT_GE(inodes, directories - in_use);
  if (measures()) {
    EXPECT_LE(grown, inodes * kBytesForAnInode);
  }
}

TEST_F(ScaleTest, AThousandLevelsDownEverythingWorks) {
  constexpr int kLevels = 1000;
  constexpr int kMiddle = 500;
  UniqueFd dir(::open(mount().backing().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int level = 0; level < kLevels; ++level) {
    ASSERT_EQ(::mkdirat(dir.get(), "d", 0755), 0) << level << " " << errno_name(errno);
    if (level == kMiddle) {
      ASSERT_EQ(::fchownat(dir.get(), "d", kAlice, kAlice, 0), 0);
    }
    dir.reset(::openat(dir.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(dir) << level;
  }
  const UniqueFd file(::openat(dir.get(), "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  ASSERT_EQ(::write(file.get(), "deep", 4), 4);

  const auto path = [](int levels, const std::string& end) {
    std::string p;
    for (int level = 0; level < levels; ++level) p += "d/";
    return p + end;
  };
  const std::string old_way = at(path(kLevels, "f"));
  const std::string new_way = at(path(kMiddle + 1, "renamed/") + path(kLevels - kMiddle - 2, "f"));
  const auto size_at = [](const std::string& name) {
    struct stat st {};
    return ::lstat(name.c_str(), &st) == 0 ? std::to_string(st.st_size) : errno_name(errno);
  };
  EXPECT_EQ(run_as(kAlice, kAlice, [&] { return size_at(old_way); }), "4");
  EXPECT_EQ(run_as(kBob, kBob, [&] { return slurp(old_way); }), "deep");
  const std::string parent = at(path(kMiddle + 1, ""));
  EXPECT_EQ(errno_name(errno_as(kBob, kBob, [&] { return ::rename((parent + "d").c_str(), (parent + "renamed").c_str()); })), "EACCES");
  EXPECT_EQ(errno_name(errno_as(kAlice, kAlice, [&] { return ::rename((parent + "d").c_str(), (parent + "renamed").c_str()); })), "0");
  EXPECT_EQ(run_as(kAlice, kAlice, [&] { return size_at(old_way); }), "ENOENT");
  EXPECT_EQ(run_as(kBob, kBob, [&] { return slurp(new_way); }), "deep");
  ASSERT_EQ(deny(real(path(kMiddle / 2, "")), user(kBob), "x"), 0);
  EXPECT_EQ(run_as(kBob, kBob, [&] { return slurp(new_way); }), "!EACCES");
  EXPECT_EQ(run_as(kAlice, kAlice, [&] { return slurp(new_way); }), "deep");
}

TEST_F(ScaleTest, NamesThatAreOnlyListedAreNotRemembered) {
  const int entries = size_or(100'000);
  make_dir(real("d"), 0755);
  for (int f = 0; f < entries; ++f) make_empty_file(real("d/" + long_name(f)));
  const long before = resident();
  const auto count = [&] { return std::to_string(names_in(at("d")).size()); };
  EXPECT_EQ(run_as(kAlice, kAlice, count), std::to_string(entries));
  EXPECT_EQ(run_as(kBob, kBob, count), std::to_string(entries));
  const long grown = resident() - before;
  std::cout << entries << " names, " << grown / 1024 << " kB more\n";
  // The kernel asks for the attributes of the first few in any case.
  EXPECT_LT(nodes_held(), 2000);
  if (measures()) {
    EXPECT_LE(grown, 4 << 20);
  }
}

/// What one client does, 200 operations, and what came of it: nothing if all was right, else what was not.
std::string mixed_operations(const std::string& root, int client) {
  const std::string mine = root + "/" + std::to_string(client);
  const std::string content = "of client " + std::to_string(client);
  const auto wrong = [&](const std::string& what) { return what + ": " + errno_name(errno); };
  if (::mkdir(mine.c_str(), 0755) != 0) return wrong("mkdir");
  for (int round = 0; round < 14; ++round) {
    struct stat st {};
    const std::string file = mine + "/f" + std::to_string(round);
    if (spill(file, content, O_CREAT | O_EXCL | O_WRONLY) != 0) return wrong("create and write");
    if (slurp(file) != content) return wrong("read");
    if (::lstat(file.c_str(), &st) != 0 || st.st_size != static_cast<off_t>(content.size())) return wrong("stat");
    if (::link(file.c_str(), (mine + "/link").c_str()) != 0) return wrong("link");
    if (::lstat((mine + "/link").c_str(), &st) != 0 || st.st_nlink != 2) return wrong("stat of the link");
    if (::unlink((mine + "/link").c_str()) != 0) return wrong("unlink of the link");
    if (::rename(file.c_str(), (file + ".new").c_str()) != 0) return wrong("rename");
    if (::lstat(file.c_str(), &st) == 0 || errno != ENOENT) return wrong("stat of the old name");
    if (::truncate((file + ".new").c_str(), 2) != 0) return wrong("truncate");
    if (slurp(file + ".new") != "of") return wrong("read of what is left");
    if (::symlink("nowhere", (mine + "/s").c_str()) != 0 || ::unlink((mine + "/s").c_str()) != 0) return wrong("symlink");
    if (slurp(root + "/shared") != "content") return wrong("read of the shared file");
    if (try_open(root + "/secret", O_RDONLY) == 0 || errno != EACCES) return wrong("open of the secret file");
    if (try_open(root + "/shared", O_WRONLY) == 0 || errno != EACCES) return wrong("open of the shared file for writing");
  }
  if (names_in(mine).size() != 14) return wrong("list");
  return {};
}

TEST_F(ScaleTest, SixtyFourClientsAtOnceGetRightAnswers) {
  constexpr int kClients = 64;
  make_dir(mount().backing(), 01777);
  make_file(real("shared"), 0644);
  make_file(real("secret"), 0600);
  std::vector<std::unique_ptr<User>> clients;
  for (int i = 0; i < kClients; ++i) {
    const auto uid = static_cast<uid_t>(kAlice + static_cast<uid_t>(i) % 8);
    clients.push_back(std::make_unique<User>(uid, uid));
    clients.back()->start({[this, i]() -> long {
      const std::string wrong = mixed_operations(mount().point(), i);
      if (wrong.empty()) return 0;
      std::cerr << "client " << i << ": " << wrong << "\n";
      errno = EPROTO;
      return -1;
    }});
  }
  std::vector<int> results(kClients);
  std::vector<std::thread> waiters;
  for (std::size_t i = 0; i < kClients; ++i) waiters.emplace_back([&, i] { results[i] = clients[i]->run(0); });
  for (std::thread& waiter : waiters) waiter.join();
  while (!clients.empty()) clients.pop_back();  // the last first: each has the pipes of those before it
  EXPECT_EQ(results, std::vector<int>(kClients, 0));
  for (int i = 0; i < kClients; ++i) EXPECT_EQ(names_in(real(std::to_string(i))).size(), 14U) << i;
}

}  // namespace
}  // namespace acefs::test
