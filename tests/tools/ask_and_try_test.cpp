// SPDX-License-Identifier: MIT
// What acectl answers is what the daemon then does: over random trees each question is asked, on the mount and on the backing, and tried.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <cerrno>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "support/as_user.hpp"
#include "support/grants.hpp"
#include "support/mount.hpp"
#include "support/nodes.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

using namespace acefs::test;

/// Of a process that is in no group that anything names.
constexpr gid_t kNoGroup = 39999;

struct Try {
  std::string path;  ///< below the root of the tree; of what would be made, its name
  std::string operation;
};

long attempt(const std::string& path, const std::string& operation) {
  const auto opened = [&](int flags) { return static_cast<long>(try_open(path, flags, 0644)); };
  if (operation == "read") return opened(O_RDONLY);
  if (operation == "write") return opened(O_WRONLY);
  if (operation == "readwrite") return opened(O_RDWR);
  if (operation == "append") return opened(O_WRONLY | O_APPEND);
  if (operation == "truncate") return ::truncate(path.c_str(), 0);
  if (operation == "list") return opened(O_RDONLY | O_DIRECTORY);
  if (operation == "traverse") return ::access(path.c_str(), X_OK);
  if (operation == "mkdir") return ::mkdir(path.c_str(), 0755);
  if (operation == "delete") return ::unlink(path.c_str());
  struct stat st {};
  return ::lstat(path.c_str(), &st);
}

class AskAndTryTest : public MountedTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "becomes other users";
    std::ofstream(config()) << "[group.30001]\nmembers = [20001, 20002]\n[group.auditors]\nmembers = [\"20003\"]\n";
    MountedTest::SetUp();
  }
  MountOptions options() const override { return {.options = "config=" + config() + (GetParam() % 3 == 2 ? ",base=none" : "")}; }

  std::string config() const { return config_dir_.at("acefs.toml"); }

  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
  template <typename T>
  T one_of(const std::vector<T>& all) { return all[below(all.size())]; }

  void grow() {
    // Where modes give nothing, an ACE lets everybody through.
    if (GetParam() % 3 == 2) {
      ASSERT_EQ(allow(mount().backing(), "o:EVERYONE@", "x"), 0);
    }
    grow("", 3);
  }
  void grow(const std::string& directory, int depth) {
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string name = directory + (directory.empty() ? "" : "/") + (i == 0 ? "d" : "f");
      const uid_t owner = one_of<uid_t>({0, kAlice, kBob, kCarol});
      const gid_t group = one_of<gid_t>({0, kStaff});
      if (i == 0 && depth > 0) {
        make_dir(real(name), one_of<mode_t>({0755, 0711, 0700, 0770, 01777}), owner, group);
        directories_.push_back(name);
        grow(name, depth - 1);
      } else {
        make_file(real(name), one_of<mode_t>({0644, 0600, 0660, 0444, 0000}), "x", owner, group);
        files_.push_back(name);
      }
      for (std::size_t aces = below(4); aces > 0; --aces) add_ace(real(name));
    }
  }
  void add_ace(const std::string& path) {
    const std::string who = one_of<std::string>({user(kAlice), user(kBob), user(kCarol), group(kStaff), "g:auditors", "o:EVERYONE@", "o:OWNER@"});
    const std::string letters = one_of<std::string>({"rx", "rwx", "wa", "x", "d", "Dx", "rwaxdDtTnNcCoO", "t"});
    const std::string flags = one_of<std::string>({"", "", "f", "d", "n", "i"});
    const int written = below(3) == 0 ? deny(path, who, letters, flags) : allow(path, who, letters, flags);
    ASSERT_EQ(written, 0);
  }

  std::vector<Try> tries() const {
    std::vector<Try> all;
    for (const std::string& file : files_)
      for (const char* operation : {"stat", "read", "write", "readwrite", "append", "truncate"}) all.push_back({file, operation});
    for (const std::string& directory : directories_) {
      for (const char* operation : {"stat", "list", "traverse"}) all.push_back({directory, operation});
      all.push_back({directory + "/new", "mkdir"});
    }
    return all;
  }

  /// errno's name, a line for each.
  std::vector<std::string> done_by(uid_t uid, const std::vector<Try>& what) {
    const std::string text = run_as(uid, kNoGroup, [&] {
      std::string lines;
      for (const Try& each : what) lines += errno_name(attempt(at(each.path), each.operation) < 0 ? errno : 0) + '\n';
      return lines;
    });
    std::istringstream in(text);
    std::vector<std::string> names;
    for (std::string line; std::getline(in, line);) names.push_back(line);
    return names;
  }

  std::vector<std::string> rules() const {
    std::vector<std::string> args = {"--config", config(), "--root", mount().backing(), "--json"};
    if (GetParam() % 3 == 2) args.insert(args.end(), {"--base", "none"});
    return args;
  }
  std::string told(uid_t uid, const Try& what, bool on_mount) {
    std::vector<std::string> args = {"explain", "--as", std::to_string(uid), "--op", what.operation,
                                     on_mount ? at(what.path) : real(what.path)};
    // On a mount the daemon knows root, rules and who is who.
    const auto more = on_mount ? std::vector<std::string>{"--json"} : rules();
    args.insert(args.end(), more.begin(), more.end());
    const Output answer = acectl(args);
    if (answer.exit > 1) return answer.err;
    const auto json = nlohmann::json::parse(answer.out);
    return json["granted"].get<bool>() ? "0" : json["errno"].get<std::string>();
  }
  std::string reached(uid_t uid, const std::string& letters) {
    std::vector<std::string> args = {"reach", "--as", std::to_string(uid), "--need", letters, mount().backing()};
    const auto more = rules();
    args.insert(args.end(), more.begin(), more.end());
    const Output answer = acectl(args);
    EXPECT_EQ(answer.exit, 0) << answer.err;
    std::istringstream in(answer.out);
    std::string paths;
    for (std::string line; std::getline(in, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json["kind"] == "file") paths += json["path"].get<std::string>().substr(mount().backing().size() + 1) + '\n';
    }
    return paths;
  }

  using MountedTest::mount;
  const Mount& mount() const { return const_cast<AskAndTryTest*>(this)->MountedTest::mount(); }

  TempDir config_dir_;
  std::mt19937 random_{GetParam()};
  std::vector<std::string> files_;
  std::vector<std::string> directories_;
};

