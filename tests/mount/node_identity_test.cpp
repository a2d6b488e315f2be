// SPDX-License-Identifier: MIT
// A node stays itself: under renames, without names, with several names, by file handle.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

class OpenNodeTest : public MountedTest {};

TEST_F(OpenNodeTest, SurvivesBeingRenamed) {
  make_dir(real("a"), 0777);
  make_dir(real("b"), 0777);
  make_file(real("a/f"), 0666);
  int fd = -1;
  User alice(kAlice, kAlice);
  alice.start({[&] { return fd = ::open(at("a/f").c_str(), O_RDWR); },
               [&] { return ::rename(at("a/f").c_str(), at("b/g").c_str()); },
               [&] { return ::pwrite(fd, "moved", 5, 0); },
               [&] {
                 struct stat st {};
                 return ::fstat(fd, &st);
               },
               [&] { return ::ftruncate(fd, 5); }});
  for (std::size_t step = 0; step < 5; ++step) EXPECT_EQ(alice.run(step), 0) << step;
  EXPECT_EQ(slurp(real("b/g")), "moved");
  ASSERT_EQ(::rename(real("b/g").c_str(), real("a/h").c_str()), 0) << "and on the backing";
  for (std::size_t step = 2; step < 5; ++step) EXPECT_EQ(errno_name(alice.run(step)), "0") << step;
}

