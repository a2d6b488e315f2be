// SPDX-License-Identifier: MIT
// Rows of the operation table that make and delete nodes.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

class CreateTest : public RowTest {
 protected:
  std::function<void()> empty_dir() {
    return [this] {
      make_dir(real("d"), 0755);
      erase(real("d/new"));
    };
  }
  Row row(std::string letters, std::function<long()> call) {
    return {.node = "d", .letters = std::move(letters), .prepare = empty_dir(), .call = std::move(call)};
  }
};

TEST_F(CreateTest, OfAFileNeedsWriteDataOnTheParent) {
  both_ways(row("w", [&] { return try_open(at("d/new"), O_CREAT | O_EXCL | O_WRONLY); }));
}

TEST_F(CreateTest, OfASymlinkNeedsWriteDataOnTheParent) {
  both_ways(row("w", [&] { return ::symlink("anywhere", at("d/new").c_str()); }));
}

TEST_F(CreateTest, OfAFifoNeedsWriteDataOnTheParent) {
  both_ways(row("w", [&] { return ::mkfifo(at("d/new").c_str(), 0600); }));
}

TEST_F(CreateTest, OfASocketNeedsWriteDataOnTheParent) {
  both_ways(row("w", [&]() -> long {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (::chdir(at("d").c_str()) != 0) return -1;
    std::string("new").copy(name.sun_path, sizeof name.sun_path - 1);
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
  }));
}

TEST_F(CreateTest, OfARegularFileByMknodNeedsWriteDataOnTheParent) {
  both_ways(row("w", [&] { return ::mknod(at("d/new").c_str(), S_IFREG | 0600, 0); }));
}

TEST_F(CreateTest, OfADirectoryNeedsAppendDataOnTheParent) {
  both_ways(row("a", [&] { return ::mkdir(at("d/new").c_str(), 0755); }));
}

TEST_F(CreateTest, OfADeviceIsRootsAlone) {
  empty_dir()();
  make_dir(real("d"), 0777);
  EXPECT_EQ(as_alice([&] { return ::mknod(at("d/null").c_str(), S_IFCHR | 0666, 0x103); }), EPERM);
}

TEST_F(CreateTest, GivesTheHandleWhateverTheMode) {
  empty_dir()();
  make_dir(real("d"), 0777);
  const std::string done = run_as(kAlice, kAlice, [&]() -> std::string {
    const UniqueFd fd(::open(at("d/new").c_str(), O_CREAT | O_EXCL | O_RDWR, 0000));
    if (!fd) return errno_name(errno);
    char byte = 0;
    if (::write(fd.get(), "x", 1) != 1 || ::pread(fd.get(), &byte, 1, 0) != 1) return errno_name(errno);
    return std::string(1, byte);
  });
  EXPECT_EQ(done, "x");
  EXPECT_EQ(lstat_of(real("d/new")).st_mode & 07777, 0u);
  EXPECT_EQ(as_alice([&] { return try_open(at("d/new"), O_RDONLY); }), EACCES);
}

TEST_F(CreateTest, BelongsToTheCaller) {
  empty_dir()();
  make_dir(real("d"), 0777);
  ASSERT_EQ(errno_as(kAlice, kStaff,
                     [&] {
                       ::umask(027);
                       return try_open(at("d/f"), O_CREAT | O_WRONLY, 0666) == 0 && ::mkdir(at("d/sub").c_str(), 0777) == 0 &&
                                      ::symlink("f", at("d/l").c_str()) == 0 && ::mkfifo(at("d/p").c_str(), 0666) == 0
                                  ? 0
                                  : -1;
                     }),
            0);
  for (const auto& [name, mode] : {std::pair{"d/f", 0640u}, std::pair{"d/sub", 0750u}, std::pair{"d/l", 0777u},
                                   std::pair{"d/p", 0640u}}) {
    for (const std::string& path : {real(name), at(name)}) {
      const struct stat st = lstat_of(path);
      EXPECT_EQ(st.st_uid, kAlice) << path;
      EXPECT_EQ(st.st_gid, kStaff) << path;
      EXPECT_EQ(st.st_mode & 07777, mode) << path;
    }
  }
}

TEST_F(CreateTest, LeavesNoGrantOnTheChild) {
  empty_dir()();
  ASSERT_EQ(allow(real("d"), user(kAlice), "rwax", "fd"), 0);
  ASSERT_EQ(as_alice([&] { return try_open(at("d/f"), O_CREAT | O_WRONLY, 0600); }), 0);
  EXPECT_EQ(get_attribute(real("d/f"), allow_name(user(kAlice))), "!ENODATA");
}

TEST_F(CreateTest, WithExclReportsExistenceToWhoMayLookUp) {
  empty_dir()();
  make_file(real("d/f"), 0600);
  EXPECT_EQ(as_bob([&] { return try_open(at("d/f"), O_CREAT | O_EXCL | O_WRONLY); }), EEXIST);
  EXPECT_EQ(as_bob([&] { return ::mkdir(at("d/f").c_str(), 0755); }), EEXIST);
}

