// SPDX-License-Identifier: MIT
#include "acefs/principal/config_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "acefs/principal/config_edit.hpp"
#include "support/temp_dir.hpp"

namespace acefs::principal {
namespace {

class ConfigFileTest : public ::testing::Test {
 protected:
  std::string file() const { return dir_.at("acefs.toml"); }
  void write(const std::string& text) const { std::ofstream(file(), std::ios::binary) << text; }
  std::string read() const {
    std::ostringstream text;
    text << std::ifstream(file(), std::ios::binary).rdbuf();
    return text.str();
  }
  std::string change(const std::string& text) const {
    const auto done = change_config(file(), [&](const std::string&, const Config&) -> Parsed<std::string> { return text; });
    return done ? *done ? "changed" : "same" : done.error();
  }

  acefs::test::TempDir dir_;
};

TEST_F(ConfigFileTest, IsMadeWhenItIsNotThere) {
  EXPECT_EQ(change("[user.alice]\n"), "changed");
  EXPECT_EQ(read(), "[user.alice]\n");
}

TEST_F(ConfigFileTest, KeepsItsModeAndLeavesNothingBehindButTheLock) {
  write("");
  ASSERT_EQ(::chmod(file().c_str(), 0640), 0);
  EXPECT_EQ(change("[user.alice]\n"), "changed");
  struct stat st {};
  ASSERT_EQ(::stat(file().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0640u);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) files += entry.path().extension() == ".lock" ? 0 : 1;
  EXPECT_EQ(files, 1u);
}

TEST_F(ConfigFileTest, OfALinkTheTargetIsReplaced) {
  std::filesystem::create_directory(dir_.at("real"));
  std::ofstream(dir_.at("real/a.toml")) << "";
  std::filesystem::create_symlink("real/a.toml", file());
  EXPECT_EQ(change("[user.alice]\n"), "changed");
  EXPECT_TRUE(std::filesystem::is_symlink(file()));
  EXPECT_EQ(read(), "[user.alice]\n");
}

TEST_F(ConfigFileTest, AMistakeIsRefusedWithFileAndLineAndChangesNothing) {
  write("# mine\n");
  EXPECT_EQ(change("# mine\n[user.alice]\nuid = -1\n"), file() + ":3: user.alice: uid must be a number from 0 to 4294967294, not -1");
  EXPECT_EQ(change("# mine\n[user.alice\n").substr(0, file().size() + 4), file() + ":2: ");
  EXPECT_EQ(read(), "# mine\n");
}

TEST_F(ConfigFileTest, AMistakeThatWasThereDoesNotStandInTheWay) {
  write("[user.bob]\nnonsense = 1\n");
  EXPECT_EQ(change("[user.alice]\n[user.bob]\nnonsense = 1\n"), "changed");
}

TEST_F(ConfigFileTest, WhatIsTheSameIsNotWritten) {
  write("# mine\n");
  struct stat before {}, after {};
  ASSERT_EQ(::stat(file().c_str(), &before), 0);
  EXPECT_EQ(change("# mine\n"), "same");
  ASSERT_EQ(::stat(file().c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(ConfigFileTest, ALinkToNothingIsLeftAlone) {
  std::filesystem::create_symlink("missing.toml", file());
  EXPECT_EQ(change("[user.alice]\n"), file() + ": a link to what is not there: No such file or directory");
  EXPECT_TRUE(std::filesystem::is_symlink(file()));
}

TEST_F(ConfigFileTest, WhoEditsItByHandMeanwhileLosesNothing) {
  write("# mine\n");
  int asked = 0;
  const auto done = change_config(file(), [&](const std::string& text, const Config&) -> Parsed<std::string> {
    if (++asked == 1) write("# mine\n# by hand\n");
    return text + "[user.alice]\n";
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(read(), "# mine\n# by hand\n[user.alice]\n");
  EXPECT_EQ(asked, 2);
}

TEST_F(ConfigFileTest, KeepsItsPosixAcl) {
  write("");
  const auto entry = [](unsigned tag, unsigned perm, unsigned id) {
    std::string bytes;
    for (const unsigned half : {tag, perm, id & 0xffffU, id >> 16U}) bytes += {static_cast<char>(half & 0xffU), static_cast<char>(half >> 8U)};
    return bytes;
  };
  constexpr unsigned kNobody = 0xffffffffU;
  const std::string acl = std::string("\2\0\0\0", 4) + entry(1, 6, kNobody) + entry(2, 4, 20001) + entry(4, 0, kNobody) +
                          entry(16, 4, kNobody) + entry(32, 0, kNobody);
  if (::setxattr(file().c_str(), "system.posix_acl_access", acl.data(), acl.size(), 0) != 0) GTEST_SKIP() << "no POSIX ACLs here";
  EXPECT_EQ(change("[user.alice]\n"), "changed");
  std::string now(acl.size() + 1, '\0');
  ASSERT_EQ(::getxattr(file().c_str(), "system.posix_acl_access", now.data(), now.size()), static_cast<ssize_t>(acl.size()));
  now.pop_back();
  EXPECT_EQ(now, acl);
}

TEST_F(ConfigFileTest, AdministratorsAtOnceLoseNothing) {
  constexpr int kProcesses = 4, kEach = 8;
  write("# kept\n");
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool good = true;
      for (int i = 0; i < kEach; ++i) {
        const SectionEdit add{.what = SectionEdit::What::Add, .kind = "user", .name = "u" + std::to_string(p) + "-" + std::to_string(i), .keys = {}};
        good = good && change_config(file(), [&](const std::string& text, const Config&) { return edit_config(text, add); });
      }
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const auto config = Config::parse(read());
  ASSERT_TRUE(config);
  EXPECT_EQ(config->users.size(), static_cast<std::size_t>(kProcesses * kEach));
  EXPECT_TRUE(read().starts_with("# kept\n"));
}

}  // namespace
}  // namespace acefs::principal
