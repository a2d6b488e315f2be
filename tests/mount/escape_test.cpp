// SPDX-License-Identifier: MIT
// Ways around the way: links, `..`, second places, and descriptors that somebody else reached.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "../support/handover.hpp"
#include "acefs/base/unique_fd.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

/// A directory `closed` that Bob cannot enter, with what its own mode would give to everybody; a directory `open` where he may do anything.
class EscapeTest : public RowTest {
 protected:
  void SetUp() override {
    RowTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("closed"), 0700, kAlice, kAlice);
    make_dir(real("closed/sub"), 0777, kAlice, kAlice);
    make_file(real("closed/f"), 0666, "closed", kAlice, kAlice);
    make_file(real("closed/sub/f"), 0666, "closed", kAlice, kAlice);
    make_dir(real("open"), 0777);
    make_file(real("open/f"), 0666, "open");
  }
  std::string read_as(uid_t uid, const std::string& name) {
    return run_as(uid, uid, [&] { return slurp(at(name)); });
  }
  std::string as_bob_says(const std::function<long()>& call) { return errno_name(as_bob(call)); }
};

/// The same, whether or not the kernel keeps names.
class EscapeByNameTest : public EscapeTest, public ::testing::WithParamInterface<const char*> {
 protected:
  MountOptions options() const override { return {.options = GetParam()}; }
};

/// Outside of the tree, a place that is open to root alone.
class Outside {
 public:
  Outside() {
    make_dir(place_.path(), 0700);
    make_dir(place_.at("d"), 0777);
    for (const char* name : {"f", "d/f"}) make_file(place_.at(name), 0666, "bait");
    before_ = describe();
  }
  std::string at(const std::string& name) const { return place_.at(name); }
  void expect_untouched() const { EXPECT_EQ(describe(), before_) << "what is outside"; }

 private:
  std::string describe() const {
    std::string text;
    for (const char* name : {"", "f", "d", "d/f"}) {
      const struct stat st = lstat_of(place_.at(name));
      text += std::string(name) + " " + std::to_string(st.st_mode) + " " + std::to_string(st.st_uid) + " " + std::to_string(st.st_nlink) +
              " " + std::to_string(st.st_ctim.tv_sec) + "." + std::to_string(st.st_ctim.tv_nsec) + "\n";
    }
    return text + listing(place_.path()) + "\n" + listing(place_.at("d")) + "\n" + slurp(place_.at("f")) + slurp(place_.at("d/f"));
  }
  TempDir place_;
  std::string before_;
};

/// What can be tried with a name; each as a system call.
std::vector<std::pair<std::string, std::function<long()>>> attempts(const std::string& path, const std::string& mine) {
  return {
      {"read", [=] { return try_open(path, O_RDONLY); }},
      {"write", [=] { return spill(path, "bob", O_WRONLY); }},
      {"open and truncate", [=] { return try_open(path, O_WRONLY | O_TRUNC); }},
      {"create", [=] { return try_open(path, O_WRONLY | O_CREAT, 0666); }},
      {"truncate", [=] { return ::truncate(path.c_str(), 0); }},
      {"chmod", [=] { return ::chmod(path.c_str(), 0777); }},
      {"chown", [=] { return ::chown(path.c_str(), kBob, kBob); }},
      {"utimens", [=] { return ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0); }},
      {"set an attribute", [=] { return ::setxattr(path.c_str(), "user.note", "x", 1, 0); }},
      {"read attributes", [=] { return ::listxattr(path.c_str(), nullptr, 0) < 0 ? -1 : ::getxattr(path.c_str(), "user.note", nullptr, 0); }},
      {"link", [=] { return ::linkat(AT_FDCWD, path.c_str(), AT_FDCWD, mine.c_str(), AT_SYMLINK_FOLLOW); }},
  };
}

