// SPDX-License-Identifier: MIT
// Where nothing is granted or denied, every call answers as on a plain directory: content, locks, listings.
#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <thread>

#include "acefs/base/unique_fd.hpp"
#include "parity.hpp"

namespace acefs::test {
namespace {

/// By every way that bytes move. Where the kernel has not what `direct` needs it is `cached`, too.
class DataTest : public ParityTest, public ::testing::WithParamInterface<const char*> {
 protected:
  MountOptions options() const override { return {.options = std::string("data=") + GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Modes, DataTest, ::testing::Values("direct", "cached"), [](const auto& mode) { return std::string(mode.param); });

UniqueFd open_fd(const std::string& path, int flags, mode_t mode = 0644) {
  return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC, mode));
}

bool is_at_least(const char* release, int major, int minor) {
  int numbers[2] = {};
  return std::sscanf(release, "%d.%d", &numbers[0], &numbers[1]) == 2 && std::pair(numbers[0], numbers[1]) >= std::pair(major, minor);
}

/// Bytes that differ from place to place, so that a shifted or missing block shows.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 31 + i / 4096 * 7 + 1) & 0xff);
  return bytes;
}

/// The first 10,000 bytes of a file; nullptr: they cannot be mapped.
char* mapped(const UniqueFd& fd, int kind, Calls& calls) {
  void* const map = ::mmap(nullptr, 10'000, PROT_READ | PROT_WRITE, kind, fd.get(), 0);
  calls("map", map == MAP_FAILED ? -1 : 0);
  return map == MAP_FAILED ? nullptr : static_cast<char*>(map);
}

TEST_P(DataTest, ReadsAndWritesAtAnyOffset) {
  same([](const std::string& d, Calls& calls) {
    const UniqueFd fd = open_fd(d + "/f", O_CREAT | O_RDWR);
    char byte[8] = "1234567";
    calls("write", ::write(fd.get(), byte, 7));
    calls("pwrite far", ::pwrite(fd.get(), byte, 7, 100'000));
    calls("pread hole", ::pread(fd.get(), byte, 7, 50'000));
    calls.note("hole is zero", byte[0] == 0 ? "yes" : "no");
    calls("pread across the end", ::pread(fd.get(), byte, 7, 100'003));
    calls("pread beyond", ::pread(fd.get(), byte, 7, 200'000));
    calls("seek", ::lseek(fd.get(), 0, SEEK_END));
    calls("seek negative", ::lseek(fd.get(), -1, SEEK_SET));
    calls("read at the end", ::read(fd.get(), byte, 7));
    const UniqueFd reader = open_fd(d + "/f", O_RDONLY);
    calls("write by a reader", ::write(reader.get(), byte, 1));
    calls("truncate by a reader", ::ftruncate(reader.get(), 1));
    const UniqueFd writer = open_fd(d + "/f", O_WRONLY);
    calls("read by a writer", ::read(writer.get(), byte, 1));
    calls("read of a directory", ::read(open_fd(d, O_RDONLY).get(), byte, 1));
  });
}

TEST_P(DataTest, LargeFilesKeepEveryByte) {
  const std::string bytes = pattern(9 * 1024 * 1024 + 123);
  make_dir(mount().backing(), 0777);
  ASSERT_EQ(errno_as(kAlice, kAlice, [&] { return spill(at("f"), bytes, O_CREAT | O_WRONLY); }), 0);
  EXPECT_TRUE(slurp(real("f")) == bytes) << "on the backing";
  EXPECT_EQ(errno_as(kAlice, kAlice, [&] { return slurp(at("f")) == bytes ? 0 : -1; }), 0) << "through the mount";
}

TEST_P(DataTest, AppendGoesToTheEndWhateverTheOffset) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/f", "start", O_CREAT | O_WRONLY);
    const UniqueFd fd = open_fd(d + "/f", O_RDWR | O_APPEND);
    calls("write", ::write(fd.get(), "+1", 2));
    calls("pwrite", ::pwrite(fd.get(), "+2", 2, 0));
    spill(d + "/f", "+3", O_WRONLY | O_APPEND);
    calls("write after another's", ::write(fd.get(), "+4", 2));
    calls("flag off", ::fcntl(fd.get(), F_SETFL, 0));
    calls("pwrite without the flag", ::pwrite(fd.get(), "X", 1, 0));
    calls("flag on", ::fcntl(fd.get(), F_SETFL, O_APPEND));
    calls("pwrite with the flag", ::pwrite(fd.get(), "+5", 2, 0));
    calls("size", ::lseek(fd.get(), 0, SEEK_END));
  });
}

TEST_P(DataTest, AppendAfterABackingWriteLosesNothing) {
  make_file(real("f"), 0666, "a");
  const UniqueFd fd = open_fd(at("f"), O_WRONLY | O_APPEND);
  ASSERT_TRUE(fd);
  ASSERT_EQ(spill(real("f"), "b", O_WRONLY | O_APPEND), 0);
  ASSERT_EQ(::write(fd.get(), "c", 1), 1);
  EXPECT_EQ(slurp(real("f")), "abc");
}

TEST_P(DataTest, TruncationShowsAtOnce) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/f", pattern(10'000), O_CREAT | O_WRONLY);
    const UniqueFd fd = open_fd(d + "/f", O_RDWR);
    char bytes[16];
    calls("read", ::pread(fd.get(), bytes, 16, 9000));
    calls("truncate", ::ftruncate(fd.get(), 9004));
    calls("read after", ::pread(fd.get(), bytes, 16, 9000));
    calls("grow", ::ftruncate(fd.get(), 20'000));
    calls("read the hole", ::pread(fd.get(), bytes, 16, 9000));
    calls.note("zero", bytes[10] == 0 ? "yes" : "no");
    calls("O_TRUNC", try_open(d + "/f", O_WRONLY | O_TRUNC));
    calls("read nothing", ::pread(fd.get(), bytes, 16, 0));
  });
}

TEST_P(DataTest, DirectIo) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/f", pattern(16384), O_CREAT | O_WRONLY);
    const UniqueFd fd = open_fd(d + "/f", O_RDWR | O_DIRECT);
    calls("open", fd ? 0 : -1);
    const std::unique_ptr<void, decltype(&std::free)> block(std::aligned_alloc(4096, 8192), &std::free);
    calls("read", ::pread(fd.get(), block.get(), 8192, 4096));
    calls.note("same", std::memcmp(block.get(), pattern(16384).data() + 4096, 8192) == 0 ? "yes" : "no");
    std::memset(block.get(), 'x', 8192);
    calls("write", ::pwrite(fd.get(), block.get(), 8192, 8192));
    calls("read past the end", ::pread(fd.get(), block.get(), 8192, 16384));
  });
  EXPECT_EQ(slurp(real("f")), pattern(8192) + std::string(8192, 'x'));
}

TEST_P(DataTest, UnnamedTemporaryFiles) {
  const auto act = [](const std::string& d, Calls& calls) {
    const UniqueFd fd = open_fd(d, O_TMPFILE | O_RDWR, 0640);
    calls("open", fd ? 0 : -1);
    calls("write", ::write(fd.get(), "x", 1));
    const std::string link = "/proc/self/fd/" + std::to_string(fd.get());
    calls("link", ::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, (d + "/named").c_str(), AT_SYMLINK_FOLLOW));
  };
  if (!open_fd(mount().point(), O_TMPFILE | O_RDWR)) GTEST_SKIP() << "not supported here: " << errno_name(errno);
  same(act);
}

TEST_P(DataTest, Fallocate) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/f", pattern(65536), O_CREAT | O_WRONLY);
    const UniqueFd fd = open_fd(d + "/f", O_RDWR);
    calls("grow", ::fallocate(fd.get(), 0, 0, 100'000));
    calls("keep size", ::fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, 200'000));
    calls("punch", ::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 8192));
    calls("zero", ::fallocate(fd.get(), FALLOC_FL_ZERO_RANGE, 20'480, 4096));
    calls("punch without keep", ::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE, 0, 4096));
    calls("negative", ::fallocate(fd.get(), 0, -1, 10));
    calls("no length", ::fallocate(fd.get(), 0, 0, 0));
    char bytes[2] = {1, 1};
    calls("read the hole", ::pread(fd.get(), bytes, 2, 5000));
    calls.note("zero", bytes[0] == 0 ? "yes" : "no");
    calls("on a reader", ::fallocate(open_fd(d + "/f", O_RDONLY).get(), 0, 0, 10));
    struct stat st {};
    calls("stat", ::fstat(fd.get(), &st));
    calls("blocks", st.st_blocks);
  });
}

TEST_P(DataTest, SeekFindsDataAndHoles) {
  same([](const std::string& d, Calls& calls) {
    const UniqueFd fd = open_fd(d + "/f", O_CREAT | O_RDWR);
    calls("data", ::pwrite(fd.get(), "x", 1, 1 << 20));
    calls("more", ::pwrite(fd.get(), "x", 1, 3 << 20));
    calls("sync", ::fsync(fd.get()));
    calls("data from 0", ::lseek(fd.get(), 0, SEEK_DATA));
    calls("hole from 0", ::lseek(fd.get(), 0, SEEK_HOLE));
    calls("hole from data", ::lseek(fd.get(), 1 << 20, SEEK_HOLE));
    calls("data from hole", ::lseek(fd.get(), 2 << 20, SEEK_DATA));
    calls("data beyond the end", ::lseek(fd.get(), 9 << 20, SEEK_DATA));
    calls("last hole", ::lseek(fd.get(), 3 << 20, SEEK_HOLE));
  });
}

TEST_P(DataTest, CopyFileRange) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/from", pattern(300'000), O_CREAT | O_WRONLY);
    const UniqueFd in = open_fd(d + "/from", O_RDONLY);
    const UniqueFd out = open_fd(d + "/to", O_CREAT | O_RDWR);
    off_t from = 1000;
    off_t to = 10;
    long copied = 0;
    for (long n = 1; n > 0 && copied < 200'000; copied += n) {
      n = ::copy_file_range(in.get(), &from, out.get(), &to, static_cast<std::size_t>(200'000 - copied), 0);
    }
    calls("copied", copied);
    calls("size", ::lseek(out.get(), 0, SEEK_END));
    calls("flags", ::copy_file_range(in.get(), nullptr, out.get(), nullptr, 10, 1));
    calls("to a reader", ::copy_file_range(in.get(), nullptr, in.get(), nullptr, 10, 0));
    calls.note("same", slurp(d + "/to").substr(10) == pattern(300'000).substr(1000, 200'000) ? "yes" : "no");
  });
}

TEST_P(DataTest, SharedMappings) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/f", pattern(10'000), O_CREAT | O_WRONLY);
    const UniqueFd fd = open_fd(d + "/f", O_RDWR);
    char* const map = mapped(fd, MAP_SHARED, calls);
    if (map == nullptr) return;
    calls.note("same", std::memcmp(map, pattern(10'000).data(), 10'000) == 0 ? "yes" : "no");
    std::memcpy(map, "mapped", 6);
    calls("sync", ::msync(map, 10'000, MS_SYNC));
    char bytes[7] = "";
    calls("read", ::pread(fd.get(), bytes, 6, 0));
    calls.note("read", bytes);
    ::munmap(map, 10'000);
    const UniqueFd reader = open_fd(d + "/f", O_RDONLY);
    calls("map for writing by a reader", ::mmap(nullptr, 10, PROT_WRITE, MAP_SHARED, reader.get(), 0) == MAP_FAILED ? -1 : 0);
  });
}

TEST_P(DataTest, WhatIsMappedIsWhatIsReadAndWritten) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/f", pattern(10'000), O_CREAT | O_WRONLY);
    const UniqueFd fd = open_fd(d + "/f", O_RDWR);
    char* const map = mapped(fd, MAP_SHARED, calls);
    if (map == nullptr) return;
    char bytes[7] = "";
    for (const off_t at : {0, 4090, 9990}) {
      std::memcpy(map + at, "mapped", 6);
      calls("read what was mapped", ::pread(fd.get(), bytes, 6, at));
      calls.note("read", bytes);
      const UniqueFd other = open_fd(d + "/f", O_RDWR);
      calls("write", ::pwrite(other.get(), "wrote.", 6, at));
      calls.note("mapped", std::string(map + at, 6));
      calls("copy over it", ::copy_file_range(fd.get(), std::array<off64_t, 1>{100}.data(), other.get(), std::array<off64_t, 1>{at}.data(), 6, 0));
      calls.note("mapped", std::string(map + at, 6) == pattern(106).substr(100) ? "copied" : "old");
    }
    calls("truncate", ::ftruncate(fd.get(), 5000));
    calls("grow", ::ftruncate(fd.get(), 10'000));
    calls.note("mapped", map[5000] == 0 && map[9990] == 0 ? "zero" : "old");
    ::munmap(map, 10'000);
  });
}

TEST_P(DataTest, AWriteBesideStoresToAMappingOfTheSamePageIsNotLost) {
  make_file(real("f"), 0666, std::string(4096, '.'));
  const pid_t child = ::fork();
  if (child == 0) {
    const UniqueFd fd = open_fd(at("f"), O_RDWR);
    auto* map = static_cast<volatile char*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0));
    if (map == MAP_FAILED) ::_exit(1);
    for (unsigned i = 0;; ++i) map[i % 8] = static_cast<char>(i);
  }
  for (const int mode : {O_RDWR, O_WRONLY}) {
    const UniqueFd fd = open_fd(at("f"), mode);
    const UniqueFd reader = open_fd(at("f"), O_RDONLY);
    int lost = 0;
    for (int i = 0; i < 1500; ++i) {
      char back[8] = "";
      const std::string bytes = std::to_string(1'000'000 + i);
      EXPECT_EQ(::pwrite(fd.get(), bytes.data(), 7, 2048), 7);
      EXPECT_EQ(::pread(reader.get(), back, 7, 2048), 7);
      lost += bytes != back;
    }
    EXPECT_EQ(lost, 0) << mode;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_P(DataTest, PrivateMappingsAndPrograms) {
  same([](const std::string& d, Calls& calls) {
    spill(d + "/f", pattern(10'000), O_CREAT | O_WRONLY);
    const UniqueFd fd = open_fd(d + "/f", O_RDONLY);
    char* const map = mapped(fd, MAP_PRIVATE, calls);
    if (map == nullptr) return;
    std::memcpy(map, "mine", 4);
    ::munmap(map, 10'000);
    calls.note("file", slurp(d + "/f") == pattern(10'000) ? "as it was" : "changed");
    spill(d + "/program", slurp("/bin/true"), O_CREAT | O_WRONLY, 0755);
    calls("run", std::system((d + "/program").c_str()));
  });
}

TEST_P(DataTest, AWriteBehindTheMountIsReadAtOnce) {
  make_file(real("f"), 0666, "before");
  const UniqueFd fd = open_fd(at("f"), O_RDONLY);
  char bytes[9] = "";
  for (const char* content : {"after 01", "after 02", "after 03"}) {
    ASSERT_EQ(spill(real("f"), content, O_WRONLY), 0);
    EXPECT_EQ(::pread(fd.get(), bytes, 8, 0), 8);
    EXPECT_STREQ(bytes, content);
  }
}

TEST_P(DataTest, TheMountSaysHowBytesMove) {
  utsname kernel{};
  ASSERT_EQ(::uname(&kernel), 0);
  const std::string way = is_at_least(kernel.release, 6, 6) ? GetParam() : "cached";
  const std::string status = get_attribute(at("."), "system.acefs.status");
  EXPECT_NE(status.find("data=" + way + "\n"), std::string::npos) << status;
}

TEST_P(DataTest, Syncing) {
  same([](const std::string& d, Calls& calls) {
    const UniqueFd fd = open_fd(d + "/f", O_CREAT | O_RDWR);
    calls("write", ::write(fd.get(), "x", 1));
    calls("fsync", ::fsync(fd.get()));
    calls("fdatasync", ::fdatasync(fd.get()));
    calls("directory", ::fsync(open_fd(d, O_RDONLY).get()));
    calls("syncfs", ::syncfs(fd.get()));
    calls("O_SYNC", spill(d + "/g", "x", O_CREAT | O_WRONLY | O_SYNC));
  });
}

TEST_P(DataTest, StatfsIsTheBackings) {
  struct statvfs mounted {};
  struct statvfs plain {};
  ASSERT_EQ(::statvfs(mount().point().c_str(), &mounted), 0);
  ASSERT_EQ(::statvfs(mount().backing().c_str(), &plain), 0);
  EXPECT_EQ(mounted.f_blocks, plain.f_blocks);
  EXPECT_EQ(mounted.f_frsize, plain.f_frsize);
  EXPECT_EQ(mounted.f_files, plain.f_files);
  EXPECT_EQ(mounted.f_namemax, plain.f_namemax);
}

TEST_P(DataTest, StatIsTheBackings) {
  make_file(real("f"), 0644, pattern(5000));
  const struct stat mounted = lstat_of(at("f"));
  const struct stat plain = lstat_of(real("f"));
  EXPECT_EQ(mounted.st_ino, plain.st_ino);
  EXPECT_EQ(mounted.st_size, plain.st_size);
  EXPECT_EQ(mounted.st_blocks, plain.st_blocks);
  EXPECT_EQ(mounted.st_mtim.tv_sec, plain.st_mtim.tv_sec);
  EXPECT_EQ(mounted.st_mtim.tv_nsec, plain.st_mtim.tv_nsec);
  EXPECT_EQ(mounted.st_ctim.tv_nsec, plain.st_ctim.tv_nsec);
}

TEST_P(DataTest, InodeFlags) {
  same([](const std::string& d, Calls& calls) {
    const UniqueFd fd = open_fd(d + "/f", O_CREAT | O_RDWR);
    int flags = 0;
    calls("get", ::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags));
    calls("flags", flags);
    flags |= FS_NODUMP_FL | FS_NOATIME_FL;
    calls("set", ::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags));
    flags = 0;
    calls("get", ::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags));
    calls("flags", flags);
    flags |= FS_IMMUTABLE_FL;
    calls("immutable is root's", ::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags));
    calls("of a directory", ::ioctl(open_fd(d, O_RDONLY).get(), FS_IOC_GETFLAGS, &flags));
  });
}

TEST_P(DataTest, UnknownIoctlsAreRefused) {
  same([](const std::string& d, Calls& calls) {
    const UniqueFd fd = open_fd(d + "/f", O_CREAT | O_RDWR);
    int value = 0;
    calls("unknown", ::ioctl(fd.get(), _IOR('?', 99, int), &value));
    calls("terminal", ::ioctl(fd.get(), 0x5401 /* TCGETS */, &value));
  });
}

class ListingDataTest : public ParityTest {};

TEST_F(ListingDataTest, SeekingGoesBackToTheSamePlace) {
  make_dir(real("d"), 0755);
  for (int i = 0; i < 300; ++i) make_file(real("d/name-number-" + std::to_string(i)), 0644, "");
  DIR* dir = ::opendir(at("d").c_str());
  ASSERT_NE(dir, nullptr);
  std::vector<std::pair<long, std::string>> places;
  for (long place = ::telldir(dir); const dirent* entry = ::readdir(dir); place = ::telldir(dir)) {
    places.emplace_back(place, entry->d_name);
  }
  EXPECT_EQ(places.size(), 302u);
  const auto has = [&](const std::string& name) {
    return std::any_of(places.begin(), places.end(), [&](const auto& each) { return each.second == name; });
  };
  EXPECT_TRUE(has("."));
  EXPECT_TRUE(has(".."));
  for (std::size_t i = places.size(); i-- > 0;) {
    ::seekdir(dir, places[i].first);
    const dirent* entry = ::readdir(dir);
    ASSERT_NE(entry, nullptr) << i;
    EXPECT_EQ(entry->d_name, places[i].second);
  }
  ::rewinddir(dir);
  make_file(real("d/later"), 0644, "");
  ::rewinddir(dir);
  bool later = false;
  while (const dirent* entry = ::readdir(dir)) later = later || std::string(entry->d_name) == "later";
  EXPECT_TRUE(later) << "rewinding shows what came since";
  ::closedir(dir);
}

TEST_F(ListingDataTest, TypesAndNumbersAreThoseOfTheNodes) {
  make_dir(real("d"), 0755);
  make_file(real("d/f"), 0644);
  make_dir(real("d/sub"), 0755);
  make_symlink("f", real("d/l"));
  ASSERT_EQ(::mkfifo(real("d/p").c_str(), 0644), 0);
  DIR* dir = ::opendir(at("d").c_str());
  ASSERT_NE(dir, nullptr);
  while (const dirent* entry = ::readdir(dir)) {
    const struct stat st = lstat_of(at(std::string("d/") + entry->d_name));
    EXPECT_EQ(entry->d_type, IFTODT(st.st_mode)) << entry->d_name;
    if (std::string(entry->d_name) != "..") {
      EXPECT_EQ(entry->d_ino, st.st_ino) << entry->d_name;
    }
  }
  ::closedir(dir);
}

TEST_F(ListingDataTest, RemovingWhileListingLosesNothing) {
  make_dir(real("d"), 0777);
  for (int i = 0; i < 2000; ++i) make_file(real("d/" + std::to_string(i)), 0644, "");
  // What rm -r does.
  const auto empty = [&]() -> long {
    DIR* dir = ::opendir(at("d").c_str());
    if (dir == nullptr) return -1;
    while (const dirent* entry = ::readdir(dir)) {
      if (entry->d_name[0] != '.' && ::unlinkat(::dirfd(dir), entry->d_name, 0) != 0) return -1;
    }
    ::closedir(dir);
    return ::rmdir(at("d").c_str());
  };
  EXPECT_EQ(errno_name(errno_as(0, 0, empty)), "0");
}

/// Locks between two processes; each side is either on the mount or directly on the backing.
class LockTest : public MountedTest, public ::testing::WithParamInterface<bool> {
 protected:
  static long flock_of(int fd, int how) { return ::flock(fd, how | LOCK_NB); }
  static long posix_lock(int fd, short type, off_t start, off_t length) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return ::fcntl(fd, F_SETLK, &lock);
  }
  std::string first() const { return at("f"); }
  std::string second() const { return GetParam() ? real("f") : at("f"); }
};

TEST_P(LockTest, FlockExcludesTheOtherProcess) {
  make_file(real("f"), 0666);
  int fd = -1;
  User alice(kAlice, kAlice);
  User bob(kBob, kBob);
  const auto steps = [&fd](const std::string& path) {
    return User::Steps{[&fd, path] { return fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC); },
                       [&fd] { return flock_of(fd, LOCK_EX); },
                       [&fd] { return flock_of(fd, LOCK_SH); },
                       [&fd] { return flock_of(fd, LOCK_UN); },
                       [&fd] { return ::close(fd); },
                       [&fd] {
                         ::alarm(10);
                         return ::flock(fd, LOCK_EX);
                       }};
  };
  alice.start(steps(first()));
  bob.start(steps(second()));
  ASSERT_EQ(alice.run(0), 0);
  ASSERT_EQ(bob.run(0), 0);
  EXPECT_EQ(alice.run(1), 0);
  EXPECT_EQ(errno_name(bob.run(1)), "EAGAIN");
  EXPECT_EQ(errno_name(bob.run(2)), "EAGAIN");
  EXPECT_EQ(alice.run(2), 0) << "to shared";
  EXPECT_EQ(errno_name(bob.run(2)), "0") << "two may share";
  EXPECT_EQ(errno_name(alice.run(1)), "EAGAIN");
  EXPECT_EQ(bob.run(3), 0);
  EXPECT_EQ(alice.run(1), 0);
  EXPECT_EQ(alice.run(4), 0);
  // The kernel announces the close without waiting for the answer, hence a lock that waits.
  EXPECT_EQ(errno_name(bob.run(5)), "0") << "closing gives it up";
}

TEST_P(LockTest, PosixLocksExcludeRanges) {
  make_file(real("f"), 0666);
  int fd = -1;
  User alice(kAlice, kAlice);
  User bob(kBob, kBob);
  const auto steps = [&fd](const std::string& path) {
    return User::Steps{[&fd, path] { return fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC); },
                       [&fd] { return posix_lock(fd, F_WRLCK, 0, 10); },
                       [&fd] { return posix_lock(fd, F_WRLCK, 10, 10); },
                       [&fd] { return posix_lock(fd, F_RDLCK, 0, 10); },
                       [&fd] { return posix_lock(fd, F_UNLCK, 0, 0); },
                       [&fd] {
                         struct flock lock {};
                         lock.l_type = F_WRLCK;
                         lock.l_len = 5;
                         if (::fcntl(fd, F_GETLK, &lock) < 0) return -1;
                         errno = EAGAIN;
                         return lock.l_type == F_UNLCK ? 0 : -1;
                       },
                       [&fd] { return ::close(fd); }};
  };
  alice.start(steps(first()));
  bob.start(steps(second()));
  ASSERT_EQ(alice.run(0), 0);
  ASSERT_EQ(bob.run(0), 0);
  EXPECT_EQ(alice.run(1), 0);
  EXPECT_EQ(errno_name(bob.run(1)), "EAGAIN");
  EXPECT_EQ(errno_name(bob.run(5)), "EAGAIN") << "F_GETLK sees it";
  EXPECT_EQ(errno_name(bob.run(2)), "0") << "another range";
  EXPECT_EQ(alice.run(3), 0) << "to shared";
  EXPECT_EQ(errno_name(bob.run(3)), "0");
  EXPECT_EQ(alice.run(4), 0);
  EXPECT_EQ(errno_name(bob.run(1)), "0");
  EXPECT_EQ(errno_name(alice.run(1)), "EAGAIN");
  EXPECT_EQ(bob.run(6), 0) << "closing gives them up";
  EXPECT_EQ(errno_name(alice.run(1)), "0");
}

