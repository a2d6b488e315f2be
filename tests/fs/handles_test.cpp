// SPDX-License-Identifier: MIT
// An open handle is re-checked by what ACEs, users and configuration say now, and by nothing else.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops_fixture.hpp"

namespace acefs::test {
namespace {

class HandlesTest : public OpsTest {
 protected:
  std::unique_ptr<fs::OpenFile> open(uid_t uid, const std::string& name, int flags) {
    auto file = ops().open(as(uid), id(name), flags);
    EXPECT_TRUE(file) << name;
    return file ? std::move(*file) : nullptr;
  }
  static std::shared_ptr<const principal::Config> config(const std::string& toml) {
    auto parsed = principal::Config::parse(toml);
    EXPECT_TRUE(parsed);
    return std::make_shared<const principal::Config>(std::move(*parsed));
  }
};

TEST_F(HandlesTest, SurvivesARenameOfTheDirectoryAboveItOnTheBacking) {
  make_dir("d", 0777);
  make_file("d/f", 0666);
  auto file = open(kBob, "d/f", O_RDWR);
  ASSERT_EQ(::rename(path("d").c_str(), path("e").c_str()), 0);
  EXPECT_TRUE(ops().for_read(as(kBob), *file));
  EXPECT_TRUE(ops().for_write(as(kBob), *file));
  EXPECT_EQ(revoked_, 0);
}

TEST_F(HandlesTest, OfAFileThatIsFoundByANewNameMeanwhileIsJudgedByThatOne) {
  make_dir("open");
  make_dir("closed");
  ASSERT_EQ(deny(path("closed"), user(kBob), "r"), 0);
  make_file("open/f", 0666);
  auto file = open(kBob, "open/f", O_RDONLY);
  ASSERT_EQ(::rename(path("open/f").c_str(), path("closed/f").c_str()), 0);
  EXPECT_TRUE(ops().for_read(as(kBob), *file)) << "nobody knows yet where it is";
  // Somebody finds it while the way to where it was is looked at.
  backing_.after_look["open"] = [&] { id("closed/f"); };
  EXPECT_EQ(ops().for_read(as(kBob), *file).status().errno_value(), EACCES);
  EXPECT_TRUE(backing_.after_look.empty()) << "nobody looked at the way";
}

TEST_F(HandlesTest, OfAFileThatLostANameIsJudgedByThoseThatItHas) {
  make_dir("open");
  make_dir("closed");
  ASSERT_EQ(deny(path("closed"), user(kBob), "r"), 0);
  make_file("open/f", 0666);
  auto file = open(kBob, "open/f", O_RDONLY);
  ASSERT_EQ(::link(path("open/f").c_str(), path("closed/f").c_str()), 0);
  id("closed/f");
  EXPECT_TRUE(ops().for_read(as(kBob), *file)) << "one of its names is enough";
  ASSERT_EQ(::unlink(path("open/f").c_str()), 0);
  EXPECT_EQ(ops().for_read(as(kBob), *file).status().errno_value(), EACCES);
}

TEST_F(HandlesTest, IsRefusedWhenADenialAppearsAndWorksAgainWhenItGoes) {
  make_file("f", 0666);
  auto file = open(kBob, "f", O_RDONLY);
  EXPECT_TRUE(ops().for_read(as(kBob), *file));
  ASSERT_EQ(deny(path("f"), user(kBob), "r"), 0);
  EXPECT_EQ(ops().for_read(as(kBob), *file).status().errno_value(), EACCES);
  EXPECT_EQ(revoked_, 1);
  ASSERT_EQ(remove_deny(path("f"), user(kBob)), 0);
  EXPECT_TRUE(ops().for_read(as(kBob), *file));
}

TEST_F(HandlesTest, IsRefusedOnceItsUserIsDisabledOrExpired) {
  make_file("f", 0666);
  auto file = open(kBob, "f", O_RDONLY);
  resolver_->configure(config("[user.20002]\nenabled = false\n"));
  EXPECT_EQ(ops().for_read(as(kBob), *file).status().errno_value(), EACCES);
  resolver_->configure(config("[user.20002]\nexpires = 2001-01-01T00:00:00Z\n"));
  EXPECT_EQ(ops().for_read(as(kBob), *file).status().errno_value(), EACCES);
  resolver_->configure(config(""));
  EXPECT_TRUE(ops().for_read(as(kBob), *file));
}

TEST_F(HandlesTest, KeepsTheGroupsItWasOpenedWithWhenTheConfigurationIsReadAgain) {
  make_file("f", 0640);
  ASSERT_EQ(::chown(path("f").c_str(), 0, kStaff), 0);
  accounts_.thread_groups = std::vector<gid_t>{kStaff};
  auto file = open(kBob, "f", O_RDONLY);
  ASSERT_TRUE(file);
  accounts_.thread_groups = std::nullopt;  // the thread that opened it is gone
  resolver_->configure(config(""));
  EXPECT_TRUE(ops().for_read(as(kBob), *file));
}

TEST_F(HandlesTest, IsTruncatedWhateverBecameOfTheModesAboveIt) {
  make_dir("d", 0777);
  make_file("d/f", 0666);
  auto file = open(kBob, "d/f", O_RDWR);
  ASSERT_EQ(::chmod(path("d").c_str(), 0700), 0);
  const fs::SetAttr set{.mode = {}, .uid = {}, .gid = {}, .size = 3, .atime = {}, .mtime = {}};
  EXPECT_TRUE(ops().setattr(as(kBob), file->node->id, set, file.get()));
  EXPECT_FALSE(ops().setattr(as(kBob), file->node->id, set, nullptr)) << "by path the mode counts";
}

TEST_F(HandlesTest, AppendOnlyDoesNotTruncateNeitherWhenTheKernelStripsSetuidWithIt) {
  make_file("f", 04755);
  ASSERT_EQ(allow(path("f"), user(kBob), "a"), 0);
  ASSERT_EQ(::truncate(path("f").c_str(), 5), 0);
  ASSERT_EQ(::chmod(path("f").c_str(), 04755), 0);
  auto file = open(kBob, "f", O_WRONLY | O_APPEND);
  ASSERT_TRUE(file->append_only);
  const std::optional<mode_t> modes[] = {std::nullopt, 0755};
  for (const std::optional<mode_t> mode : modes) {
    const fs::SetAttr set{.mode = mode, .uid = {}, .gid = {}, .size = 0, .atime = {}, .mtime = {}};
    EXPECT_EQ(ops().setattr(as(kBob), file->node->id, set, file.get()).status().errno_value(), EACCES);
  }
  struct stat st {};
  ASSERT_EQ(::stat(path("f").c_str(), &st), 0);
  EXPECT_EQ(st.st_size, 5);
}

TEST_F(HandlesTest, FailedRemovalKeepsNoDescriptor) {
  auto descriptors = [] {
    int count = 0;
    DIR* dir = ::opendir("/proc/self/fd");
    while (::readdir(dir) != nullptr) ++count;
    ::closedir(dir);
    return count;
  };
  for (int i = 0; i < 20; ++i) {
    const std::string name = "d" + std::to_string(i);
    make_dir(name);
    make_file(name + "/f");
    id(name);
  }
  const int before = descriptors();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(ops().rmdir(as(0), node::kRootId, ("d" + std::to_string(i)).c_str()).errno_value(), ENOTEMPTY);
  EXPECT_LE(descriptors(), before + 20) << "the directories themselves are held, within the bound; nothing else";
}

class FewHandlesTest : public OpsTest {
 protected:
  FewHandlesTest() : OpsTest(64, 12) {}
  using Files = std::vector<std::unique_ptr<fs::OpenFile>>;
  Files open_all(uid_t uid, int error) {
    Files files;
    for (;;) {
      auto file = ops().open(as(uid), id("f"), O_RDONLY);
      if (!file) {
        EXPECT_EQ(file.error().errno_value(), error);
      }
      if (!file || files.size() == 100) return files;
      files.push_back(std::move(*file));
    }
  }
  void close(Files& files) {
    for (auto& file : files) ops().release(std::move(file));
    files.clear();
  }
};

TEST_F(FewHandlesTest, OneUserLeavesHandlesForTheOthers) {
  make_file("f", 0666);
  make_dir("d", 0777);
  Files bobs = open_all(kBob, ENFILE);
  EXPECT_EQ(bobs.size(), 6u) << "half of all";
  EXPECT_EQ(ops().opendir(as(kBob), id("d")).error().errno_value(), ENFILE);
  EXPECT_EQ(ops().create(as(kBob), id("d"), "new", 0600, O_RDWR).error().errno_value(), ENFILE);
  EXPECT_EQ(::access(path("d/new").c_str(), F_OK), -1) << "nothing was made for him";
  Files alices = open_all(kAlice, ENFILE);
  EXPECT_EQ(alices.size(), 3u) << "half of what was left";
  Files roots = open_all(0, ENFILE);
  EXPECT_EQ(roots.size(), 3u) << "all that was left; the daemon's own are not his either";
  close(roots);
  close(bobs);
  auto made = ops().create(as(kBob), id("d"), "new", 0600, O_RDWR);
  EXPECT_TRUE(made) << "what he closed he may open again";
  if (made) ops().release(std::move(made->file));
  close(alices);
}

TEST_F(HandlesTest, ListingHandsOutNoAttributesWithoutTheWayThroughTheDirectory) {
  make_dir("d", 0744);
  make_file("d/f", 0600);
  auto dir = ops().opendir(as(kBob), id("d"));
  ASSERT_TRUE(dir);
  bool told = false;
  ASSERT_TRUE(ops().readdir(as(kBob), **dir, 0, true, [&](const fs::DirEntry& entry) {
    told |= entry.child.has_value();
    return true;
  }));
  EXPECT_FALSE(told);
  ops().releasedir(std::move(*dir));
}

}  // namespace
}  // namespace acefs::test