TEST_P(EscapeByNameTest, AFileReplacedByASymlinkLeadsOutOnlyWhereTheCallerMayGoHimself) {
  const Outside outside;
  for (const auto& [name, attempt] : attempts(at("open/x"), at("open/mine"))) {
    SCOPED_TRACE(name);
    erase(real("open/x"));
    make_file(real("open/x"), 0666, "open", kBob, kBob);
    ASSERT_EQ(read_as(kBob, "open/x"), "open") << "so that the kernel knows the name";
    ASSERT_EQ(::unlink(real("open/x").c_str()), 0);
    make_symlink(outside.at("f"), real("open/x"), kBob, kBob);
    EXPECT_EQ(as_bob_says(attempt), "EACCES");
    EXPECT_FALSE(exists(real("open/mine")));
  }
  outside.expect_untouched();
}

TEST_P(EscapeByNameTest, ADirectoryReplacedByASymlinkLeadsOutOnlyWhereTheCallerMayGoHimself) {
  const Outside outside;
  auto tries = attempts(at("open/x/f"), at("open/mine"));
  tries.emplace_back("unlink", [&] { return ::unlink(at("open/x/f").c_str()); });
  tries.emplace_back("mkdir", [&] { return ::mkdir(at("open/x/new").c_str(), 0777); });
  tries.emplace_back("rename", [&] { return ::rename(at("open/x/f").c_str(), at("open/mine").c_str()); });
  tries.emplace_back("rename into it", [&] { return ::rename(at("open/f").c_str(), at("open/x/f").c_str()); });
  tries.emplace_back("symlink", [&] { return ::symlink("x", at("open/x/new").c_str()); });
  for (const auto& [name, attempt] : tries) {
    SCOPED_TRACE(name);
    erase(real("open/x"));
    make_dir(real("open/x"), 0777, kBob, kBob);
    make_file(real("open/x/f"), 0666, "open", kBob, kBob);
    ASSERT_EQ(read_as(kBob, "open/x/f"), "open");
    erase(real("open/x"));
    make_symlink(outside.at("d"), real("open/x"), kBob, kBob);
    const std::string said = as_bob_says(attempt);
    // What is to be made there is looked up once only, and so may be refused with ESTALE; and a file of root's for coming into what was
    // Bob's directory.
    const bool once = name == "mkdir" || name == "symlink";
    EXPECT_TRUE(said == "EACCES" || (said == "ESTALE" && once) || (said == "EXDEV" && name == "rename into it")) << said;
    EXPECT_FALSE(exists(real("open/mine")));
  }
  outside.expect_untouched();
}

TEST_P(EscapeByNameTest, ASymlinkWithinTheTreeIsNoOtherWay) {
  // Made through the mount, by the user himself, and by somebody on the backing.
  ASSERT_EQ(as_bob([&] { return ::symlink("../closed/f", at("open/to").c_str()); }), 0);
  make_symlink(at("closed/f"), real("open/absolute"), kBob, kBob);
  make_symlink("../closed", real("open/way"), kBob, kBob);
  for (const std::string name : {"open/to", "open/absolute", "open/way/f", "open/way/sub/f"}) {
    EXPECT_EQ(read_as(kBob, name), "!EACCES") << name;
    EXPECT_EQ(read_as(kAlice, name), "closed") << name;
  }
  for (const auto& [name, attempt] : attempts(at("open/to"), at("open/mine"))) EXPECT_EQ(as_bob_says(attempt), "EACCES") << name;
  EXPECT_EQ(slurp(real("closed/f")), "closed");
}

TEST_P(EscapeByNameTest, NothingIsMadeThroughASymlinkThatLeadsNowhere) {
  const Outside outside;
  make_symlink(outside.at("new"), real("open/out"), kBob, kBob);
  make_symlink("../closed/new", real("open/in"), kBob, kBob);
  for (const std::string name : {"open/out", "open/in"}) {
    EXPECT_EQ(as_bob_says([&] { return try_open(at(name), O_WRONLY | O_CREAT, 0666); }), "EACCES") << name;
    EXPECT_EQ(as_bob_says([&] { return try_open(at(name), O_WRONLY | O_CREAT | O_EXCL, 0666); }), "EEXIST") << name;
    EXPECT_EQ(as_bob_says([&] { return ::mkdir(at(name).c_str(), 0777); }), "EEXIST") << name;
  }
  EXPECT_EQ(listing(real("closed")), "f sub");
  outside.expect_untouched();
}

