// SPDX-License-Identifier: MIT
// Several clients at once who do everything that clients do, for as long as ACEFS_SOAK_SECONDS says (5): no answer is wrong, and the daemon
// has at the end what it had when it was warm.
#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "../support/sanitized.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kClients = 8;
constexpr unsigned kFiles = 60;  // that a client has at most
constexpr uid_t kFirstUid = 21'000;

uid_t uid_of(int client) { return kFirstUid + static_cast<uid_t>(client); }
std::string home_of(int client) { return "home" + std::to_string(client); }

/// One client. He knows what is in his files, because nobody else may write them.
class Client {
 public:
  Client(std::string point, int number, Clock::time_point until)
      : point_(std::move(point)), home_(point_ + "/" + home_of(number)), number_(number), until_(until), random_(static_cast<unsigned>(number) + 1) {}

  /// "" or what went wrong; the number of steps that he did goes to `told`.
  std::string run(long& steps) {
    for (steps = 0; Clock::now() < until_; ++steps) {
      if (const std::string wrong = step(); !wrong.empty()) return wrong + " (" + errno_name(errno) + ") after " + std::to_string(steps) + " steps";
    }
    return "";
  }

 private:
  unsigned below(unsigned count) { return static_cast<unsigned>(random_() % count); }
  std::string name_of(unsigned file) const { return home_ + "/d" + std::to_string(file % 4) + "/f" + std::to_string(file); }
  std::string content(unsigned seed, unsigned size) const {
    std::string bytes(size, '\0');
    for (unsigned i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (seed + i * 7 + i / 4096) % 26);
    return bytes;
  }

  std::string step() {
    const unsigned file = below(kFiles);
    switch (below(14)) {
      case 0: return write_whole(file);
      case 1: return read_whole(file);
      case 2: return append(file);
      case 3: return write_by_a_mapping(file);
      case 4: return rename(file, below(kFiles));
      case 5: return remove(file);
      case 6: return truncate(file);
      case 7: return grant(file);
      case 8: return list();
      case 9: return tree();
      case 10: return links(file);
      case 11: return attributes(file);
      case 12: return lock(file);
      default: return visit();
    }
  }

