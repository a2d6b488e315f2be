// SPDX-License-Identifier: MIT
// The backing is full, read-only or broken: who asked is told so, nothing opens up, nothing is lost.
//
// ACEFS_FAULTS: how many operations meet faults at random. The default suits every run; 20000 is the full size.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <random>

#include "../support/as_user.hpp"
#include "../support/call_gate.hpp"
#include "../support/grants.hpp"
#include "../support/loop_fs.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "../support/sanitized.hpp"
#include "acefs/acl/ace.hpp"
#include "acefs/backing/grants.hpp"

namespace acefs::test {
namespace {

constexpr uid_t kDave = 20004;

using Stored = std::map<std::string, std::string, std::less<>>;

Stored grants_of(const std::string& root, const std::string& node) {
  const UniqueFd top(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd fd(::open((root + "/" + node).c_str(), O_PATH | O_CLOEXEC));
  const auto stored = backing::GrantStore(top.get(), {}).read(fd.get());
  EXPECT_TRUE(stored) << node << ": its ACL cannot be read";
  return stored ? stored->values : Stored{};
}

/// An ACE that takes so much room that four do not fit beside one another with `overflow=always`.
int allow_at_length(const std::string& node, uid_t uid, const char* letters) {
  acl::Ace ace;
  ace.type = "A";
  ace.permissions = letters;
  ace.label = std::string(280, 'l');
  return set_attribute(node, allow_name(user(uid)), acl::encode(ace));
}

/// Alice's directory `a` with a file `f`, that Bob may read and Dave, though he is granted it above, may not, and others not at all.
void make_tree(const std::string& root) {
  make_dir(root + "/a", 0755, kAlice, kAlice);
  ASSERT_EQ(allow(root + "/a", user(kDave), "r", "fi"), 0);
  make_file(root + "/a/f", 0600, "content", kAlice, kAlice);
  ASSERT_EQ(allow_at_length(root + "/a/f", kBob, "r"), 0);
  ASSERT_EQ(deny(root + "/a/f", user(kDave), "r"), 0);
  ASSERT_EQ(allow_at_length(root + "/a/f", 40'000, "r"), 0);
  make_dir(root + "/closed", 0700);
  make_file(root + "/closed/f", 0644);
}

/// Bob reads the file, and those whom nothing lets in do not.
void expect_the_same_rights(const std::string& point) {
  const auto reads = [&](uid_t uid, const char* name) { return errno_as(uid, uid, [&] { return try_open(point + name, O_RDONLY); }); };
  EXPECT_EQ(run_as(kBob, kBob, [&] { return slurp(point + "/a/f"); }), "content");
  EXPECT_EQ(reads(kDave, "/a/f"), EACCES);
  EXPECT_EQ(reads(kCarol, "/a/f"), EACCES);
  EXPECT_EQ(reads(kBob, "/closed/f"), EACCES);
}

/// Something that somebody does, for which the backing is put right before, and whether it was done.
struct Deed {
  const char* name;
  uid_t who;
  std::function<void()> prepare;
  std::function<long()> call;
  std::function<bool()> done;  ///< none: nobody may do it
};

class BrokenDiskTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    REQUIRE_FUSE();
    make_tree(tree_.path());
    // A filter of system calls ends the daemon when one of its calls is answered by another process, with an error.
    mount_.emplace(MountOptions{.options = std::string("overflow=always,sandbox=off,coherence=") + GetParam(),
                                .source = tree_.path(),
                                .before_exec = [this] { gate_.stand_before_this_process(); }});
    REQUIRE_MOUNT(*mount_);
  }
  void TearDown() override {
    gate_.let_go();
    if (mount_ && mount_->ready()) {
      EXPECT_EQ(mount_->stop(), 0) << mount_->log();
    }
  }

  std::string at(const std::string& name) const { return mount_->at(name); }
  std::string real(const std::string& name) const { return tree_.at(name); }

  /// One of two errors by the kind of proof, so that each is tried and the tests do not take twice as long.
  static int chosen(int with_statx, int with_fanotify) { return std::string(GetParam()) == "statx" ? with_statx : with_fanotify; }

  struct Answer {
    int error = 0;
    bool reached = false;
  };
  /// What the user is told when the call of that number which the daemon makes on the backing fails.
  Answer with_fault(int number, int error, const Deed& deed) {
    Answer answer;
    int calls = 0;
    deed.prepare();
    gate_.judge_by([&](const Call&) {
      if (++calls != number) return Verdict::pass();
      answer.reached = true;
      return Verdict::fail(error);
    });
    answer.error = errno_as(deed.who, deed.who, deed.call);
    gate_.judge_by(nullptr);
    return answer;
  }

  void fail_every_call_of(const Deed& deed, int error) {
    Answer answer{.error = 0, .reached = true};
    int number = 1;
    for (; answer.reached && !HasFailure(); ++number) {
      SCOPED_TRACE(std::string(deed.name) + ", call " + std::to_string(number) + " fails with " + errno_name(error));
      answer = with_fault(number, error, deed);
      if (!deed.done) {
        EXPECT_NE(answer.error, 0) << "it opened up";
      } else if (answer.error == 0) {
        EXPECT_TRUE(deed.done()) << "was told that it is done";
      } else {
        EXPECT_TRUE(answer.error == error || answer.error == EIO) << errno_name(answer.error);
      }
      if (deed.done && !answer.reached) {
        EXPECT_EQ(answer.error, 0);
      }
    }
    EXPECT_GT(number, 2) << deed.name << ": it asked nothing of the backing";
  }

  Deed acl_deed(const char* name, bool in_side_file, std::function<long()> call, std::function<bool(const Stored&)> done) {
    return {name, kAlice,
            [this, in_side_file] {
              make_file(real("a/g"), 0600, "content", kAlice, kAlice);
              EXPECT_EQ(allow_at_length(real("a/g"), kBob, "r"), 0);
              EXPECT_EQ(allow_at_length(real("a/g"), 40'000, "r"), 0);
              EXPECT_EQ(deny(real("a/g"), user(kDave), "r"), 0);
              if (in_side_file) {
                EXPECT_EQ(allow_at_length(at("a/g"), 40'001, "r"), 0);
                EXPECT_EQ(allow_at_length(at("a/g"), 40'002, "r"), 0);
                EXPECT_EQ(get_attribute(real("a/g"), "user.oc.metadata_offloaded"), "1");
              }
              before_ = grants_of(tree_.path(), "a/g");
            },
            std::move(call), [this, done = std::move(done)] { return done(grants_of(tree_.path(), "a/g")); }};
  }

  std::vector<Deed> acl_deeds() {
    const auto has = [](const std::string& key) { return [key](const Stored& stored) { return stored.contains(key); }; };
    return {
        acl_deed("move to a side file", false,
                 [this] { return allow_at_length(at("a/g"), kCarol, "w") != 0 ? -1 : allow_at_length(at("a/g"), 40'003, "w"); },
                 has(user(40'003))),
        acl_deed("grant in a side file", true, [this] { return allow(at("a/g"), user(kCarol), "w"); }, has(user(kCarol))),
        acl_deed("revoke from a side file", true, [this] { return remove_allow(at("a/g"), user(kBob)); },
                 [](const Stored& stored) { return !stored.contains(user(kBob)); }),
        acl_deed("grant as an attribute", false, [this] { return allow(at("a/g"), user(kCarol), "w"); }, has(user(kCarol))),
        acl_deed("revoke an attribute", false, [this] { return remove_allow(at("a/g"), user(kBob)); },
                 [](const Stored& stored) { return !stored.contains(user(kBob)); }),
    };
  }

  /// A file of Alice's, whatever had the name.
  void fresh(const std::string& name, std::string_view content = "") const {
    erase(real(name));
    make_file(real(name), 0600, content, kAlice, kAlice);
  }

  std::vector<Deed> file_deeds() {
    const auto nothing = [] {};
    const auto yes = [] { return true; };
    return {
        {"create and write", kAlice, [this] { erase(real("a/n")); },
         [this] { return spill(at("a/n"), "data", O_CREAT | O_EXCL | O_WRONLY); },
         [this] { return slurp(real("a/n")) == "data"; }},
        {"write and sync", kAlice, [this] { fresh("a/n", "old"); },
         [this] {
           const UniqueFd fd(::open(at("a/n").c_str(), O_WRONLY | O_CLOEXEC));
           return fd && ::write(fd.get(), "new", 3) == 3 ? ::fsync(fd.get()) : -1;
         },
         [this] { return slurp(real("a/n")) == "new"; }},
        {"mkdir", kAlice, [this] { erase(real("a/dir")); }, [this] { return ::mkdir(at("a/dir").c_str(), 0755); },
         [this] { return exists(real("a/dir")); }},
        {"rename", kAlice,
         [this] {
           fresh("a/n");
           erase(real("a/m"));
         },
         [this] { return ::rename(at("a/n").c_str(), at("a/m").c_str()); }, [this] { return exists(real("a/m")) && !exists(real("a/n")); }},
        {"unlink", kAlice, [this] { fresh("a/n"); }, [this] { return ::unlink(at("a/n").c_str()); },
         [this] { return !exists(real("a/n")); }},
        {"chmod", kAlice, [this] { fresh("a/n"); }, [this] { return ::chmod(at("a/n").c_str(), 0640); },
         [this] { return (lstat_of(real("a/n")).st_mode & 0777U) == 0640; }},
        {"truncate", kAlice, [this] { fresh("a/n", "old"); }, [this] { return ::truncate(at("a/n").c_str(), 1); },
         [this] { return lstat_of(real("a/n")).st_size == 1; }},
        {"setxattr", kAlice, [this] { fresh("a/n"); }, [this] { return set_attribute(at("a/n"), "user.x", "y"); },
         [this] { return get_attribute(real("a/n"), "user.x") == "y"; }},
        {"read by a grant", kBob, [this] { ::utimensat(AT_FDCWD, real("a/f").c_str(), nullptr, 0); },
         [this] {
           const std::string read = slurp(at("a/f"));
           if (read.starts_with("!")) return -1;
           if (read != "content") errno = ENOTUNIQ;  // neither its content nor an error
           return read == "content" ? 0 : -1;
         },
         yes},
        {"list", kAlice, nothing,
         [this] {
           const auto names = names_in(at("a"));
           return !names.empty() && names[0].starts_with("!") ? -1 : 0;
         },
         yes},
    };
  }

  /// What is refused, whatever cannot be read of the reasons why.
  std::vector<Deed> refused_deeds() {
    const auto touched = [this] {
      // Known no more: the daemon has to look at all of it again.
      for (const char* name : {"", "a", "a/f", "closed"}) ::utimensat(AT_FDCWD, real(name).c_str(), nullptr, 0);
    };
    return {
        {"read against a denial", kDave, touched, [this] { return try_open(at("a/f"), O_RDONLY); }, {}},
        {"read what nobody granted", kCarol, touched, [this] { return try_open(at("a/f"), O_RDONLY); }, {}},
        {"write what is granted for reading", kBob, touched, [this] { return try_open(at("a/f"), O_WRONLY); }, {}},
        {"pass a closed directory", kBob, touched, [this] { return try_open(at("closed/f"), O_RDONLY); }, {}},
        {"list a closed directory", kBob, touched, [this] { return try_open(at("closed"), O_RDONLY | O_DIRECTORY); }, {}},
        {"create in another's directory", kBob, touched, [this] { return try_open(at("a/mine"), O_WRONLY | O_CREAT); }, {}},
        {"grant oneself", kCarol, touched, [this] { return allow(at("a/f"), user(kCarol), "r"); }, {}},
        {"lift a denial", kDave, touched, [this] { return remove_deny(at("a/f"), user(kDave)); }, {}},
        {"access", kCarol, touched, [this] { return ::access(at("a/f").c_str(), R_OK); }, {}},
    };
  }

  TempDir tree_;
  CallGate gate_{tree_.path()};
  std::optional<Mount> mount_;
  Stored before_;
};

TEST_P(BrokenDiskTest, TellsWhoeverAskedAndDoesWhatItSays) {
  for (const Deed& deed : file_deeds()) fail_every_call_of(deed, chosen(EIO, ENOSPC));
  expect_the_same_rights(mount_->point());
}

TEST_P(BrokenDiskTest, LeavesTheOldAclOrTheNewOne) {
  const int error = chosen(ENOSPC, EIO);
  const auto deeds = acl_deeds();
  for (std::size_t i = 0; i < deeds.size(); ++i) {
    // Each takes long, as it waits for the disk: the first is done with both kinds of proof, each of the others with one.
    if (i != 0 && i % 2 != static_cast<std::size_t>(chosen(0, 1))) continue;
    const Deed& deed = deeds[i];
    deed.prepare();
    ASSERT_EQ(errno_as(deed.who, deed.who, deed.call), 0) << deed.name << " without a fault";
    const Stored after = grants_of(tree_.path(), "a/g");
    Answer answer{.error = 0, .reached = true};
    for (int number = 1; answer.reached && !HasFailure(); ++number) {
      SCOPED_TRACE(std::string(deed.name) + ", call " + std::to_string(number) + " fails with " + errno_name(error));
      answer = with_fault(number, error, deed);
      const Stored found = grants_of(tree_.path(), "a/g");
      for (const auto& [key, value] : before_) EXPECT_TRUE(found.contains(key) || !after.contains(key)) << key << " is lost";
      for (const auto& [key, value] : found) EXPECT_TRUE(before_.contains(key) || after.contains(key)) << key << " is nobody's";
      const bool honest = answer.error == 0 ? deed.done() : answer.error == error || answer.error == EIO;
      EXPECT_TRUE(honest) << "was told " << errno_name(answer.error);
      EXPECT_NE(errno_as(kDave, kDave, [&] { return try_open(at("a/g"), O_RDONLY); }), 0);
      EXPECT_EQ(errno_as(kBob, kBob, [&] { return try_open(at("a/g"), O_RDONLY); }), found.contains(user(kBob)) ? 0 : EACCES);
      if (!deed.done()) {
        EXPECT_EQ(errno_as(deed.who, deed.who, deed.call), 0) << "when the disk is well again";
        EXPECT_TRUE(deed.done());
      }
    }
  }
}

TEST_P(BrokenDiskTest, OpensNothing) {
  for (const int error : {chosen(EIO, ENOMEM), chosen(ENOENT, EIO)}) {
    for (const Deed& deed : refused_deeds()) fail_every_call_of(deed, error);
  }
  expect_the_same_rights(mount_->point());
}

TEST_P(BrokenDiskTest, AtRandomOpensNothingAndIsForgottenOnceItIsWell) {
  const char* wanted = std::getenv("ACEFS_FAULTS");
  const int count = wanted != nullptr ? std::atoi(wanted) : 100;
  std::mt19937 random(4711);
  static constexpr std::array kErrors = {EIO, ENOSPC, ENOMEM, EMFILE, EROFS, EDQUOT};
  std::vector<Deed> deeds = file_deeds();
  for (auto& more : {acl_deeds(), refused_deeds()}) deeds.insert(deeds.end(), more.begin(), more.end());
  int failed = 0;
  for (int i = 0; i < count && !HasFailure(); ++i) {
    const Deed& deed = deeds[random() % deeds.size()];
    SCOPED_TRACE(std::to_string(i) + ": " + deed.name);
    deed.prepare();
    std::mt19937 of_calls(random());
    gate_.judge_by([of_calls](const Call&) mutable {
      return of_calls() % 15 == 0 ? Verdict::fail(kErrors[of_calls() % kErrors.size()]) : Verdict::pass();
    });
    const int error = errno_as(deed.who, deed.who, deed.call);
    gate_.judge_by(nullptr);
    if (error != 0) ++failed;
    if (!deed.done) {
      EXPECT_NE(error, 0) << "it opened up";
    } else if (error == 0) {
      EXPECT_TRUE(deed.done()) << "was told that it is done";
    } else {
      EXPECT_TRUE(std::find(kErrors.begin(), kErrors.end(), error) != kErrors.end()) << errno_name(error);
    }
  }
  EXPECT_GT(failed, count / 20) << "there were hardly any faults";
  for (const Deed& deed : deeds) {
    deed.prepare();
    EXPECT_EQ(errno_as(deed.who, deed.who, deed.call) == 0, static_cast<bool>(deed.done)) << deed.name;
  }
  expect_the_same_rights(mount_->point());
}

std::string itself(const ::testing::TestParamInfo<const char*>& name) { return name.param; }

INSTANTIATE_TEST_SUITE_P(With, BrokenDiskTest, ::testing::Values("statx", "fanotify"), itself);

/// A mount of the directory `tree` of a filesystem of its own.
class DiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_LOOP_FS(disk_);
    make_dir(disk_.at("tree"), 0755);
    make_tree(disk_.at("tree"));
    make_dir(disk_.at("tree/plain"), 0755, kAlice, kAlice);
    mount_.emplace(MountOptions{.options = "overflow=always", .source = disk_.at("tree")});
    REQUIRE_MOUNT(*mount_);
  }
  void TearDown() override {
    if (mount_ && mount_->ready()) {
      EXPECT_EQ(mount_->stop(), 0) << mount_->log();
    }
  }

  std::string at(const std::string& name) const { return mount_->at(name); }
  std::string real(const std::string& name) const { return disk_.at("tree/" + name); }

  /// The same by Alice in her directory, on the backing itself and through the mount: both are told the same.
  void expect_as_on_the_disk(const char* what, const std::function<long(const std::string& dir)>& call, int expected) {
    const int plain = errno_as(kAlice, kAlice, [&] { return call(real("plain")); });
    EXPECT_EQ(errno_name(plain), errno_name(expected)) << what << ", without acefs";
    EXPECT_EQ(errno_name(errno_as(kAlice, kAlice, [&] { return call(at("a")); })), errno_name(plain)) << what;
  }

  LoopFs disk_{"ext4"};
  std::optional<Mount> mount_;
};

class FullDiskTest : public DiskTest {
 protected:
  static constexpr int kSpares = 40;

  /// Takes all room but for small files that can be removed one by one.
  void fill() {
    for (int i = 0; i < kSpares; ++i) make_file(disk_.at(spare(i)), 0600, std::string(4096, 's'));
    settle();
    const UniqueFd filler(::open(disk_.at("filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    off_t end = 0;
    for (off_t size = off_t{1} << 28; size >= 1024;) {
      if (::fallocate(filler.get(), 0, end, size) == 0) end += size;
      else size /= 2;
    }
    settle();
  }
  /// What was freed can be used once that is on the disk.
  void settle() const {
    const UniqueFd top(::open(disk_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ::syncfs(top.get());
  }
  static std::string spare(int number) { return "spare" + std::to_string(number); }
};

TEST_F(FullDiskTest, IsToldAsOnThePlainDisk) {
  for (const std::string& dir : {real("plain"), real("a")}) make_file(dir + "/old", 0600, "old", kAlice, kAlice);
  fill();
  expect_as_on_the_disk("write", [](const std::string& dir) { return spill(dir + "/old", std::string(8192, 'x'), O_WRONLY); }, ENOSPC);
  expect_as_on_the_disk("mkdir", [](const std::string& dir) { return ::mkdir((dir + "/new").c_str(), 0755); }, ENOSPC);
  const std::string big(2000, 'x');
  expect_as_on_the_disk("setxattr", [&](const std::string& dir) { return set_attribute(dir + "/old", "user.big", big); }, ENOSPC);
  expect_as_on_the_disk("a grant", [](const std::string& dir) { return allow_at_length(dir + "/old", kBob, "r"); }, ENOSPC);
  expect_as_on_the_disk("chmod", [](const std::string& dir) { return ::chmod((dir + "/old").c_str(), 0640); }, 0);
  expect_as_on_the_disk("rename", [](const std::string& dir) { return ::rename((dir + "/old").c_str(), (dir + "/name").c_str()); }, 0);
  expect_as_on_the_disk("unlink", [](const std::string& dir) { return ::unlink((dir + "/name").c_str()); }, 0);
  expect_the_same_rights(mount_->point());
  EXPECT_EQ(errno_as(kAlice, kAlice, [&] { return remove_allow(at("a/f"), user(kBob)); }), 0) << "who is in an attribute can be revoked";
  EXPECT_EQ(errno_as(kBob, kBob, [&] { return try_open(at("a/f"), O_RDONLY); }), EACCES);
}

TEST_F(FullDiskTest, LeavesTheOldAclAtEachStepOfAMoveToASideFile) {
  fill();
  const Stored old = grants_of(disk_.at("tree"), "a/f");
  // With `overflow=always` this one is too many beside the others.
  const auto move = [&] { return errno_as(kAlice, kAlice, [&] { return allow_at_length(at("a/f"), 40'001, "r"); }); };
  int freed = 0;
  int error = move();
  EXPECT_EQ(error, ENOSPC) << "there is room left";
  for (; error == ENOSPC && freed < kSpares && !HasFailure(); ++freed) {
    SCOPED_TRACE(std::to_string(freed) + " blocks");
    for (const auto& [key, value] : old) EXPECT_EQ(grants_of(disk_.at("tree"), "a/f")[key], value) << key;
    EXPECT_NE(get_attribute(real("a/f"), "user.oc.metadata_offloaded"), "1");
    const std::string left = exists(real(".oc-nodes")) ? listing(real(".oc-nodes")) : "";
    EXPECT_TRUE(left.empty() || left == "locks") << "takes the room that is being made: " << left;
    if (left == "locks") {
      EXPECT_EQ(listing(real(".oc-nodes/locks")), "");
    }
    expect_the_same_rights(mount_->point());
    ASSERT_EQ(::unlink(disk_.at(spare(freed)).c_str()), 0);
    settle();
    error = move();
  }
  EXPECT_GT(freed, 2) << "a move needs directories and files";
  if (error == ENOSPC) {
    ASSERT_EQ(::truncate(disk_.at("filler").c_str(), 0), 0);
    settle();
    error = move();
  }
  EXPECT_EQ(errno_name(error), "0");
  EXPECT_EQ(get_attribute(real("a/f"), "user.oc.metadata_offloaded"), "1");
  EXPECT_EQ(grants_of(disk_.at("tree"), "a/f").size(), old.size() + 1);
  expect_the_same_rights(mount_->point());
}

TEST_F(FullDiskTest, KeepsASideFileThatCannotBeWrittenAnew) {
  for (uid_t uid = 40'001; uid < 40'020; ++uid) ASSERT_EQ(allow_at_length(at("a/f"), uid, "r"), 0);
  ASSERT_EQ(get_attribute(real("a/f"), "user.oc.metadata_offloaded"), "1");
  fill();
  const Stored old = grants_of(disk_.at("tree"), "a/f");
  const auto revoke = [&] { return errno_as(kAlice, kAlice, [&] { return remove_allow(at("a/f"), user(kBob)); }); };
  EXPECT_EQ(errno_name(revoke()), "ENOSPC");
  EXPECT_EQ(errno_name(errno_as(kAlice, kAlice, [&] { return allow(at("a/f"), user(kCarol), "r"); })), "ENOSPC");
  EXPECT_EQ(grants_of(disk_.at("tree"), "a/f"), old);
  expect_the_same_rights(mount_->point());
  for (int i = 0; i < kSpares; ++i) ::unlink(disk_.at(spare(i)).c_str());
  settle();
  EXPECT_EQ(errno_name(revoke()), "0");
  EXPECT_EQ(errno_as(kBob, kBob, [&] { return try_open(at("a/f"), O_RDONLY); }), EACCES);
}

class ReadOnlyDiskTest : public DiskTest {
 protected:
  int make(bool read_only) const {
    return ::mount(nullptr, disk_.path().c_str(), nullptr, MS_REMOUNT | (read_only ? static_cast<unsigned long>(MS_RDONLY) : 0UL), nullptr);
  }
};

TEST_F(ReadOnlyDiskTest, IsToldAsOnThePlainDiskAndServesReaders) {
  for (const std::string& dir : {real("plain"), real("a")}) {
    make_file(dir + "/old", 0600, "old", kAlice, kAlice);
    ASSERT_EQ(allow(dir + "/old", user(kBob), "r"), 0);
  }
  expect_the_same_rights(mount_->point());
  ASSERT_EQ(make(true), 0) << errno_name(errno);
  const std::pair<const char*, std::function<long(const std::string&)>> calls[] = {
      {"create", [](const std::string& dir) { return try_open(dir + "/new", O_CREAT | O_WRONLY); }},
      {"mkdir", [](const std::string& dir) { return ::mkdir((dir + "/new").c_str(), 0755); }},
      {"mkfifo", [](const std::string& dir) { return ::mkfifo((dir + "/new").c_str(), 0644); }},
      {"symlink", [](const std::string& dir) { return ::symlink("x", (dir + "/new").c_str()); }},
      {"link", [](const std::string& dir) { return ::link((dir + "/old").c_str(), (dir + "/new").c_str()); }},
      {"rename", [](const std::string& dir) { return ::rename((dir + "/old").c_str(), (dir + "/new").c_str()); }},
      {"unlink", [](const std::string& dir) { return ::unlink((dir + "/old").c_str()); }},
      {"open for writing", [](const std::string& dir) { return try_open(dir + "/old", O_WRONLY); }},
      {"open and truncate", [](const std::string& dir) { return try_open(dir + "/old", O_WRONLY | O_TRUNC); }},
      {"truncate", [](const std::string& dir) { return ::truncate((dir + "/old").c_str(), 0); }},
      {"chmod", [](const std::string& dir) { return ::chmod((dir + "/old").c_str(), 0640); }},
      {"utimens", [](const std::string& dir) { return ::utimensat(AT_FDCWD, (dir + "/old").c_str(), nullptr, 0); }},
      {"setxattr", [](const std::string& dir) { return set_attribute(dir + "/old", "user.x", "y"); }},
      {"grant", [](const std::string& dir) { return allow(dir + "/old", user(kCarol), "r"); }},
      {"revoke", [](const std::string& dir) { return remove_allow(dir + "/old", user(kBob)); }},
  };
  for (const auto& [name, call] : calls) expect_as_on_the_disk(name, call, EROFS);
  expect_as_on_the_disk("read", [](const std::string& dir) { return try_open(dir + "/old", O_RDONLY); }, 0);
  expect_the_same_rights(mount_->point());
  ASSERT_EQ(make(false), 0) << errno_name(errno);
  EXPECT_EQ(slurp(real("a/old")), "old");
  EXPECT_EQ(errno_as(kAlice, kAlice, [&] { return remove_allow(at("a/old"), user(kBob)); }), 0);
  EXPECT_EQ(errno_as(kAlice, kAlice, [&] { return spill(at("a/old"), "new", O_WRONLY | O_TRUNC); }), 0);
  EXPECT_EQ(slurp(real("a/old")), "new");
}

}  // namespace
}  // namespace acefs::test
