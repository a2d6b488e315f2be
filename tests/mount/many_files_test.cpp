// SPDX-License-Identifier: MIT
// Size: many nodes with few descriptors, deep trees, many grants, and the directory that holds side files.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "../support/side_file.hpp"
#include "acefs/acl/ace.hpp"
#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

/// A daemon that may hold 256 descriptors.
class FewDescriptorsTest : public MountedTest {
 protected:
  MountOptions options() const override { return {.open_files = 256}; }

  /// Nodes to walk; ACEFS_TEST_FILES=200000 is the full size.
  static int size() {
    const char* files = std::getenv("ACEFS_TEST_FILES");
    return files != nullptr ? std::atoi(files) : 20'000;
  }
  static long walk(const std::string& dir) {
    long nodes = 0;
    for (const std::string& name : names_in(dir)) {
      struct stat st {};
      const std::string path = dir + "/" + name;
      if (::lstat(path.c_str(), &st) != 0) return -1;
      ++nodes;
      if (S_ISDIR(st.st_mode)) {
        const long below = walk(path);
        if (below < 0) return -1;
        nodes += below;
      }
    }
    return nodes;
  }
};

TEST_F(FewDescriptorsTest, WalksALargeTree) {
  constexpr int kPerDirectory = 500;
  const int directories = size() / kPerDirectory;
  for (int d = 0; d < directories; ++d) {
    const std::string dir = real(std::to_string(d));
    make_dir(dir, 0755);
    for (int f = 0; f < kPerDirectory - 1; ++f) ASSERT_EQ(::mknod((dir + "/" + std::to_string(f)).c_str(), S_IFREG | 0644, 0), 0);
  }
  const long expected = static_cast<long>(directories) * kPerDirectory;
  for (int round = 0; round < 2; ++round) {
    const std::string found = run_as(kAlice, kAlice, [&] { return std::to_string(walk(mount().point())); });
    EXPECT_EQ(found, std::to_string(expected));
  }
  ASSERT_EQ(deny(real("0"), user(kAlice), "t", "fi"), 0);
  EXPECT_EQ(errno_name(errno_as(kAlice, kAlice, [&] { return walk(at("0")); })), "EACCES");
}

TEST_F(FewDescriptorsTest, HoldsMoreDirectoriesThanDescriptors) {
  std::vector<UniqueFd> held;
  for (int d = 0; d < 1000; ++d) make_dir(real(std::to_string(d)), 0755);
  for (int d = 0; d < 1000; ++d) {
    held.emplace_back(::open(at(std::to_string(d)).c_str(), O_PATH | O_CLOEXEC));
    ASSERT_TRUE(held.back()) << d << " " << errno_name(errno);
  }
  for (const UniqueFd& dir : held) {
    EXPECT_EQ(::mkdirat(dir.get(), "sub", 0755), 0) << errno_name(errno);
  }
}

TEST_F(FewDescriptorsTest, RunsOutOfHandlesWithoutFailing) {
  make_file(real("f"), 0644);
  std::vector<UniqueFd> held;
  int error = 0;
  while (held.size() < 1000 && error == 0) {
    held.emplace_back(::open(at("f").c_str(), O_RDONLY | O_CLOEXEC));
    if (!held.back()) error = errno;
  }
  EXPECT_GE(held.size(), 100u);
  EXPECT_EQ(error, ENFILE) << errno_name(error);
  held.clear();
  // Handles are released without waiting for the answer: the first tries may still come too early.
  std::string content;
  for (int i = 0; i < 1000 && content != "content"; ++i) content = slurp(at("f"));
  EXPECT_EQ(content, "content");
}

class DeepTreeTest : public MountedTest {};

TEST_F(DeepTreeTest, RightsReachTwoHundredLevelsDown) {
  std::string path = "d";
  make_dir(real(path), 0755);
  for (int level = 0; level < 200; ++level) {
    path += "/d";
    make_dir(real(path), 0755);
  }
  make_file(real(path + "/f"), 0600);
  const auto read = [&] { return errno_as(kBob, kBob, [&] { return try_open(at(path + "/f"), O_RDONLY); }); };
  EXPECT_EQ(read(), EACCES);
  ASSERT_EQ(allow(real("d"), user(kBob), "r"), 0);
  EXPECT_EQ(read(), 0);
  ASSERT_EQ(::chmod(real("d/d/d").c_str(), 0700), 0);
  EXPECT_EQ(read(), EACCES);
}

/// Grants that do not fit into the inode.
class ManyGrantsTest : public MountedTest {
 protected:
  static std::string encoded(const std::string& letters) {
    acl::Ace ace;
    ace.type = "A";
    ace.permissions = letters;
    return acl::encode(ace);
  }
  void write_side_file(const SideGrants& grants) { test::write_side_file(real("."), real("d"), grants); }
  int read_as(uid_t uid) {
    return errno_as(uid, uid, [&] { return try_open(at("d/f"), O_RDONLY); });
  }
};