  std::string write_whole(unsigned file) {
    const std::string bytes = content(static_cast<unsigned>(random_()), below(4) == 0 ? 100'000 + below(300'000) : below(9'000));
    if (spill(name_of(file), bytes, O_CREAT | O_WRONLY | O_TRUNC, 0600) != 0) return "write";
    has_[file] = bytes;
    return "";
  }
  std::string read_whole(unsigned file) {
    const auto known = has_.find(file);
    const std::string found = slurp(name_of(file));
    return found == (known == has_.end() ? "!ENOENT" : known->second) ? "" : "other content in " + name_of(file);
  }
  std::string append(unsigned file) {
    if (!has_.contains(file)) return "";
    const std::string bytes = content(static_cast<unsigned>(random_()), 1 + below(5'000));
    if (spill(name_of(file), bytes, O_WRONLY | O_APPEND) != 0) return "append";
    has_[file] += bytes;
    return "";
  }
  std::string write_by_a_mapping(unsigned file) {
    const auto known = has_.find(file);
    if (known == has_.end() || known->second.empty()) return "";
    const UniqueFd fd(::open(name_of(file).c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) return "open to map";
    std::string& bytes = known->second;
    auto* map = static_cast<char*>(::mmap(nullptr, bytes.size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0));
    if (map == MAP_FAILED) return "map";
    const unsigned at = below(static_cast<unsigned>(bytes.size()));
    const bool same = std::equal(bytes.begin(), bytes.end(), map);
    map[at] = bytes[at] = 'M';
    ::munmap(map, bytes.size());
    return same ? "" : "other content mapped from " + name_of(file);
  }
  std::string rename(unsigned file, unsigned to) {
    if (!has_.contains(file) || file == to) return "";
    if (std::rename(name_of(file).c_str(), name_of(to).c_str()) != 0) return "rename";
    has_[to] = std::move(has_[file]);
    has_.erase(file);
    return "";
  }
  std::string remove(unsigned file) {
    const bool there = has_.erase(file) > 0;
    const int result = ::unlink(name_of(file).c_str());
    return there ? (result == 0 ? "" : "unlink") : (result != 0 && errno == ENOENT ? "" : "unlink of what is not there");
  }
  std::string truncate(unsigned file) {
    const auto known = has_.find(file);
    if (known == has_.end()) return "";
    const unsigned size = below(20'000);
    if (::truncate(name_of(file).c_str(), size) != 0) return "truncate";
    known->second.resize(size);
    return "";
  }
  /// To the next client, who may then read it or not; he tries in visit().
  std::string grant(unsigned file) {
    if (!has_.contains(file)) return "";
    const std::string who = user(uid_of((number_ + 1) % kClients));
    int result = 0;
    switch (below(3)) {
      case 0: result = allow(name_of(file), who, "r"); break;
      case 1: result = deny(name_of(file), who, "r"); break;
      default:
        result = remove_allow(name_of(file), who);
        if (result != 0 && errno == ENODATA) result = 0;
    }
    return result == 0 ? "" : "grant";
  }
  std::string list() {
    std::set<std::string> expected;
    const unsigned d = below(4);
    for (const auto& [file, bytes] : has_)
      if (file % 4 == d) expected.insert("f" + std::to_string(file));
    const auto names = names_in(home_ + "/d" + std::to_string(d));
    return std::set<std::string>(names.begin(), names.end()) == expected ? "" : "other names listed in " + home_ + "/d" + std::to_string(d);
  }
  std::string tree() {
    const std::string top = home_ + "/tree";
    std::string path = top;
    for (int i = 0; i < 6; ++i, path += "/d")
      if (::mkdir(path.c_str(), 0700) != 0) return "mkdir";
    if (std::rename(top.c_str(), (home_ + "/moved").c_str()) != 0) return "rename of a tree";
    erase(home_ + "/moved");
    return exists(top) ? "the tree is still there" : "";
  }
  std::string links(unsigned file) {
    if (!has_.contains(file)) return "";
    const std::string other = home_ + "/link";
    if (::link(name_of(file).c_str(), other.c_str()) != 0) return "link";
    const bool same = slurp(other) == has_[file];
    if (::unlink(other.c_str()) != 0 || ::symlink(name_of(file).c_str(), other.c_str()) != 0) return "symlink";
    const bool same_again = slurp(other) == has_[file];
    return ::unlink(other.c_str()) != 0 ? "unlink of a link" : same && same_again ? "" : "other content by a link";
  }
  std::string attributes(unsigned file) {
    if (!has_.contains(file)) return "";
    const std::string value = std::to_string(random_());
    if (set_attribute(name_of(file), "user.soak", value) != 0) return "setxattr";
    if (::chmod(name_of(file).c_str(), below(2) == 0 ? 0600 : 0640) != 0) return "chmod";
    return get_attribute(name_of(file), "user.soak") == value ? "" : "another attribute";
  }
  std::string lock(unsigned file) {
    if (!has_.contains(file)) return "";
    const UniqueFd fd(::open(name_of(file).c_str(), O_RDWR | O_CLOEXEC));
    struct flock whole {};
    whole.l_type = F_WRLCK;
    if (!fd || ::fcntl(fd.get(), F_SETLK, &whole) != 0 || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return "lock";
    return "";
  }
  /// In another client's home, where he may do nothing but read what he was granted.
  std::string visit() {
    const int other = static_cast<int>(below(kClients));
    const unsigned file = below(kFiles);
    const std::string path = point_ + "/" + home_of(other) + "/d" + std::to_string(file % 4) + "/f" + std::to_string(file);
    if (other == number_) return "";
    if (try_open(path, O_RDONLY) != 0 && errno != EACCES && errno != ENOENT && errno != ESTALE) return "open of " + path;
    if (try_open(path, O_WRONLY) == 0) return "may write " + path;
    if (other != (number_ + kClients - 1) % kClients && try_open(path, O_RDONLY) == 0) return "may read " + path;
    return "";
  }

  const std::string point_;
  const std::string home_;
  const int number_;
  const Clock::time_point until_;
  std::mt19937 random_;
  std::map<unsigned, std::string> has_;  ///< content of his files
};

class SoakTest : public MountedTest {
 protected:
  static std::chrono::seconds duration() {
    const char* seconds = std::getenv("ACEFS_SOAK_SECONDS");
    return std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : 5);
  }
  struct Uses {
    long memory = 0;  ///< KiB
    long descriptors = 0;
    long nodes = 0;
  };
  Uses uses() {
    Uses now;
    const std::string proc = "/proc/" + std::to_string(mount().pid());
    const std::string status = slurp(proc + "/status");
    now.memory = std::atol(status.c_str() + status.find("RssAnon:") + 8);
    now.descriptors = static_cast<long>(names_in(proc + "/fd").size());
    const std::string told = get_attribute(at("."), "system.acefs.status");
    now.nodes = std::atol(told.c_str() + told.find("\nnodes=") + 7);
    return now;
  }
};

TEST_F(SoakTest, ManyClientsAreAnsweredRightlyAndLeaveNothingBehind) {
  for (int i = 0; i < kClients; ++i) {
    make_dir(real(home_of(i)), 0711, uid_of(i), uid_of(i));
    for (const char* d : {"/d0", "/d1", "/d2", "/d3"}) make_dir(real(home_of(i) + d), 0711, uid_of(i), uid_of(i));
  }
  const Uses fresh = uses();
  const auto begin = Clock::now();
  const auto until = begin + duration();
  std::vector<pid_t> clients;
  std::vector<UniqueFd> answers;
  for (int i = 0; i < kClients; ++i) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    answers.emplace_back(ends[0]);
    const UniqueFd answer(ends[1]);
    clients.push_back(::fork());
    if (clients.back() == 0) {
      if (::setgroups(0, nullptr) != 0 || ::setresgid(uid_of(i), uid_of(i), uid_of(i)) != 0 || ::setresuid(uid_of(i), uid_of(i), uid_of(i)) != 0) ::_exit(1);
      long steps = 0;
      const std::string wrong = Client(mount().point(), i, until).run(steps);
      const std::string said = std::to_string(steps) + " " + wrong;
      ::_exit(::write(answer.get(), said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
    }
  }
  std::this_thread::sleep_until(begin + duration() / 4);
  const Uses warm = uses();
  std::this_thread::sleep_until(begin + duration() / 2);
  const Uses half = uses();
  std::this_thread::sleep_until(until - duration() / 20);
  const Uses late = uses();
  long steps = 0;
  for (int i = 0; i < kClients; ++i) {
    std::array<char, 512> said{};
    EXPECT_GT(::read(answers[static_cast<std::size_t>(i)].get(), said.data(), said.size() - 1), 0) << "client " << i << " died";
    const std::string text = said.data();
    steps += std::atol(text.c_str());
    EXPECT_EQ(text.substr(std::min(text.find(' '), text.size())), " ") << "client " << i;
    int status = -1;
    ::waitpid(clients[static_cast<std::size_t>(i)], &status, 0);
    EXPECT_EQ(status, 0);
  }
  for (int i = 0; i < kClients; ++i) erase(real(home_of(i)));
  const Uses after = uses();
  std::cout << duration().count() << " s, " << kClients << " clients, " << steps << " steps; of the daemon KiB, descriptors, nodes:";
  for (const Uses& u : {fresh, warm, half, late, after}) std::cout << "  " << u.memory << ", " << u.descriptors << ", " << u.nodes;
  std::cout << "\n";
  EXPECT_GT(steps, 0);
  EXPECT_LE(after.descriptors, fresh.descriptors + 64) << "held for directories at most, of which there were " << 6 * kClients;
  if (measures()) {
    EXPECT_LE(late.memory, warm.memory + warm.memory / 4 + 4096) << "KiB, where warm was " << warm.memory;
  }
}

}  // namespace
}  // namespace acefs::test
