// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "acefs/acl/ace.hpp"
#include "support/temp_dir.hpp"

namespace acefs::tool::test {

/// What a tool printed, and its exit code.
struct Output {
  int exit = -1;
  std::string out;
  std::string err;
};

/// The clock of all runs: 2026-01-01T00:00:00Z.
inline constexpr acl::TimePoint kNow = 1'767'225'600'000'000'000;

/// Runs setace, getace and acectl in process.
Output setace(const std::vector<std::string>& args, const std::string& input = "");
Output getace(const std::vector<std::string>& args, const std::string& input = "");
Output acectl(const std::vector<std::string>& args, const std::string& input = "");

/// A test in a fresh tree that is the current directory, as root: it has a `.oc-nodes`, a file "f", a directory "d" with a file
/// "d/a" and a directory "d/e".
class ToolTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// The entries that getace prints of a node, without header and annotations' shared times.
  std::string entries(const std::string& path);
  /// The bytes of a grant, by what follows the prefix; "!" when there is none.
  std::string stored(const std::string& path, const std::string& key);
  void store(const std::string& path, const std::string& key, const std::string& value);
  std::string root() const { return dir_.path(); }

 private:
  acefs::test::TempDir dir_;
  std::string before_;
};

}  // namespace acefs::tool::test
