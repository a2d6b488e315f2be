// SPDX-License-Identifier: MIT
// hide_unreadable: who can see nothing of a node does not find it in listings, and is told that it is not there.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "rows.hpp"

namespace acefs::test {
namespace {

/// Names in a directory as a user finds them, in order, with a space between them.
std::string listed(uid_t uid, const std::string& directory) {
  return run_as(uid, uid, [&] {
    auto names = names_in(directory);
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
  });
}

class HiddenTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_file(real("everyone"), 0644);
    make_file(real("nobody"), 0600);
    make_file(real("alice-owns"), 0600);
    ASSERT_EQ(::chown(real("alice-owns").c_str(), kAlice, kAlice), 0);
    make_dir(real("alice-may"), 0700);
    ASSERT_EQ(allow(real("alice-may"), user(kAlice), "rx"), 0);
    make_file(real("bob-sees"), 0600);
    ASSERT_EQ(allow(real("bob-sees"), user(kBob), "t"), 0);
  }
};

class HidingTest : public HiddenTest {
  MountOptions options() const override { return {.options = "hide_unreadable", .arguments = {}, .source = {}, .open_files = 0}; }
};

TEST_F(HidingTest, ListingsShowWhatTheCallerCanSeeSomethingOf) {
  EXPECT_EQ(listed(kAlice, mount().point()), "alice-may alice-owns everyone");
  EXPECT_EQ(listed(kBob, mount().point()), "bob-sees everyone");
  EXPECT_EQ(listed(0, mount().point()), "alice-may alice-owns bob-sees everyone nobody");
}

TEST_F(HidingTest, WhatIsRefusedIsNotThere) {
  const auto open_as = [&](uid_t uid, const std::string& name, int flags) {
    return errno_name(errno_as(uid, uid, [&] { return try_open(at(name), flags); }));
  };
  EXPECT_EQ(open_as(kBob, "nobody", O_RDONLY), "ENOENT");
  EXPECT_EQ(open_as(kBob, "alice-may", O_RDONLY | O_DIRECTORY), "ENOENT");
  EXPECT_EQ(open_as(kAlice, "alice-may", O_RDONLY | O_DIRECTORY), "0");
  EXPECT_EQ(open_as(kBob, "bob-sees", O_RDONLY), "EACCES") << "he sees it";
  EXPECT_EQ(open_as(kBob, "everyone", O_WRONLY), "EACCES");
  EXPECT_EQ(errno_name(errno_as(kBob, kBob, [&] { return ::unlink(at("nobody").c_str()); })), "ENOENT");
  EXPECT_EQ(errno_name(errno_as(kBob, kBob, [&] { return ::chmod(at("nobody").c_str(), 0666); })), "ENOENT");
  EXPECT_EQ(errno_name(errno_as(kBob, kBob, [&] { return ::unlink(at("everyone").c_str()); })), "EACCES");
}

TEST_F(HidingTest, AGrantBringsItIntoTheNextListing) {
  ASSERT_EQ(allow(real("nobody"), user(kBob), "c"), 0);
  EXPECT_EQ(listed(kBob, mount().point()), "bob-sees everyone nobody");
  ASSERT_EQ(deny(real("everyone"), user(kBob), "rtnc"), 0);
  EXPECT_EQ(listed(kBob, mount().point()), "bob-sees nobody");
  EXPECT_EQ(listed(kAlice, mount().point()), "alice-may alice-owns everyone");
}

TEST_F(HidingTest, WhoCannotBeAskedIsNotShown) {
  ASSERT_EQ(set_attribute(real("everyone"), allow_name(user(kBob)), "no grant at all"), 0);
  EXPECT_EQ(listed(kBob, mount().point()), "bob-sees") << "a malformed grant is a full denial";
  EXPECT_EQ(listed(kAlice, mount().point()), "alice-may alice-owns everyone");
}

TEST_F(HiddenTest, WithoutTheOptionAllNamesAreListedAndRefusalsAreToldAsSuch) {
  EXPECT_EQ(listed(kBob, mount().point()), "alice-may alice-owns bob-sees everyone nobody");
  EXPECT_EQ(errno_name(errno_as(kBob, kBob, [&] { return try_open(at("nobody"), O_RDONLY); })), "EACCES");
}

}  // namespace
}  // namespace acefs::test
