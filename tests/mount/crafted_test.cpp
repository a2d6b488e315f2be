// SPDX-License-Identifier: MIT
// Attributes that look like grants and are none. Whoever can write them by name gives nobody anything.
#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/loop_fs.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "../support/side_file.hpp"
#include "acefs/acl/ace.hpp"

namespace acefs::test {
namespace {

using namespace std::string_literals;

constexpr std::string_view kPrefix = "user.oc.grant.";
constexpr std::size_t kLongest = 255;

std::string value() {
  acl::Ace ace;
  ace.type = "A";
  ace.permissions = "rwxatd";
  return acl::encode(ace);
}

/// Each is near to "u:20002", which is Bob, or to one of his groups.
std::vector<std::string> keys_near_bobs() {
  std::vector<std::string> keys = {
      "",         "u",        "u:",          ":20002",     "20002",      "x:20002",     "U:20002",       "u:020002",  "u:+20002",
      "u:0x4e22", "u: 20002", "u:20002 ",    "u:20002\n",  "u:20002\t",  "\nu:20002",   "u:20001\nu:20002", "u:20002/",  "u:./20002",
      "u:20002.", "u:20002:", "u:20002:r",   "u::20002",   "u:u:20002",  "uu:20002",    "u:20002,20001", "u:20002;",  "u:20002@",
      "u:200020", "u:2000",   "u:-45534",    "u:4294987298", "u:18446744073709571618", "g:",     "g:20002\n",     "g:030001",  "g: 30001",
      "X:u:20002", "AA:u:20002", "a:u:20002", "A:U:20002",  "A:u:20002\n", "A::u:20002", "\xc2\xa0u:20002", "u:\xef\xbc\x92" "0002", "u:2000\xd9\xa2",
      "u:20002\x7f", "u:\x1b[2J20002", "o:owner", "o:Everyone", "o:everyone@", "o:", "o:GROUP@",
  };
  keys.push_back("u:20002" + std::string(kLongest - kPrefix.size() - 7, 'x'));
  keys.push_back("u:" + std::string(kLongest - kPrefix.size() - 7, '0') + "20002");
  return keys;
}

/// Alice's file, which its mode opens to nobody else. The backing has room for many attributes.
class CraftedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_LOOP_FS(disk_);
    make_dir(disk_.at("d"), 0711, kAlice, kAlice);
    make_file(disk_.at("d/f"), 0600, "content", kAlice, kAlice);
    mount_.emplace(MountOptions{.source = disk_.path()});
    REQUIRE_MOUNT(*mount_);
  }
  void TearDown() override {
    if (mount_ && mount_->ready()) {
      EXPECT_EQ(mount_->stop(), 0) << mount_->log();
    }
  }
  std::string at(const std::string& name) const { return mount_->at(name); }
  std::string bob_reads() {
    return errno_name(errno_as(kBob, kBob, {kStaff}, [&] { return try_open(at("d/f"), O_RDONLY); }));
  }
  std::string bob_writes() {
    return errno_name(errno_as(kBob, kBob, {kStaff}, [&] { return try_open(at("d/f"), O_WRONLY); }));
  }

  LoopFs disk_{"tmpfs"};
  std::optional<Mount> mount_;
};

TEST_F(CraftedTest, NamesOnTheBackingThatAreNearlyAGrantGiveNothing) {
  for (const std::string& key : keys_near_bobs()) {
    const std::string name = std::string(kPrefix) + key;
    ASSERT_EQ(set_attribute(disk_.at("d/f"), name, value()), 0) << name << ": " << errno_name(errno);
    EXPECT_EQ(bob_reads(), "EACCES") << name;
    ASSERT_EQ(::removexattr(disk_.at("d/f").c_str(), name.c_str()), 0);
  }
  for (const std::string name : {"user.oc.grants.u:20002", "user.oc.grantu:20002", "user.OC.grant.u:20002", "user.user.oc.grant.u:20002",
                                 "trusted.oc.grant.u:20002", "trusted.user.oc.grant.u:20002", "security.oc.grant.u:20002"}) {
    ASSERT_EQ(set_attribute(disk_.at("d/f"), name, value()), 0) << name << ": " << errno_name(errno);
    EXPECT_EQ(bob_reads(), "EACCES") << name;
  }
  ASSERT_EQ(allow(disk_.at("d/f"), user(kBob), "r"), 0);
  EXPECT_EQ(bob_reads(), "0") << "the real one";
}

TEST_F(CraftedTest, NorDoTheyThroughTheMountNorDoTheyStayThere) {
  for (const std::string& key : keys_near_bobs()) {
    const std::string name = std::string(kPrefix) + key;
    static_cast<void>(errno_as(kAlice, kAlice, [&] { return set_attribute(at("d/f"), name, value()); }));
    EXPECT_EQ(bob_reads(), "EACCES") << name;
    static_cast<void>(errno_as(kAlice, kAlice, [&] { return ::removexattr(at("d/f").c_str(), name.c_str()); }));
  }
  for (const std::string name : {"X:u:20002", "", "x:20002", "20002"}) {
    EXPECT_EQ(errno_name(errno_as(kAlice, kAlice, [&] { return set_attribute(at("d/f"), std::string(kPrefix) + name, value()); })), "EPERM") << name;
    EXPECT_EQ(get_attribute(disk_.at("d/f"), std::string(kPrefix) + name), "!ENODATA") << name;
  }
}

TEST_F(CraftedTest, InASideFileNeitherWhereNamesMayHoldAnything) {
  std::vector<std::string> keys = keys_near_bobs();
  for (const std::string& key : {"u:20002\0"s, "u:20002\0x"s, "u:\0" "20002"s, "\0u:20002"s, "u:20001\0u:20002"s, "A:u:20002\0"s}) keys.push_back(key);
  for (const std::string& key : keys) {
    write_side_file(disk_.path(), disk_.at("d/f"), {{std::string(kPrefix) + key, value()}});
    EXPECT_NE(bob_reads(), "0") << key;
    EXPECT_NE(bob_writes(), "0") << key;
  }
  write_side_file(disk_.path(), disk_.at("d/f"), {{allow_name(user(kBob)), value()}});
  EXPECT_EQ(bob_reads(), "0") << "the real one";
  EXPECT_EQ(bob_writes(), "0");
}

TEST_F(CraftedTest, IdsOf255BytesAndAnyBytesAreKeptAndHarmNobody) {
  const std::string longest = "u:" + std::string(kLongest - kPrefix.size() - 2, 'n');
  ASSERT_EQ(set_attribute(disk_.at("d/f"), std::string(kPrefix) + longest, value()), 0);
  ASSERT_EQ(allow(disk_.at("d/f"), user(kCarol), "r"), 0);
  EXPECT_EQ(bob_reads(), "EACCES");
  EXPECT_EQ(errno_as(kCarol, kCarol, [&] { return try_open(at("d/f"), O_RDONLY); }), 0) << "others' grants count beside it";
  EXPECT_EQ(get_attribute(disk_.at("d/f"), std::string(kPrefix) + longest), value());
}

}  // namespace
}  // namespace acefs::test
