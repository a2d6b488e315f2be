// SPDX-License-Identifier: MIT
#include "audit/trail.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "support/temp_dir.hpp"

namespace acefs::audit {
namespace {

Record record(acl::EntryKind kind) {
  Record record;
  record.operation = "open";
  record.path = "/f";
  record.watchers = {{kind, "/", "U:S:alice:r"}};
  return record;
}

int lines_in(const std::string& path) {
  std::ifstream file(path);
  int count = 0;
  for (std::string line; std::getline(file, line);) ++count;
  return count;
}

TEST(TrailTest, AlarmsGoToTheCommandToo) {
  const test::TempDir dir;
  std::ofstream(dir.at("script")) << "#!/bin/sh\ncat >> " << dir.at("alarms") << "\n";
  ::chmod(dir.at("script").c_str(), 0755);
  {
    Trail trail({.log = "file:" + dir.at("log"), .alarm_socket = {}, .alarm_command = dir.at("script")});
    trail.take(record(acl::EntryKind::Audit));
    trail.take(record(acl::EntryKind::Alarm));
  }
  EXPECT_EQ(lines_in(dir.at("log")), 2);
  EXPECT_EQ(lines_in(dir.at("alarms")), 1);
}

TEST(TrailTest, CountsWhatBecameOfEachRecord) {
  const test::TempDir dir;
  Trail trail({.log = "file:" + dir.at("log"), .alarm_socket = dir.at("nobody"), .alarm_command = {}});
  trail.take(record(acl::EntryKind::Alarm));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while ((trail.log().written == 0 || trail.socket().lost == 0) && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(trail.log().written, 1u);
  EXPECT_EQ(trail.socket().lost, 1u);
  EXPECT_EQ(trail.command().written + trail.command().lost, 0u);
}

TEST(TrailTest, SaysWhichTargetCannotBeUsed) {
  try {
    Trail trail({.log = "file:/nonexistent/log", .alarm_socket = {}, .alarm_command = {}});
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "option audit_to: /nonexistent/log: No such file or directory");
  }
}

}  // namespace
}  // namespace acefs::audit