TEST_P(AskAndTryTest, WhatIsAnsweredIsWhatTheDaemonDoes) {
  grow();
  const std::vector<Try> all = tries();
  std::size_t granted = 0, refused = 0;
  for (const uid_t uid : {kAlice, kBob, kCarol}) {
    const auto done = done_by(uid, all);
    ASSERT_EQ(done.size(), all.size());
    for (const std::string& directory : directories_) erase(real(directory + "/new"));  // by who may make, and not remove
    std::set<std::string> readable;
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(told(uid, all[i], false), done[i]) << uid << " " << all[i].operation << " " << all[i].path << " on the backing";
      EXPECT_EQ(told(uid, all[i], true), done[i]) << uid << " " << all[i].operation << " " << all[i].path << " on the mount";
      ++(done[i] == "0" ? granted : refused);
      if (all[i].operation == "read" && done[i] == "0") readable.insert(all[i].path);
    }
    std::istringstream in(reached(uid, "r"));
    std::set<std::string> reachable;
    for (std::string line; std::getline(in, line);) reachable.insert(line);
    EXPECT_EQ(reachable, readable) << uid;
  }
  EXPECT_GT(granted, 0u);
  EXPECT_GT(refused, 0u);
}

TEST_P(AskAndTryTest, AnAceThatIsThoughtAddedDoesWhatItThenDoes) {
  grow();
  for (const std::string& file : files_) {
    const std::string entry = one_of<std::string>({"u:20001:rw", "u:20001:r", "D::20001:r", "g:30001:rw", "everyone@:w", "D:g:auditors:rw"});
    const Try what{file, one_of<std::string>({"read", "write"})};
    std::vector<std::string> args = {"explain", "--as", std::to_string(kAlice), "--op", what.operation, "--with", entry, real(file)};
    const auto more = rules();
    args.insert(args.end(), more.begin(), more.end());
    const Output answer = acectl(args);
    ASSERT_LE(answer.exit, 1) << answer.err;
    EXPECT_EQ(setace({"--root", mount().backing(), "-m", entry, real(file)}).exit, 0);
    const auto done = done_by(kAlice, {what});
    EXPECT_EQ(answer.exit == 0, done.at(0) == "0") << entry << " " << what.operation << " " << file << "\n" << answer.out;
  }
}

TEST_P(AskAndTryTest, DeletingToo) {
  grow();
  for (const std::string& file : files_) {
    const uid_t uid = one_of<uid_t>({kAlice, kBob, kCarol});
    const Try what{file, "delete"};
    const std::string answer = told(uid, what, false);
    EXPECT_EQ(done_by(uid, {what}).at(0), answer) << uid << " " << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Trees, AskAndTryTest, ::testing::Range(1u, 6u));

}  // namespace
}  // namespace acefs::tool::test