TEST_P(EscapeByNameTest, DotDotIsJudgedLikeAnyOtherWay) {
  make_dir(real("open/a"), 0777);
  make_dir(real("open/a/b"), 0777);
  User bob(kBob, kBob);
  bob.start({[&] { return ::chdir(at("open/a/b").c_str()); },
             [] { return try_open("../../../closed/f", O_RDONLY); },
             [] { return try_open("../../f", O_RDONLY); },
             [] { return try_open("../f", O_RDONLY); },
             [] { return try_open("..", O_RDONLY | O_DIRECTORY); }});
  ASSERT_EQ(bob.run(0), 0);
  EXPECT_EQ(errno_name(bob.run(1)), "EACCES");
  EXPECT_EQ(errno_name(bob.run(2)), "0");
  EXPECT_EQ(errno_name(bob.run(3)), "ENOENT");
  EXPECT_EQ(errno_name(bob.run(4)), "0");
  // Moved with him in it to where he may not be: what is above him then is closed, by every number of steps.
  ASSERT_EQ(::rename(real("open/a").c_str(), real("closed/sub/a").c_str()), 0);
  make_file(real("closed/sub/a/f"), 0666, "closed");
  for (const std::size_t step : {1U, 3U, 4U}) {
    const std::string said = errno_name(bob.run(step));
    EXPECT_TRUE(said == "EACCES" || said == "ENOENT") << step << " " << said;
  }
}

TEST_P(EscapeByNameTest, NamesThatAreWaysAreNoNames) {
  // As in any directory: the mount makes nothing that would be `..` or a way for somebody who reads the backing.
  for (const std::string name : {"open/..", "open/.", "open/../closed/sub"}) {
    EXPECT_NE(as_bob([&] { return ::mkdir(at(name).c_str(), 0777); }), 0) << name;
    EXPECT_NE(as_bob([&] { return ::rename(at("open/f").c_str(), at(name).c_str()); }), 0) << name;
    EXPECT_NE(as_bob([&] { return ::rmdir(at(name).c_str()); }), 0) << name;
  }
  EXPECT_EQ(listing(real("closed")), "f sub");
  EXPECT_EQ(listing(real("open")), "f");
}

INSTANTIATE_TEST_SUITE_P(Names, EscapeByNameTest, ::testing::Values("names=cached", "names=uncached", "cache=public"),
                         [](const auto& param) {
                           std::string name = param.param;
                           name.erase(name.find('='), 1);
                           return name;
                         });

/// A name of a file in a directory that gives more than the one it is in.
class EscapeByLinkTest : public EscapeTest {
 protected:
  void SetUp() override {
    EscapeTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    // Bob may read and write what is in `shared`, in `plain` only write, and do everything with the names in both.
    for (const auto& [name, letters] : {std::pair{"shared", "rw"}, std::pair{"plain", "w"}}) {
      make_dir(real(name), 0777);
      ASSERT_EQ(allow(real(name), user(kBob), letters, "f"), 0);
      make_file(real(std::string(name) + "/f"), 0600, name);
    }
  }
};

