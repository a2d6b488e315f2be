// SPDX-License-Identifier: MIT
#include "audit/outlet.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <vector>

namespace acefs::audit {
namespace {

std::shared_ptr<const std::string> line(const std::string& text) { return std::make_shared<const std::string>(text); }

/// Takes lines once it is opened.
class Gate {
 public:
  Outlet::Write write() {
    return [this](const std::string& text) {
      std::unique_lock lock(mutex_);
      entered_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return open_; });
      lines_.push_back(text);
      return true;
    };
  }
  void wait_until_somebody_is_in_it() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return entered_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Once nobody is in it any more.
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool entered_ = false;
  bool open_ = false;
  std::vector<std::string> lines_;
};

TEST(OutletTest, LinesGetOutInOrderBeforeItEnds) {
  std::vector<std::string> lines;
  {
    Outlet outlet("test", 100, true, [&](const std::string& text) {
      lines.push_back(text);
      return true;
    });
    for (const char* text : {"a", "b", "c"}) outlet.put(line(text));
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(OutletTest, WhatDoesNotFitIsLostAndCountedAndNobodyWaits) {
  Gate gate;
  Outlet outlet("test", 2, false, gate.write());
  outlet.put(line("in the gate"));
  gate.wait_until_somebody_is_in_it();
  for (int i = 0; i < 5; ++i) outlet.put(line(std::to_string(i)));  // would hang here
  EXPECT_EQ(outlet.lost(), 3u);
  gate.open();
}

TEST(OutletTest, ALineTellsOfThoseThatWereLost) {
  Gate gate;
  {
    Outlet outlet("test", 1, true, gate.write());
    outlet.put(line("first"));
    gate.wait_until_somebody_is_in_it();
    for (const char* text : {"second", "lost", "lost too"}) outlet.put(line(text));
    gate.open();
  }
  const std::vector<std::string>& lines = gate.lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], "first");
  EXPECT_NE(lines[1].find(R"("operation":"lost","records":2)"), std::string::npos) << lines[1];
  EXPECT_EQ(lines[2], "second");
}

TEST(OutletTest, WhatCannotBeWrittenIsLost) {
  std::promise<void> tried;
  Outlet outlet("test", 10, false, [&](const std::string& text) -> bool {
    if (text == "last") tried.set_value();
    if (text == "throws") throw std::runtime_error("no");
    return text == "fine";
  });
  for (const char* text : {"fails", "throws", "fine", "last"}) outlet.put(line(text));
  tried.get_future().wait();
  EXPECT_EQ(outlet.written(), 1u);
  EXPECT_GE(outlet.lost(), 2u);
}

}  // namespace
}  // namespace acefs::audit