TEST_P(LockTest, AWaiterGetsTheLockWhenItIsGivenUp) {
  make_file(real("f"), 0666);
  for (const bool posix : {false, true}) {
    SCOPED_TRACE(posix ? "fcntl" : "flock");
    UniqueFd held = open_fd(first(), O_RDWR);
    ASSERT_TRUE(held);
    ASSERT_EQ(posix ? posix_lock(held.get(), F_WRLCK, 0, 0) : flock_of(held.get(), LOCK_EX), 0);
    const pid_t waiter = ::fork();
    if (waiter == 0) {
      held.reset();
      const UniqueFd fd = open_fd(second(), O_RDWR);
      struct flock lock {};
      lock.l_type = F_WRLCK;
      ::alarm(10);
      ::_exit((posix ? ::fcntl(fd.get(), F_SETLKW, &lock) : ::flock(fd.get(), LOCK_EX)) == 0 ? 0 : 1);
    }
    // The rest of the mount goes on while one waits.
    for (int i = 0; i < 20; ++i) EXPECT_EQ(slurp(at("f")), "content");
    if (posix) {
      ASSERT_EQ(posix_lock(held.get(), F_UNLCK, 0, 0), 0);
    } else {
      ASSERT_EQ(::flock(held.get(), LOCK_UN), 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(waiter, &status, 0), waiter);
    EXPECT_EQ(status, 0);
  }
}

TEST_P(LockTest, ADyingProcessGivesUpItsLocks) {
  make_file(real("f"), 0666);
  for (const bool posix : {false, true}) {
    const auto lock = [posix](const std::string& path) {
      return errno_as(kAlice, kAlice, [&] {
        const int fd = ::open(path.c_str(), O_RDWR);
        struct flock whole {};
        whole.l_type = F_WRLCK;
        ::alarm(10);
        return posix ? ::fcntl(fd, F_SETLKW, &whole) : ::flock(fd, LOCK_EX);
      });
    };
    EXPECT_EQ(lock(first()), 0);
    EXPECT_EQ(lock(second()), 0);
    EXPECT_EQ(lock(first()), 0);
  }
}

/// Whether another process is kept out of the whole file, on the backing.
bool is_locked(const std::string& file) {
  const int error = errno_as(0, 0, [&]() -> long {
    const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    return fd < 0 ? -1 : ::fcntl(fd, F_SETLK, &whole);
  });
  return error == EAGAIN || error == EACCES;
}

using SharedLockTest = MountedTest;

TEST_F(SharedLockTest, OpenFileDescriptionLockGoesWithItsDescription) {
  make_file(real("f"), 0666);
  UniqueFd fd(::open(at("f").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(fd);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  ASSERT_EQ(::fcntl(fd.get(), F_OFD_SETLK, &whole), 0);
  EXPECT_TRUE(is_locked(real("f")));
  fd.reset();
  for (int i = 0; i < 200 && is_locked(real("f")); ++i) ::usleep(5'000);  // release is told to the daemon afterwards
  EXPECT_FALSE(is_locked(real("f")));
}

TEST_F(SharedLockTest, WaiterKeepsItsLockThoughAnotherThreadClosedTheFileMeanwhile) {
  make_file(real("f"), 0666);
  const UniqueFd holder(::open(real("f").c_str(), O_RDWR | O_CLOEXEC));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  ASSERT_EQ(::fcntl(holder.get(), F_OFD_SETLK, &whole), 0);
  const UniqueFd waiter(::open(at("f").c_str(), O_RDWR | O_CLOEXEC));
  std::atomic<int> result{-1};
  std::thread waiting([&] {
    struct flock wanted {};
    wanted.l_type = F_WRLCK;
    result = ::fcntl(waiter.get(), F_SETLKW, &wanted);
  });
  ::usleep(100'000);
  UniqueFd(::open(at("f").c_str(), O_RDONLY | O_CLOEXEC)).reset();
  whole.l_type = F_UNLCK;
  ASSERT_EQ(::fcntl(holder.get(), F_OFD_SETLK, &whole), 0);
  waiting.join();
  ASSERT_EQ(result, 0);
  EXPECT_TRUE(is_locked(real("f")));
}

INSTANTIATE_TEST_SUITE_P(Both, LockTest, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "MountAndBacking" : "MountAndMount"; });

}  // namespace
}  // namespace acefs::test