TEST_F(EscapeByLinkTest, IntoAMoreGenerousDirectoryIsRefusedByWhateverCall) {
  const std::string from = at("plain/f");
  const std::string to = at("shared/g");
  ASSERT_EQ(read_as(kBob, "plain/f"), "!EACCES");
  EXPECT_EQ(as_bob_says([&] { return ::link(from.c_str(), to.c_str()); }), "EXDEV");
  EXPECT_EQ(as_bob_says([&] { return ::rename(from.c_str(), to.c_str()); }), "EXDEV");
  EXPECT_EQ(as_bob_says([&] { return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, at("shared/f").c_str(), RENAME_EXCHANGE); }), "EXDEV");
  const auto by_descriptor = [&](int flags) {
    return as_bob_says([&]() -> long {
      const UniqueFd fd(::open(from.c_str(), flags | O_CLOEXEC));
      const std::string magic = "/proc/self/fd/" + std::to_string(fd.get());
      return fd ? ::linkat(AT_FDCWD, magic.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) : -1;
    });
  };
  EXPECT_EQ(by_descriptor(O_WRONLY), "EXDEV");
  EXPECT_EQ(by_descriptor(O_PATH), "EXDEV");
  EXPECT_FALSE(exists(real("shared/g")));
  EXPECT_EQ(read_as(kBob, "plain/f"), "!EACCES");
  // Where it gives him nothing new he may.
  EXPECT_EQ(as_bob_says([&] { return ::link(at("shared/f").c_str(), at("plain/g").c_str()); }), "0");
}

TEST_F(EscapeByLinkTest, IntoADirectoryOfHisOwnIsRefusedForHeDecidesOverWhatIsThere) {
  ASSERT_EQ(as_bob([&] { return ::mkdir(at("plain/mine").c_str(), 0777); }), 0);
  make_dir(real("plain/d"), 0777);
  make_file(real("plain/d/f"), 0600, "plain");
  EXPECT_EQ(as_bob_says([&] { return ::link(at("plain/f").c_str(), at("plain/mine/f").c_str()); }), "EXDEV");
  EXPECT_EQ(as_bob_says([&] { return ::rename(at("plain/f").c_str(), at("plain/mine/f").c_str()); }), "EXDEV");
  EXPECT_EQ(as_bob_says([&] { return ::rename(at("plain/d").c_str(), at("plain/mine/d").c_str()); }), "EXDEV");
  ASSERT_EQ(as_bob([&] { return ::mkdir(at("plain/mine/e").c_str(), 0777); }), 0);
  EXPECT_EQ(as_bob_says([&] {
    return ::renameat2(AT_FDCWD, at("plain/mine/e").c_str(), AT_FDCWD, at("plain/d").c_str(), RENAME_EXCHANGE);
  }), "EXDEV");
  // What is his, or was in a directory of his already, he may move.
  make_file(real("plain/his"), 0600, "his", kBob, kBob);
  EXPECT_EQ(as_bob_says([&] { return ::rename(at("plain/his").c_str(), at("plain/mine/his").c_str()); }), "0");
  make_file(real("plain/mine/hers"), 0600, "hers", kAlice, kAlice);
  EXPECT_EQ(as_bob_says([&] { return ::rename(at("plain/mine/hers").c_str(), at("plain/mine/e/hers").c_str()); }), "0");
  EXPECT_EQ(listing(real("plain/mine")), "e his");
}

/// What the same filesystem shows at a second place of the tree.
class SecondPlaceTest : public EscapeTest, public ::testing::WithParamInterface<const char*> {
 protected:
  MountOptions options() const override { return {.options = GetParam()}; }
  void SetUp() override {
    EscapeTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("place"), 0755);
    make_dir(real("one"), 0755);
    make_dir(real("one/sub"), 0755);
    make_file(real("one/sub/f"), 0644, "one");
    // Both places can be reached. What is below `one` Bob may not read.
    ASSERT_EQ(deny(real("one"), user(kBob), "r", "fi"), 0);
  }
  void TearDown() override {
    for (const std::string& where : bound_) ::umount2(where.c_str(), MNT_DETACH);
    EscapeTest::TearDown();
  }
  int bind(const std::string& what, const std::string& where) {
    const int done = ::mount(real(what).c_str(), real(where).c_str(), nullptr, MS_BIND, nullptr);
    if (done == 0) bound_.push_back(real(where));
    return done;
  }
  /// Mounts make no event of the filesystem: with fanotify they are noticed a moment later.
  static bool soon(const std::function<bool()>& holds) {
    const time_t end = ::time(nullptr) + 20;
    while (!holds()) {
      if (::time(nullptr) > end) return false;
    }
    return true;
  }

 private:
  std::vector<std::string> bound_;
};

