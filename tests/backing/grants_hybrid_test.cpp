// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "store_fixture.hpp"

namespace acefs::backing {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = kDefaultPrefix;
constexpr std::string_view kMetadata = "user.oc.md.";

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

std::map<std::string, std::string> attributes_of(const json& object) {
  std::map<std::string, std::string> attributes;
  for (const auto& [name, hex] : object.items()) attributes[name] = from_hex(hex.get<std::string>());
  return attributes;
}

test::Values grants_in(const std::map<std::string, std::string>& attributes) {
  test::Values grants;
  for (const auto& [name, value] : attributes) {
    if (name.starts_with(kPrefix)) grants[name.substr(kPrefix.size())] = value;
  }
  return grants;
}

/// Plays OpenCloud's steps through the store, and compares what lies on disk after each.
class HybridTest : public test::StoreTest {
 protected:
  HybridTest() : StoreTest({.overflow = Overflow::Always}) {}

  void play(const json& step) {
    if (step.contains("remove")) {
      ASSERT_EQ(remove(step.at("remove").get<std::string>().substr(kPrefix.size())), 0);
      return;
    }
    std::vector<Change> changes;
    bool metadata = false;
    for (const auto& [name, value] : attributes_of(step.at("set"))) {
      metadata = metadata || name.starts_with(kMetadata);
      if (name.starts_with(kPrefix)) {
        changes.push_back({name.substr(kPrefix.size()), value});
      } else {
        set_raw(name, value);
      }
    }
    // The one difference: `md.*` attributes are no business of the store, which looks at them when grants change.
    const auto grants = read();
    if (metadata && changes.empty() && !grants.empty()) changes.push_back({grants.begin()->first, grants.begin()->second});
    ASSERT_EQ(apply(changes), 0);
  }

  void compare(const json& state) {
    EXPECT_EQ(xattrs(), attributes_of(state.at("xattrs")));
    const auto grants = store.read(node.get());
    ASSERT_TRUE(grants);
    EXPECT_EQ(grants->values, grants_in(attributes_of(state.at("effective"))));
    ASSERT_EQ(grants->side_path, state.value("mpk_path", ""));
    if (grants->side_path.empty()) return;
    EXPECT_EQ(side(grants->side_path), unpack(from_hex(state.at("mpk_hex").get<std::string>())));
  }
};

TEST_F(HybridTest, LeavesOnDiskWhatOpenCloudLeaves) {
  std::ifstream file(ACEFS_TEST_DATA "/hybrid_public.jsonl");
  ASSERT_TRUE(file);
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const json one = json::parse(line);
    SCOPED_TRACE(one.at("id").get<std::string>() + ": " + one.at("note").get<std::string>());
    for (const json& state : one.at("states")) {
      play(state.at("step"));
      compare(state);
      if (HasFailure()) return;
    }
    ASSERT_EQ(::unlinkat(root.get(), "node", AT_REMOVEDIR), 0);
    node = make_dir("node");
  }
  EXPECT_GE(cases, 10);
}

TEST_F(HybridTest, ReadsWhatOpenCloudLeft) {
  std::ifstream file(ACEFS_TEST_DATA "/hybrid_public.jsonl");
  ASSERT_TRUE(file);
  for (std::string line; std::getline(file, line);) {
    const json one = json::parse(line);
    SCOPED_TRACE(one.at("id").get<std::string>());
    for (const json& state : one.at("states")) {
      ASSERT_EQ(::unlinkat(root.get(), "node", AT_REMOVEDIR), 0);
      node = make_dir("node");
      for (const auto& [name, value] : attributes_of(state.at("xattrs"))) set_raw(name, value);
      const std::string path = state.value("mpk_path", "");
      if (!path.empty()) write_bytes(path, from_hex(state.at("mpk_hex").get<std::string>()));
      EXPECT_EQ(read(), grants_in(attributes_of(state.at("effective"))));
    }
  }
}

}  // namespace
}  // namespace acefs::backing