TEST_F(OpenNodeTest, SurvivesTheRenameOfAnAncestor) {
  make_dir(real("a"), 0777);
  make_dir(real("a/b"), 0777);
  make_file(real("a/b/f"), 0666);
  const UniqueFd fd(::open(at("a/b/f").c_str(), O_RDWR | O_CLOEXEC));
  const UniqueFd dir(::open(at("a/b").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::rename(at("a").c_str(), at("c").c_str()), 0);
  EXPECT_EQ(::pwrite(fd.get(), "x", 1, 0), 1);
  EXPECT_EQ(::mkdirat(dir.get(), "new", 0755), 0);
  EXPECT_TRUE(exists(real("c/b/new")));
  ASSERT_EQ(::rename(real("c").c_str(), real("d").c_str()), 0);
  EXPECT_EQ(::pwrite(fd.get(), "y", 1, 0), 1);
  EXPECT_EQ(::mkdirat(dir.get(), "newer", 0755), 0) << errno_name(errno);
  EXPECT_TRUE(exists(real("d/b/newer")));
}

TEST_F(OpenNodeTest, WithoutANameStillWorks) {
  make_dir(real("a"), 0777);
  make_file(real("a/f"), 0644, "content", kAlice, kAlice);
  int fd = -1;
  User alice(kAlice, kAlice);
  alice.start({[&] { return fd = ::open(at("a/f").c_str(), O_RDWR); },
               [&] { return ::unlink(at("a/f").c_str()); },
               [&]() -> long {
                 struct stat st {};
                 if (::fstat(fd, &st) != 0) return -1;
                 errno = EINVAL;
                 return st.st_nlink == 0 && st.st_size == 7 ? 0 : -1;
               },
               [&] {
                 char bytes[7];
                 return ::pread(fd, bytes, 7, 0) == 7 ? 0 : -1;
               },
               [&] { return ::pwrite(fd, "x", 1, 0); },
               [&] { return ::fchmod(fd, 0600); },
               [&] { return ::ftruncate(fd, 3); },
               [&] { return ::futimens(fd, nullptr); },
               [&] { return ::fsync(fd); }});
  for (std::size_t step = 0; step < 9; ++step) EXPECT_EQ(errno_name(alice.run(step)), "0") << step;
  EXPECT_EQ(listing(real("a")), "") << "nothing is left behind, hidden or not";
}

TEST_F(OpenNodeTest, RemovedOnTheBackingStillReads) {
  make_file(real("f"), 0666);
  const UniqueFd fd(::open(at("f").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::unlink(real("f").c_str()), 0);
  char bytes[7];
  EXPECT_EQ(::pread(fd.get(), bytes, 7, 0), 7);
  struct stat st {};
  EXPECT_EQ(::fstat(fd.get(), &st), 0) << errno_name(errno);
  EXPECT_FALSE(exists(at("f")));
}

TEST_F(OpenNodeTest, ANameRemovedOnTheBackingIsGoneWhoeverHoldsTheFile) {
  for (int i = 0; i < 50; ++i) {
    make_file(real("f"), 0666);
    const UniqueFd fd(::open(at("f").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::unlink(real("f").c_str()), 0);
    struct stat st {};
    EXPECT_FALSE(exists(at("f"))) << "the first to ask, round " << i;
    EXPECT_EQ(::fstat(fd.get(), &st), 0) << errno_name(errno);
    EXPECT_EQ(try_open(at("f"), O_RDONLY), -1);
    EXPECT_EQ(::fchmod(fd.get(), 0600), 0) << errno_name(errno);
    EXPECT_FALSE(exists(at("f")));
  }
}

TEST_F(OpenNodeTest, ReplacedByRenameIsTheOldOne) {
  make_file(real("f"), 0666, "old");
  make_file(real("g"), 0666, "new");
  const UniqueFd fd(::open(at("f").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::rename(at("g").c_str(), at("f").c_str()), 0);
  char bytes[4] = "";
  EXPECT_EQ(::pread(fd.get(), bytes, 3, 0), 3);
  EXPECT_STREQ(bytes, "old");
  EXPECT_EQ(slurp(at("f")), "new");
}

/// A file with two names has two chains.
class HardLinkTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("closed"), 0755);
    make_dir(real("shared"), 0755);
    make_file(real("closed/f"), 0600);
    ASSERT_EQ(::link(real("closed/f").c_str(), real("shared/f").c_str()), 0);
    ASSERT_EQ(allow(real("shared"), user(kBob), "r"), 0);
  }
  int read_as_bob(const std::string& name) {
    return errno_as(kBob, kBob, [&] { return try_open(at(name), O_RDONLY); });
  }
};

TEST_F(HardLinkTest, IsAllowedByTheNameThatAllowsIt) {
  EXPECT_EQ(read_as_bob("closed/f"), EACCES);
  EXPECT_EQ(read_as_bob("shared/f"), 0);
}

TEST_F(HardLinkTest, IsAllowedByAnyKnownNameThatIsStillThere) {
  EXPECT_EQ(read_as_bob("shared/f"), 0);
  EXPECT_EQ(read_as_bob("closed/f"), 0) << "one of its names allows it";
  ASSERT_EQ(::unlink(real("shared/f").c_str()), 0);
  EXPECT_EQ(read_as_bob("closed/f"), EACCES) << "that name is gone";
}

TEST_F(HardLinkTest, ANameThatIsNowAnotherFilesCountsNoMore) {
  EXPECT_EQ(read_as_bob("shared/f"), 0);
  make_file(real("shared/g"), 0600);
  ASSERT_EQ(::rename(real("shared/g").c_str(), real("shared/f").c_str()), 0);
  EXPECT_EQ(read_as_bob("closed/f"), EACCES);
  EXPECT_EQ(read_as_bob("shared/f"), 0);
}

TEST_F(HardLinkTest, RemovedThroughTheMountCountsNoMore) {
  EXPECT_EQ(read_as_bob("shared/f"), 0);
  ASSERT_EQ(::unlink(at("shared/f").c_str()), 0);
  EXPECT_EQ(read_as_bob("closed/f"), EACCES);
}

TEST_F(HardLinkTest, RenamesThroughTheMountDisturbNobodyWhoComesByAnotherName) {
  for (const std::string name : {"closed/f", "shared/f"}) EXPECT_TRUE(exists(at(name)));
  std::atomic<bool> over{false};
  std::thread moving([&] {
    for (int i = 0; i < 500; ++i) {
      EXPECT_EQ(::rename(at("closed/f").c_str(), at("closed/g").c_str()), 0) << errno_name(errno);
      EXPECT_EQ(::rename(at("closed/g").c_str(), at("closed/f").c_str()), 0) << errno_name(errno);
    }
    over = true;
  });
  int wrong = 0;
  struct stat st {};
  while (!over) wrong += ::stat(at("shared/f").c_str(), &st) == 0 ? 0 : 1;
  moving.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(HardLinkTest, OneNameIsEnoughForWhatIsDoneToTheFile) {
  ASSERT_EQ(allow(real("shared"), user(kBob), "rwtTnNcC"), 0);
  for (const std::string name : {"closed/f", "shared/f"}) lstat_of(at(name));  // from now on both are known
  for (const std::string name : {"closed/f", "shared/f"}) {
    const std::string path = at(name);
    const struct timespec early[2] = {{1, 0}, {1, 0}};
    const std::pair<const char*, std::function<long()>> calls[] = {
        {"truncate", [&] { return ::truncate(path.c_str(), 0); }},
        {"set times", [&] { return ::utimensat(AT_FDCWD, path.c_str(), early, 0); }},
        {"set an attribute", [&] { return set_attribute(path, "user.color", "red"); }},
        {"read it", [&] { return ::lgetxattr(path.c_str(), "user.color", nullptr, 0); }},
        {"remove it", [&] { return ::lremovexattr(path.c_str(), "user.color"); }},
        {"read the ACL", [&] { return ::lgetxattr(path.c_str(), "system.nfs4_acl", nullptr, 0); }},
        {"add an ACE", [&] { return allow(path, user(kAlice), "r"); }},
        {"chmod", [&] { return ::chmod(path.c_str(), 0600); }},
        {"link", [&] { return ::link(path.c_str(), at("shared/g").c_str()); }},
    };
    for (const auto& [what, call] : calls) {
      EXPECT_NE(errno_name(errno_as(kCarol, kCarol, call)), "0") << what << " " << name;
      EXPECT_EQ(errno_name(errno_as(kBob, kBob, call)), "0") << what << " " << name;
    }
    ASSERT_EQ(remove_allow(real("closed/f"), user(kAlice)), 0);
    ASSERT_EQ(::unlink(real("shared/g").c_str()), 0);
  }
}

TEST_F(HardLinkTest, ADenialOnTheFileItselfHoldsForEveryName) {
  ASSERT_EQ(deny(real("closed/f"), user(kBob), "r"), 0);
  EXPECT_EQ(read_as_bob("shared/f"), EACCES);
  EXPECT_EQ(read_as_bob("closed/f"), EACCES);
}

/// What an NFS server holds instead of names.
class FileHandleTest : public MountedTest {
 protected:
  MountOptions options() const override { return {.options = "export"}; }
  struct Handle {
    alignas(file_handle) unsigned char bytes[sizeof(file_handle) + MAX_HANDLE_SZ] = {};
    file_handle* get() { return reinterpret_cast<file_handle*>(bytes); }
  };
  int handle_of(const std::string& path, Handle& handle) {
    int id = 0;
    handle.get()->handle_bytes = MAX_HANDLE_SZ;
    return ::name_to_handle_at(AT_FDCWD, path.c_str(), handle.get(), &id, 0);
  }
};

TEST_F(FileHandleTest, LeadsToTheSameNode) {
  make_dir(real("d"), 0755);
  make_dir(real("d/sub"), 0755);
  make_file(real("d/sub/f"), 0644);
  Handle file;
  Handle dir;
  ASSERT_EQ(handle_of(at("d/sub/f"), file), 0) << errno_name(errno);
  ASSERT_EQ(handle_of(at("d/sub"), dir), 0);
  ASSERT_EQ(::rename(at("d").c_str(), at("e").c_str()), 0);
  const UniqueFd mount_fd(::open(mount().point().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd fd(::open_by_handle_at(mount_fd.get(), file.get(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(fd) << errno_name(errno);
  char bytes[7];
  EXPECT_EQ(::read(fd.get(), bytes, 7), 7);
  const UniqueFd dir_fd(::open_by_handle_at(mount_fd.get(), dir.get(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_TRUE(dir_fd) << errno_name(errno);
  EXPECT_EQ(::faccessat(dir_fd.get(), "f", R_OK, 0), 0);
}

TEST_F(FileHandleTest, OfARemovedNodeIsStale) {
  make_file(real("f"), 0644);
  Handle handle;
  ASSERT_EQ(handle_of(at("f"), handle), 0) << errno_name(errno);
  ASSERT_EQ(::unlink(at("f").c_str()), 0);
  make_file(real("f"), 0644, "another");
  const UniqueFd mount_fd(::open(mount().point().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd fd(::open_by_handle_at(mount_fd.get(), handle.get(), O_RDONLY | O_CLOEXEC));
  const int error = errno;
  ASSERT_FALSE(fd) << slurp("/proc/self/fd/" + std::to_string(fd.get()));
  EXPECT_EQ(errno_name(error), "ESTALE");
}

}  // namespace
}  // namespace acefs::test