TEST_P(SecondPlaceTest, IsJudgedAsThePlaceThatWasAskedFor) {
  ASSERT_EQ(bind("one/sub", "place"), 0) << errno_name(errno);
  ASSERT_TRUE(soon([&] { return read_as(kBob, "place/f") == "one"; }));
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(read_as(kBob, "one/sub/f"), "!EACCES") << round;
    EXPECT_EQ(read_as(kBob, "place/f"), "one") << round;
    EXPECT_EQ(read_as(kAlice, "one/sub/f"), "one");
    EXPECT_EQ(read_as(kAlice, "place/f"), "one");
  }
}

TEST_P(SecondPlaceTest, WhatIsClosedAtBothIsClosed) {
  ASSERT_EQ(deny(real("place"), user(kBob), "r"), 0) << "of what is covered, which does not count";
  ASSERT_EQ(deny(real("one/sub"), user(kBob), "r"), 0);
  ASSERT_EQ(bind("one/sub", "place"), 0) << errno_name(errno);
  ASSERT_TRUE(soon([&] { return read_as(kAlice, "place/f") == "one"; }));
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(read_as(kBob, "one/sub/f"), "!EACCES") << round;
    EXPECT_EQ(read_as(kBob, "place/f"), "!EACCES") << round;
    EXPECT_EQ(read_as(kAlice, round % 2 == 0 ? "one/sub/f" : "place/f"), "one");
  }
}

TEST_P(SecondPlaceTest, OfWhatBobCannotReachGivesOnlyWhatIsBoundThere) {
  ASSERT_EQ(bind("closed/sub", "place"), 0) << errno_name(errno);
  ASSERT_TRUE(soon([&] { return read_as(kBob, "place/f") == "closed"; }));
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(read_as(kBob, "place/f"), "closed");
    EXPECT_EQ(read_as(kAlice, "closed/sub/f"), "closed") << "who comes by the other place";
    EXPECT_EQ(read_as(kBob, "closed/sub/f"), "!EACCES");
    EXPECT_EQ(read_as(kBob, "place/../closed/f"), "!EACCES");
    EXPECT_EQ(read_as(kBob, "closed/f"), "!EACCES");
  }
}

TEST_P(SecondPlaceTest, OfADirectoryWithinItselfLeadsTheDaemonInNoCircle) {
  make_dir(real("open/d"), 0777);
  make_dir(real("open/d/deep"), 0777);
  ASSERT_EQ(bind("open", "open/d/deep"), 0) << errno_name(errno);
  for (int round = 0; round < 20; ++round) {
    // ELOOP is what the kernel says when a directory of a FUSE mount turns out to be above itself.
    const std::string within = read_as(kBob, "open/d/deep/f");
    EXPECT_TRUE(within == "open" || within == "!ELOOP" || within == "!ENOENT") << within;
    // Between open(2) and read(2) it may be noticed that the way last found goes in a circle. Who comes again comes by another.
    std::string open = read_as(kBob, "open/f");
    if (open == "!ESTALE") open = read_as(kBob, "open/f");
    EXPECT_EQ(open, "open");
    EXPECT_EQ(read_as(kBob, "closed/f"), "!EACCES");
  }
}

