// SPDX-License-Identifier: MIT
#include "daemon/file_watch.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <vector>

#include "support/temp_dir.hpp"

namespace acefs::daemon {
namespace {

class FileWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(dir_.at("etc"));
    put("old");
  }
  std::string file() const { return dir_.at("etc/a.toml"); }
  static void spill(const std::string& to, const std::string& text) { std::ofstream(to) << text; }
  /// A new file in the place of the one that is there.
  void put(const std::string& text) const {
    spill(dir_.at("new"), text);
    std::filesystem::rename(dir_.at("new"), file());
  }
  void start() {
    watch_ = std::make_unique<FileWatch>(file());
    watch_->start([this] {
      std::ostringstream text;
      text << std::ifstream(file()).rdbuf();
      const std::lock_guard lock(mutex_);
      seen_.push_back(text.str());
      told_.notify_all();
    });
  }
  /// Whether it is told that the file says so. Everything told before is in `seen_`.
  bool is_told(const std::string& text) {
    std::unique_lock lock(mutex_);
    return told_.wait_for(lock, std::chrono::seconds(10), [&] { return !seen_.empty() && seen_.back() == text; });
  }
  bool was_seen(const std::string& text) {
    const std::lock_guard lock(mutex_);
    return std::find(seen_.begin(), seen_.end(), text) != seen_.end();
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return seen_.size();
  }

  acefs::test::TempDir dir_;
  std::mutex mutex_;
  std::condition_variable told_;
  std::vector<std::string> seen_;
  std::unique_ptr<FileWatch> watch_;
};

TEST_F(FileWatchTest, ANewFileInItsPlaceIsTold) {
  start();
  put("new");
  EXPECT_TRUE(is_told("new"));
}

TEST_F(FileWatchTest, WhatIsHalfWrittenIsNotRead) {
  start();
  const UniqueFd fd(::open(file().c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  spill(dir_.at("etc/other"), "x");
  std::filesystem::rename(dir_.at("etc/other"), dir_.at("etc/another"));
  ASSERT_EQ(::write(fd.get(), "ha", 2), 2);
  spill(dir_.at("etc/other"), "x");
  put("whole");
  ASSERT_TRUE(is_told("whole"));
  EXPECT_FALSE(was_seen(""));
  EXPECT_FALSE(was_seen("ha"));
}

TEST_F(FileWatchTest, WhatIsBeingMadeIsNotReadBeforeItIsClosed) {
  std::filesystem::remove(file());
  start();
  UniqueFd fd(::open(file().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  spill(dir_.at("etc/other"), "x");
  ASSERT_EQ(::write(fd.get(), "whole", 5), 5);
  fd = UniqueFd();
  ASSERT_TRUE(is_told("whole"));
  EXPECT_FALSE(was_seen(""));
}

TEST_F(FileWatchTest, WhatIsWrittenInPlaceIsToldOnceItIsClosed) {
  start();
  spill(file(), "written");
  EXPECT_TRUE(is_told("written"));
  std::filesystem::remove(file());
  spill(dir_.at("complete"), "linked");
  std::filesystem::create_hard_link(dir_.at("complete"), file());
  EXPECT_TRUE(is_told("linked"));
}

TEST_F(FileWatchTest, OtherFilesOfTheDirectoryAreNotItsBusiness) {
  start();
  for (int i = 0; i < 20; ++i) spill(dir_.at("etc/other"), "x");
  put("new");
  ASSERT_TRUE(is_told("new"));
  EXPECT_EQ(count(), 1u);
}

TEST_F(FileWatchTest, ALinkOnTheWayThatLeadsElsewhereIsTold) {
  std::filesystem::create_directory(dir_.at("one"));
  std::filesystem::create_directory(dir_.at("two"));
  spill(dir_.at("one/a.toml"), "one");
  spill(dir_.at("two/a.toml"), "two");
  std::filesystem::create_symlink("one", dir_.at("data"));
  std::filesystem::remove(file());
  std::filesystem::create_symlink("../data/a.toml", file());
  start();
  std::filesystem::create_symlink("two", dir_.at("data.new"));
  std::filesystem::rename(dir_.at("data.new"), dir_.at("data"));
  EXPECT_TRUE(is_told("two"));
  spill(dir_.at("two/a.toml"), "more");
  EXPECT_TRUE(is_told("more"));
}

}  // namespace
}  // namespace acefs::daemon