/// Deleting: d on the node or D on the parent.
class DeleteTest : public RowTest {
 protected:
  /// Alice has one of the two, Bob every letter but those two, on both nodes.
  void one_of_two(const std::string& node, const std::function<void()>& make, const std::function<long()>& call) {
    for (const bool by_parent : {false, true}) {
      SCOPED_TRACE(by_parent ? "D on the parent" : "d on the node");
      const auto prepare = [&] {
        erase(real("d"));
        make_dir(real("d"), 0700);
        make();
        ASSERT_EQ(allow(real("d"), user(kAlice), by_parent ? "xD" : "x", "n"), 0);
        ASSERT_EQ(allow(real("d"), user(kBob), all_but("D"), "n"), 0);
        if (!by_parent) {
          ASSERT_EQ(allow(real(node), user(kAlice), "d"), 0);
        }
        ASSERT_EQ(allow(real(node), user(kBob), all_but("d")), 0);
      };
      only(kAlice, kBob, prepare, call, EACCES);
    }
    SCOPED_TRACE("denied both");
    const auto prepare = [&] {
      erase(real("d"));
      make_dir(real("d"), 0777);
      make();
      ASSERT_EQ(allow(real(node), user(kBob), "d"), 0);
      ASSERT_EQ(deny(real("d"), user(kBob), "Dd"), 0);
    };
    only(kAlice, kBob, prepare, call, EACCES);
  }
};

TEST_F(DeleteTest, UnlinkNeedsDeleteOnTheNodeOrDeleteChildOnTheParent) {
  one_of_two("d/f", [&] { make_file(real("d/f"), 0600); }, [&] { return ::unlink(at("d/f").c_str()); });
}

TEST_F(DeleteTest, RmdirNeedsDeleteOnTheNodeOrDeleteChildOnTheParent) {
  one_of_two("d/sub", [&] { make_dir(real("d/sub"), 0700); }, [&] { return ::rmdir(at("d/sub").c_str()); });
}

TEST_F(DeleteTest, DenyingOneOfTheTwoIsNotEnough) {
  make_dir(real("d"), 0777);
  make_file(real("d/f"), 0600);
  ASSERT_EQ(deny(real("d/f"), user(kBob), "d"), 0);
  EXPECT_EQ(as_bob([&] { return ::unlink(at("d/f").c_str()); }), 0) << "D on the parent is left";
  make_file(real("d/f"), 0600);
  ASSERT_EQ(deny(real("d"), user(kBob), "D", "n"), 0);
  ASSERT_EQ(allow(real("d/f"), user(kBob), "d"), 0);
  EXPECT_EQ(as_bob([&] { return ::unlink(at("d/f").c_str()); }), 0) << "d on the node is left";
}

TEST_F(DeleteTest, SymlinksTakeDeleteFromTheirAncestors) {
  make_dir(real("d"), 0755);
  make_symlink("f", real("d/l"));
  ASSERT_EQ(allow(real("d"), user(kAlice), "d", "fi"), 0);
  EXPECT_EQ(as_bob([&] { return ::unlink(at("d/l").c_str()); }), EACCES);
  EXPECT_EQ(as_alice([&] { return ::unlink(at("d/l").c_str()); }), 0);
}

TEST_F(DeleteTest, InAStickyDirectoryIsTheOwnersOfNodeOrParent) {
  const auto unlink = [&] { return ::unlink(at("d/f").c_str()); };
  const auto prepare = [&](uid_t parent, uid_t node) {
    erase(real("d"));
    make_dir(real("d"), 01777, parent, parent);
    make_file(real("d/f"), 0666, "content", node, node);
  };
  prepare(0, kAlice);
  EXPECT_EQ(errno_name(as_bob(unlink)), "EPERM");
  EXPECT_EQ(errno_name(as_alice(unlink)), "0") << "owner of the node";
  prepare(kAlice, 0);
  EXPECT_EQ(errno_name(as_bob(unlink)), "EPERM");
  EXPECT_EQ(errno_name(as_alice(unlink)), "0") << "owner of the directory";
  prepare(0, 0);
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "d"), 0);
  ASSERT_EQ(allow(real("d"), user(kBob), "rwaxD", "n"), 0);
  EXPECT_EQ(errno_name(as_bob(unlink)), "EPERM");
  EXPECT_EQ(errno_name(as_alice(unlink)), "0") << "d on the node";
}

TEST_F(DeleteTest, NeedsNoRightOnTheContent) {
  make_dir(real("d"), 0777);
  make_file(real("d/f"), 0000);
  EXPECT_EQ(as_bob([&] { return ::unlink(at("d/f").c_str()); }), 0);
}

}  // namespace
}  // namespace acefs::test