TEST_P(SecondPlaceTest, AMountThatAppearsClosesWhatItCovers) {
  // Bob is in the directory, and holds it, before something closed is mounted over it.
  make_dir(real("open/d"), 0777);
  make_file(real("open/d/f"), 0666, "covered");
  make_file(real("closed/sub/f"), 0600, "closed");
  ASSERT_EQ(read_as(kBob, "open/d/f"), "covered");
  int held = -1;
  User bob(kBob, kBob);
  bob.start({[&] { return ::chdir(at("open/d").c_str()) == 0 ? held = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1; },
             [&]() -> long {
               char bytes[8] = "";
               const UniqueFd fd(::openat(held, "f", O_RDONLY | O_CLOEXEC));
               if (!fd || ::read(fd.get(), bytes, sizeof bytes - 1) < 0) return -1;
               errno = ENODATA;
               return std::string_view(bytes).starts_with("closed") ? 0 : -1;
             }});
  ASSERT_EQ(bob.run(0), 0);
  ASSERT_EQ(bind("closed/sub", "open/d"), 0) << errno_name(errno);
  ASSERT_TRUE(soon([&] { return read_as(kAlice, "open/d/f") == "!EACCES"; }));
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(read_as(kBob, "open/d/f"), "!EACCES");
    EXPECT_NE(bob.run(1), 0) << "nor by the directory that he holds";
  }
  EXPECT_EQ(slurp(real("open/d/f")), "closed");
}

INSTANTIATE_TEST_SUITE_P(Source, SecondPlaceTest,
                         ::testing::Values("names=cached", "names=uncached", "coherence=statx", "coherence=statx,names=uncached"),
                         [](const auto& param) {
                           const std::string text = param.param;
                           return std::string(text.find("statx") != text.npos ? "Statx" : "Fanotify") +
                                  (text.find("uncached") != text.npos ? "Uncached" : "Cached");
                         });

/// Descriptors by which nothing can be read yet, from somebody who could reach the node.
class PassedOnTest : public EscapeTest {
 protected:
  void SetUp() override {
    EscapeTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    alice_.emplace(kAlice, kAlice);
    bob_.emplace(kBob, kBob);
  }
  /// Alice opens `name` with O_PATH and passes it to Bob, who then tries each step in turn; what they said.
  std::vector<std::string> after_taking(const std::string& name, const User::Steps& steps) {
    alice_->start({[&] {
      const UniqueFd fd(::open(at(name).c_str(), O_PATH | O_CLOEXEC));
      return fd ? handover_.give(fd.get()) : -1;
    }});
    User::Steps all{[this] { return taken_ = handover_.take(); }};
    all.insert(all.end(), steps.begin(), steps.end());
    bob_->start(all);
    EXPECT_EQ(errno_name(alice_->run(0)), "0");
    EXPECT_EQ(errno_name(bob_->run(0)), "0");
    std::vector<std::string> said;
    for (std::size_t i = 1; i < all.size(); ++i) said.push_back(errno_name(bob_->run(i)));
    return said;
  }
  void TearDown() override {
    // Or the mount would be busy. Bob, who was forked last, has the other end of Alice's pipe.
    bob_.reset();
    alice_.reset();
    EscapeTest::TearDown();
  }
  std::string magic() const { return "/proc/self/fd/" + std::to_string(taken_); }

  Handover handover_;
  std::optional<User> alice_;
  std::optional<User> bob_;
  int taken_ = -1;  ///< in Bob's process
};

TEST_F(PassedOnTest, AFileOpensToNobodyWhoCouldNotGetThere) {
  const std::string mine = at("open/mine");
  const auto said = after_taking("closed/f", {
      [&] { return try_open(magic(), O_RDONLY); },
      [&] { return try_open(magic(), O_WRONLY); },
      [&] { return try_open(magic(), O_WRONLY | O_TRUNC); },
      [&] { return ::truncate(magic().c_str(), 0); },
      [&] { return ::chmod(magic().c_str(), 0777); },
      [&] { return ::chown(magic().c_str(), kBob, kBob); },
      [&] { return ::setxattr(magic().c_str(), "user.note", "x", 1, 0); },
      [&] { return ::listxattr(magic().c_str(), nullptr, 0); },
      [&] { return ::utimensat(AT_FDCWD, magic().c_str(), nullptr, 0); },
      [&] { return ::linkat(AT_FDCWD, magic().c_str(), AT_FDCWD, mine.c_str(), AT_SYMLINK_FOLLOW); },
      [&] {
        struct stat st {};
        return ::fstatat(taken_, "", &st, AT_EMPTY_PATH);
      },
  });
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i], "EACCES") << i;
  EXPECT_EQ(slurp(real("closed/f")), "closed");
  EXPECT_EQ(lstat_of(real("closed/f")).st_mode & 07777, 0666U);
  EXPECT_FALSE(exists(real("open/mine")));
}

