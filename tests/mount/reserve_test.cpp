// SPDX-License-Identifier: MIT
// What the backing filesystem keeps for root it keeps through the mount, too: the daemon, which is root's, writes as its callers.
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/loop_fs.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

constexpr off_t kBlock = 1 << 20;

/// Takes room for a file until there is no more; errno of what ended that.
long fill(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (!file) return -1;
  for (off_t size = 0;; size += kBlock) {
    if (::fallocate(file.get(), 0, size, kBlock) != 0) return -1;
  }
}

TEST(ReservedBlocksTest, AreNotForUsersOfTheMount) {
  const LoopFs disk("ext4");
  REQUIRE_LOOP_FS(disk);
  make_dir(disk.at("d"), 0700);
  ASSERT_EQ(allow(disk.at("d"), user(kAlice), "rwxa"), 0);
  Mount mount({.source = disk.path()});
  REQUIRE_MOUNT(mount);
  EXPECT_EQ(errno_name(errno_as(kAlice, kAlice, [&] { return fill(mount.at("d/f")); })), "ENOSPC");
  struct statvfs left {};
  ASSERT_EQ(::statvfs(disk.path().c_str(), &left), 0);
  EXPECT_GT(left.f_bfree, left.f_bavail) << "this filesystem keeps nothing for root";
  EXPECT_GT(left.f_bfree * left.f_frsize, static_cast<unsigned long>(4 * kBlock)) << "what is kept for root is still there";
  EXPECT_EQ(errno_name(errno_as(kAlice, kAlice, [&] { return spill(mount.at("d/more"), std::string(2 * kBlock, 'x'), O_CREAT | O_WRONLY); })), "ENOSPC");
  EXPECT_EQ(errno_name(errno_as(0, 0, [&] { return spill(mount.at("d/roots"), std::string(2 * kBlock, 'x'), O_CREAT | O_WRONLY); })), "0");
  EXPECT_EQ(mount.stop(), 0) << mount.log();
}

}  // namespace
}  // namespace acefs::test