TEST_F(ManyGrantsTest, FiveThousandOnADirectoryWork) {
  make_dir(real("d"), 0755);
  make_file(real("d/f"), 0600);
  SideGrants grants;
  for (uid_t uid = 100'000; uid < 105'000; ++uid) grants.emplace_back(allow_name(user(uid)), encoded("r"));
  write_side_file(grants);
  EXPECT_EQ(read_as(100'000), 0);
  EXPECT_EQ(read_as(104'999), 0);
  EXPECT_EQ(read_as(105'000), EACCES);
  grants.pop_back();
  write_side_file(grants);
  EXPECT_EQ(read_as(104'999), EACCES) << "the side file that was replaced counts at once";
  EXPECT_EQ(read_as(100'000), 0);
}

TEST_F(ManyGrantsTest, WrittenThroughTheMountMoveToTheSideFileAndBack) {
  make_dir(real("d"), 0755);
  make_file(real("d/f"), 0600);
  constexpr uid_t kFirst = 100'000;
  constexpr uid_t kCount = 200;
  for (uid_t uid = kFirst; uid < kFirst + kCount; ++uid) {
    ASSERT_EQ(allow(at("d"), user(uid), "r"), 0) << uid << " " << errno_name(errno);
  }
  EXPECT_EQ(get_attribute(real("d"), "user.oc.metadata_offloaded"), "1");
  for (const uid_t uid : {kFirst, kFirst + kCount / 2, kFirst + kCount - 1}) EXPECT_EQ(read_as(uid), 0) << uid;
  EXPECT_EQ(read_as(kFirst + kCount), EACCES);
  EXPECT_NE(get_attribute(at("d"), allow_name(user(kFirst)))[0], '!') << "shown as if it were an attribute";
  ASSERT_EQ(remove_allow(at("d"), user(kFirst)), 0) << errno_name(errno);
  EXPECT_EQ(read_as(kFirst), EACCES);
  EXPECT_EQ(read_as(kFirst + 1), 0);
  ASSERT_EQ(deny(at("d"), user(kFirst + 1), "r"), 0) << errno_name(errno);
  EXPECT_EQ(read_as(kFirst + 1), EACCES);
}

TEST_F(ManyGrantsTest, ASideFileThatCannotBeReadLetsNobodyIn) {
  make_dir(real("d"), 0777);
  make_file(real("d/f"), 0666);
  EXPECT_EQ(read_as(kBob), 0);
  write_side_file({});
  ASSERT_EQ(spill(side_file_in(real(".")), "\xc1 nonsense", O_WRONLY | O_TRUNC), 0);
  EXPECT_EQ(read_as(kBob), EIO);
  ASSERT_EQ(::unlink(side_file_in(real(".")).c_str()), 0);
  EXPECT_EQ(read_as(kBob), EIO) << "the marker says that there is one";
}

class SideDirectoryTest : public ManyGrantsTest {};

TEST_F(SideDirectoryTest, IsInvisible) {
  make_dir(real("d"), 0777);
  make_dir(real("d/.oc-nodes"), 0755);
  make_file(real("f"), 0644);
  make_dir(mount().backing(), 0777);
  write_side_file({});
  struct stat st {};
  EXPECT_EQ(listing(mount().point()), "d f");
  EXPECT_EQ(::lstat(at(".oc-nodes").c_str(), &st), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(::lstat(at(".oc-nodes/c8").c_str(), &st), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(names_in(at(".oc-nodes")), std::vector<std::string>{"!ENOENT"});
  EXPECT_EQ(::mkdir(at(".oc-nodes").c_str(), 0755), -1);
  EXPECT_EQ(try_open(at(".oc-nodes"), O_CREAT | O_WRONLY), -1);
  EXPECT_EQ(::symlink("x", at(".oc-nodes").c_str()), -1);
  EXPECT_EQ(::link(at("f").c_str(), at(".oc-nodes").c_str()), -1);
  EXPECT_EQ(::rename(at("f").c_str(), at(".oc-nodes").c_str()), -1);
  EXPECT_EQ(::rename(at("d").c_str(), at(".oc-nodes").c_str()), -1);
  EXPECT_EQ(::rename(at(".oc-nodes").c_str(), at("mine").c_str()), -1);
  EXPECT_EQ(::rmdir(at(".oc-nodes").c_str()), -1);
  EXPECT_EQ(::unlink(at(".oc-nodes").c_str()), -1);
  EXPECT_TRUE(exists(real(".oc-nodes/c8")));
  EXPECT_TRUE(exists(at("d/.oc-nodes"))) << "only that of the root is special";
}

TEST_F(SideDirectoryTest, CannotBeMadeWhereThereIsNone) {
  make_dir(mount().backing(), 0777);
  erase(real(".oc-nodes"));
  EXPECT_NE(errno_as(kAlice, kAlice, [&] { return ::mkdir(at(".oc-nodes").c_str(), 0755); }), 0);
  EXPECT_NE(errno_as(kAlice, kAlice, [&] { return ::symlink("/tmp", at(".oc-nodes").c_str()); }), 0);
  EXPECT_FALSE(exists(real(".oc-nodes")));
}

}  // namespace
}  // namespace acefs::test
