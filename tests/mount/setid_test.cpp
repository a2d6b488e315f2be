// SPDX-License-Identifier: MIT
// What takes setuid, setgid and file capabilities off a file takes them off through a mount as on a plain directory: whatever is written
// to a program, it must not run as somebody else then.
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

/// Something done to the file at `path`; `source` can be read. As a system call returns.
struct Deed {
  const char* what;
  std::function<long(const std::string& path, const std::string& source)> run;
  /// It takes no more off than on a plain directory. A page of a mapping is written back as by write(2), and before a change of owner the
  /// kernel has capabilities taken off, in the name of whoever may write, though it then turns out that he may not do it.
  bool no_more = true;
};

/// What came of it.
struct Outcome {
  int error = 0;
  mode_t mode = 0;
  bool is_capable = false;
};

UniqueFd open_fd(const std::string& path, int flags) { return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC)); }

auto by_handle(int flags, std::function<long(int fd)> write) {
  return [=](const std::string& path, const std::string&) -> long {
    const UniqueFd fd = open_fd(path, flags);
    return fd ? write(fd.get()) : -1;
  };
}

auto from_file(std::function<long(int to, int from)> copy) {
  return [=](const std::string& path, const std::string& source) -> long {
    const UniqueFd to = open_fd(path, O_WRONLY);
    const UniqueFd from = open_fd(source, O_RDONLY);
    return to && from ? copy(to.get(), from.get()) : -1;
  };
}

long store_in_mapping(int fd) {
  void* const map = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return -1;
  *static_cast<char*>(map) = 'x';
  const int done = ::msync(map, 4096, MS_SYNC);
  ::munmap(map, 4096);
  return done;
}

long write_vector(int fd) {
  char byte = 'x';
  const struct iovec part = {&byte, 1};
  return ::writev(fd, &part, 1);
}

const Deed kDeeds[] = {
    {"write", by_handle(O_WRONLY, [](int fd) { return ::write(fd, "x", 1); })},
    {"pwrite", by_handle(O_RDWR, [](int fd) { return ::pwrite(fd, "x", 1, 10); })},
    {"writev", by_handle(O_WRONLY, write_vector)},
    {"append", by_handle(O_WRONLY | O_APPEND, [](int fd) { return ::write(fd, "x", 1); })},
    {"truncate", [](const std::string& path, const std::string&) -> long { return ::truncate(path.c_str(), 3); }},
    {"ftruncate", by_handle(O_RDWR, [](int fd) { return ::ftruncate(fd, 3); })},
    {"open with O_TRUNC", [](const std::string& path, const std::string&) -> long { return try_open(path, O_WRONLY | O_TRUNC); }},
    {"fallocate", by_handle(O_RDWR, [](int fd) { return ::fallocate(fd, 0, 0, 8192); })},
    {"punch a hole", by_handle(O_RDWR, [](int fd) { return ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096); })},
    {"copy_file_range", from_file([](int to, int from) { return ::copy_file_range(from, nullptr, to, nullptr, 100, 0); })},
    {"sendfile", from_file([](int to, int from) { return ::sendfile(to, from, nullptr, 100); })},
    {"mapping", by_handle(O_RDWR, store_in_mapping), false},
    {"write nothing", by_handle(O_WRONLY, [](int fd) { return ::write(fd, "", 0); })},
    {"chgrp to the same",
     [](const std::string& path, const std::string&) -> long { return ::chown(path.c_str(), static_cast<uid_t>(-1), kAlice); }, false},
    {"touch", [](const std::string& path, const std::string&) -> long { return ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0); }},
    {"read", by_handle(O_RDONLY, [](int fd) {
       char byte = 0;
       return ::read(fd, &byte, 1);
     })},
};

class SetidTest : public MountedTest, public ::testing::WithParamInterface<const char*> {
 protected:
  MountOptions options() const override { return {.options = std::string("data=") + GetParam()}; }

  /// What comes of it for a caller. The file is Alice's.
  Outcome outcome(const Deed& deed, uid_t caller, mode_t mode, const std::string& plain, const std::string& used) {
    // cap_net_raw+ep, revision 2.
    const std::string capability("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
    make_file(plain + "/f", mode, std::string(5000, 'c'), kAlice, kAlice);
    EXPECT_EQ(::setxattr((plain + "/f").c_str(), "security.capability", capability.data(), capability.size(), 0), 0);
    EXPECT_EQ(::chmod((plain + "/f").c_str(), mode), 0);
    const int error = errno_as(caller, caller, [&] { return deed.run(used + "/f", used + "/source") < 0 ? -1 : 0; });
    return {.error = error,
            .mode = lstat_of(plain + "/f").st_mode & 07777U,
            .is_capable = ::getxattr((plain + "/f").c_str(), "security.capability", nullptr, 0) > 0};
  }
};

TEST_P(SetidTest, AndCapabilitiesGoAsOnAPlainDirectory) {
  make_dir(real("plain"), 0777);
  make_dir(real("mounted"), 0777);
  for (const std::string dir : {"plain", "mounted"}) make_file(real(dir + "/source"), 0644, std::string(5000, 's'));
  int lost = 0;
  for (const Deed& deed : kDeeds) {
    for (const uid_t caller : {kAlice, kBob}) {
      for (const mode_t mode : {06777, 04777, 02777, 02767, 0777, 06755}) {
        SCOPED_TRACE(std::string(deed.what) + (caller == kAlice ? " by the owner" : " by another") + ", mode " + std::to_string(mode));
        const Outcome plain = outcome(deed, caller, mode, real("plain"), real("plain"));
        const Outcome mounted = outcome(deed, caller, mode, real("mounted"), at("mounted"));
        EXPECT_EQ(mounted.error == 0, plain.error == 0) << errno_name(mounted.error) << " " << errno_name(plain.error);
        EXPECT_LE(mounted.is_capable, plain.is_capable);
        EXPECT_EQ(mounted.mode & ~plain.mode, 0U);
        if (deed.no_more || plain.error == EACCES) {
          EXPECT_EQ(mounted.mode, plain.mode);
          EXPECT_EQ(mounted.is_capable, plain.is_capable);
        }
        lost += plain.is_capable ? 0 : 1;
      }
    }
  }
  EXPECT_GT(lost, 100) << "this filesystem takes nothing off";
}

INSTANTIATE_TEST_SUITE_P(Data, SetidTest, ::testing::Values("direct", "cached"), [](const auto& mode) { return std::string(mode.param); });

}  // namespace
}  // namespace acefs::test
