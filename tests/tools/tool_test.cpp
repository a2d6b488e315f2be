// SPDX-License-Identifier: MIT
#include "tool_test.hpp"

#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "acectl/run.hpp"
#include "common/io.hpp"
#include "getace/run.hpp"
#include "setace/run.hpp"
#include "support/nodes.hpp"

namespace acefs::tool::test {

namespace {

constexpr const char* kPrefix = "user.oc.grant.";

template <typename Run>
Output run_tool(Run run, const std::vector<std::string>& args, const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out, err;
  Io io{in, out, err, [] { return kNow; }};
  const int exit = run(args, io);
  return {exit, out.str(), err.str()};
}

}  // namespace

Output setace(const std::vector<std::string>& args, const std::string& input) {
  return run_tool(setace::run, args, input);
}
Output getace(const std::vector<std::string>& args, const std::string& input) {
  return run_tool(getace::run, args, input);
}
Output acectl(const std::vector<std::string>& args, const std::string& input) {
  return run_tool(acectl::run, args, input);
}

void ToolTest::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "creators and owners are root's here";
  before_ = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  using namespace acefs::test;
  make_dir(".oc-nodes", 0700);
  make_file("f", 0644);
  make_dir("d", 0755);
  make_file("d/a", 0644);
  make_dir("d/e", 0755);
  if (::setxattr("f", "user.acefs", "1", 1, 0) != 0) GTEST_SKIP() << "no user attributes on this filesystem";
}

void ToolTest::TearDown() {
  if (!before_.empty()) std::filesystem::current_path(before_);
}

std::string ToolTest::entries(const std::string& path) {
  std::istringstream all(getace({"-c", path}).out);
  std::string lines;
  for (std::string line; std::getline(all, line);) {
    if (const auto annotations = line.find(" #"); annotations != std::string::npos) line.resize(annotations);
    if (!line.empty()) lines += line + '\n';
  }
  return lines;
}

std::string ToolTest::stored(const std::string& path, const std::string& key) {
  char value[1024];
  const ssize_t size = ::lgetxattr(path.c_str(), (kPrefix + key).c_str(), value, sizeof value);
  return size < 0 ? "!" : std::string(value, static_cast<std::size_t>(size));
}

void ToolTest::store(const std::string& path, const std::string& key, const std::string& value) {
  ASSERT_EQ(::lsetxattr(path.c_str(), (kPrefix + key).c_str(), value.data(), value.size(), 0), 0);
}

}  // namespace acefs::tool::test
