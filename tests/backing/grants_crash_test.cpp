// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <random>

#include "store_fixture.hpp"

namespace acefs::backing {
namespace {

using test::kId;
using test::kMarker;
using test::nth_user;
using test::value_of;
using test::Values;

std::string full(const std::string& key) { return "user.oc.grant." + key; }

/// Every state that a crash can leave, made by hand; each must read as old or new, and take the next change.
class CrashTest : public test::StoreTest {
 protected:
  CrashTest() : StoreTest({.overflow = Overflow::Always}) {}

  void start_over() {
    std::filesystem::remove_all(dir.at("node"));
    std::filesystem::remove_all(dir.at(".oc-nodes"));
    node = make_dir("node");
    for (const auto& [key, value] : old) set_raw(full(key), value);
  }

  Attributes attributes(const Values& values) const {
    Attributes all;
    for (const auto& [key, value] : values) all[full(key)] = value;
    return all;
  }

  const Values old{{"u:allowed", value_of("rw")}, {"u:denied", value_of("", "D")}, {"D:u:part", value_of("w", "D")}};
  const Values more = [this] {
    Values values = old;
    values["u:new"] = value_of("r");
    return values;
  }();
  const std::string id = "12345678-abcd";
  const std::string path = ".oc-nodes/12/34/56/78/-abcd.mpk";
};

TEST_F(CrashTest, EveryStateOfAMoveReadsAsOldOrNew) {
  const std::function<void()> steps[] = {
      [&] { write_side(path, attributes(more)); },
      [&] { set_raw(kId, id); },
      [&] { set_raw(kMarker, "1"); },
      [&] { remove_raw(full("u:denied")); },
      [&] { remove_raw(full("u:allowed")); },
      [&] { remove_raw(full("D:u:part")); },
  };
  constexpr std::size_t kMarkerSet = 3;
  for (std::size_t crash = 0; crash <= std::size(steps); ++crash) {
    start_over();
    for (std::size_t i = 0; i < crash; ++i) steps[i]();
    Values expected = crash >= kMarkerSet ? more : old;
    EXPECT_EQ(read(), expected) << crash;

    // Whoever comes next finishes it, and loses nothing.
    std::vector<Change> changes;
    for (int i = 0; i < 12; ++i) {
      changes.push_back({nth_user(i), value_of("r")});
      expected[nth_user(i)] = value_of("r");
    }
    changes.push_back({"u:allowed", std::nullopt});
    expected.erase("u:allowed");
    EXPECT_EQ(apply(changes), 0) << crash;
    EXPECT_EQ(read(), expected) << crash;
    EXPECT_EQ(xattrs().size(), 2u) << crash;
  }
}

TEST_F(CrashTest, AShortenedValueIsMadeWholeByTheNextMove) {
  start_over();
  write_side(path, attributes(more));
  set_raw(full("u:allowed"), std::string("\0t=A:p=rw", 9));
  set_raw(kId, id);
  EXPECT_EQ(read().size(), old.size());
  std::vector<Change> changes;
  for (int i = 0; i < 12; ++i) changes.push_back({nth_user(i), value_of("r")});
  EXPECT_EQ(apply(changes), 0);
  EXPECT_EQ(read().at("u:allowed"), old.at("u:allowed"));
  EXPECT_FALSE(read().contains("u:new"));  // was never promised
}

TEST_F(CrashTest, EveryStateOfARemovalReadsAsOldOrNew) {
  Values less = old;
  less.erase("u:allowed");
  for (const std::string key : {"u:allowed", "u:denied"}) {
    Values removed = old;
    removed.erase(key);
    start_over();  // the stale copies are the old grants themselves
    set_raw(kId, id);
    set_raw(kMarker, "1");
    write_side(path, attributes(old));
    for (const auto& [stale, value] : old) {
      EXPECT_EQ(read(), old);
      remove_raw(full(stale));
    }
    EXPECT_EQ(read(), old);
    write_side(path, attributes(removed));
    EXPECT_EQ(read(), removed);
  }
}

/// Runs `change` in a child that is killed after `life`; how long it lived.
std::chrono::nanoseconds run_for(std::chrono::nanoseconds life, const std::function<void()>& change) {
  int ready[2];
  EXPECT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ready[0]);
    (void)!::write(ready[1], "", 1);
    change();
    ::_exit(0);
  }
  ::close(ready[1]);
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  const auto start = std::chrono::steady_clock::now();
  pollfd ended{.fd = ready[0], .events = 0, .revents = 0};
  const timespec wait{.tv_sec = life.count() / 1'000'000'000, .tv_nsec = life.count() % 1'000'000'000};
  ::ppoll(&ended, 1, &wait, nullptr);
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  ::close(ready[0]);
  return std::chrono::steady_clock::now() - start;
}

/// Kills children at random moments of `change`; what each leaves must pass `verify`, which also starts over.
void kill_at_any_moment(const std::function<void()>& change, const std::function<void()>& verify) {
  constexpr int kRounds = 40;
  const auto whole = run_for(std::chrono::seconds(10), change);
  verify();
  std::mt19937 random(4711);
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    run_for(whole * (random() % 1000) / 1000, change);
    verify();
  }
}

TEST_F(CrashTest, AKilledMoveLeavesOldOrNew) {
  std::vector<Change> changes;
  Values after = old;
  for (int i = 0; i < 12; ++i) {
    changes.push_back({nth_user(i), value_of("r")});
    after[nth_user(i)] = value_of("r");
  }
  changes.push_back({"u:allowed", std::nullopt});
  after.erase("u:allowed");
  start_over();
  int moved = 0;
  kill_at_any_moment([&] { (void)store.apply(node.get(), changes); },
                     [&] {
                       const Values now = read();
                       EXPECT_TRUE(now == old || now == after) << now.size();
                       if (now == after) ++moved;
                       start_over();
                     });
  EXPECT_GT(moved, 0);
}

TEST_F(CrashTest, AKilledChangeOfASideFileLeavesOldOrNew) {
  start_over();
  set_raw(kId, id);
  write_side(path, attributes(old));
  set_raw(kMarker, "1");
  const std::vector<Change> changes{{"u:allowed", std::nullopt}, {"u:denied", value_of("r")}, {"u:new", value_of("r")}};
  const Values after{{"u:denied", value_of("r")}, {"u:new", value_of("r")}, {"D:u:part", old.at("D:u:part")}};
  kill_at_any_moment([&] { (void)store.apply(node.get(), changes); },
                     [&] {
                       const Values now = read();
                       EXPECT_TRUE(now == old || now == after);
                       write_side(path, attributes(old));
                       for (const auto& [key, value] : old) set_raw(full(key), value);
                     });
}

}  // namespace
}  // namespace acefs::backing