TEST_F(PassedOnTest, AFileOpensToWhoMayGetThere) {
  const auto said = after_taking("open/f", {[&] { return try_open(magic(), O_RDONLY); }, [&] { return try_open(magic(), O_RDWR); }});
  EXPECT_EQ(said, (std::vector<std::string>{"0", "0"}));
}

TEST_F(PassedOnTest, ADirectoryOpensToNobodyWhoCouldNotGetThere) {
  // `closed/sub` would give everybody everything, were it not in `closed`.
  const auto said = after_taking("closed/sub", {
      [&] { return try_open(magic(), O_RDONLY | O_DIRECTORY); },
      [&] { return ::openat(taken_, "f", O_RDONLY | O_CLOEXEC); },
      [&] { return ::openat(taken_, "f", O_WRONLY | O_CLOEXEC); },
      [&] { return ::openat(taken_, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0666); },
      [&] { return ::openat(taken_, "../f", O_RDONLY | O_CLOEXEC); },
      [&] { return ::unlinkat(taken_, "f", 0); },
      [&] { return ::mkdirat(taken_, "new", 0777); },
      [&] { return ::symlinkat("x", taken_, "new"); },
      [&] { return ::renameat(taken_, "f", AT_FDCWD, at("open/mine").c_str()); },
      [&] { return ::renameat(AT_FDCWD, at("open/f").c_str(), taken_, "f"); },
      [&] { return ::linkat(AT_FDCWD, at("open/f").c_str(), taken_, "new", 0); },
      [&] { return ::fchmodat(taken_, "f", 0777, 0); },
      [&] { return ::fchdir(taken_); },
      [&] {
        struct stat st {};
        return ::fstatat(taken_, "f", &st, AT_SYMLINK_NOFOLLOW);
      },
      [&] {
        open_how how{};
        how.flags = O_RDONLY | O_CLOEXEC;
        how.resolve = RESOLVE_BENEATH;
        return ::syscall(SYS_openat2, taken_, "f", &how, sizeof how);
      },
  });
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i], "EACCES") << i;
  EXPECT_EQ(listing(real("closed/sub")), "f");
  EXPECT_EQ(slurp(real("closed/sub/f")), "closed");
  EXPECT_EQ(listing(real("open")), "f");
}

TEST_F(PassedOnTest, ADirectoryThatIsListedForHimTellsHimNoMoreOnceItIsClosed) {
  // Opened by Alice for listing: it lists as long as she may.
  make_dir(real("open/d"), 0755);
  make_file(real("open/d/f"), 0600);
  alice_->start({[&] {
    const UniqueFd fd(::open(at("open/d").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd ? handover_.give(fd.get()) : -1;
  }});
  alignas(8) char entries[1024];
  bob_->start({[this] { return taken_ = handover_.take(); },
               [&] { return ::lseek(taken_, 0, SEEK_SET) < 0 ? -1 : ::syscall(SYS_getdents64, taken_, entries, sizeof entries); },
               [&] { return ::openat(taken_, "f", O_RDONLY | O_CLOEXEC); }});
  ASSERT_EQ(alice_->run(0), 0);
  ASSERT_EQ(bob_->run(0), 0);
  EXPECT_EQ(errno_name(bob_->run(1)), "0");
  EXPECT_EQ(errno_name(bob_->run(2)), "EACCES") << "what is in it is judged for him";
  ASSERT_EQ(deny(real("open/d"), user(kAlice), "r"), 0);
  EXPECT_EQ(errno_name(bob_->run(1)), "EACCES");
}

}  // namespace
}  // namespace acefs::test
