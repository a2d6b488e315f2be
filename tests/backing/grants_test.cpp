// SPDX-License-Identifier: MIT
#include "acefs/backing/grants.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>

#include "store_fixture.hpp"

namespace acefs::backing {
namespace {

using test::kId;
using test::kMarker;
using test::nth_user;
using test::value_of;
using test::Values;

class GrantStoreTest : public test::StoreTest {};

class AlwaysOverflowTest : public test::StoreTest {
 protected:
  AlwaysOverflowTest() : StoreTest({.overflow = Overflow::Always}) {}
};

/// A node whose grants are in its side file: users 0 to 11.
class OffloadedTest : public AlwaysOverflowTest {
 protected:
  void SetUp() override {
    for (int i = 0; i < 12; ++i) {
      ASSERT_EQ(set(nth_user(i), value_of("rxt")), 0);
      expected[nth_user(i)] = value_of("rxt");
    }
    ASSERT_EQ(raw(kMarker), "1");
    ASSERT_EQ(read(), expected);
  }
  Values expected;
};

std::string full(const std::string& key) { return "user.oc.grant." + key; }

TEST_F(GrantStoreTest, AGrantIsOneXattr) {
  EXPECT_EQ(set("u:alice", value_of("r")), 0);
  EXPECT_EQ(xattrs(), (std::map<std::string, std::string>{{"user.oc.grant.u:alice", value_of("r")}}));
  EXPECT_EQ(read(), (Values{{"u:alice", value_of("r")}}));
  EXPECT_EQ(remove("u:alice"), 0);
  EXPECT_TRUE(xattrs().empty());
  EXPECT_FALSE(std::filesystem::exists(dir.at(".oc-nodes")));
}

TEST_F(GrantStoreTest, ReadsEverythingUnderThePrefixAndNothingElse) {
  set_raw("user.oc.grant.u:a", "");
  set_raw("user.oc.grant.not a key", std::string(1000, 'x'));
  set_raw("user.oc.grant.D:g:b:c", "1");
  set_raw("user.oc.grants", "2");
  set_raw("user.ocis.grant.u:a", "3");
  EXPECT_EQ(read(), (Values{{"u:a", ""}, {"not a key", std::string(1000, 'x')}, {"D:g:b:c", "1"}}));
}

TEST_F(GrantStoreTest, TakesDescriptorsOfEveryKind) {
  const UniqueFd readable(::open(dir.at("node").c_str(), O_RDONLY | O_DIRECTORY));
  const Change change{"u:alice", value_of("r")};
  EXPECT_TRUE(store.apply(readable.get(), {&change, 1}));
  EXPECT_EQ(store.read(readable.get())->values, read());
}

TEST_F(GrantStoreTest, CreateAndReplaceSayWhatIsThere) {
  EXPECT_EQ(set("u:a", "1", XATTR_REPLACE), ENODATA);
  EXPECT_EQ(set("u:a", "1", XATTR_CREATE), 0);
  EXPECT_EQ(set("u:a", "2", XATTR_CREATE), EEXIST);
  EXPECT_EQ(set("u:a", "2", XATTR_REPLACE), 0);
  EXPECT_EQ(remove("u:b"), ENODATA);
  EXPECT_EQ(read(), (Values{{"u:a", "2"}}));
}

TEST_F(GrantStoreTest, ABatchThatIsRefusedChangesNothing) {
  ASSERT_EQ(set("u:a", "1"), 0);
  EXPECT_EQ(apply({{"u:b", "2"}, {"u:a", std::nullopt}, {"u:gone", std::nullopt}}), ENODATA);
  EXPECT_EQ(apply({{"u:b", "2"}, {"u:a", "3"}}, XATTR_CREATE), EEXIST);
  EXPECT_EQ(read(), (Values{{"u:a", "1"}}));
  EXPECT_EQ(apply({{"u:b", "2"}, {"u:a", std::nullopt}}), 0);
  EXPECT_EQ(read(), (Values{{"u:b", "2"}}));
}

TEST_F(GrantStoreTest, OfTwoChangesToOneKeyTheLastCounts) {
  EXPECT_EQ(apply({{"u:a", "1"}, {"u:a", "2"}}), 0);
  EXPECT_EQ(read(), (Values{{"u:a", "2"}}));
  EXPECT_EQ(apply({}), 0);
}

TEST_F(GrantStoreTest, RefusesWhatNoXattrCouldHold) {
  EXPECT_EQ(set("", "1"), EINVAL);
  EXPECT_EQ(set(std::string("u:a\0b", 5), "1"), EINVAL);
  EXPECT_EQ(set("u:" + std::string(240, 'a'), "1"), ERANGE);
  EXPECT_EQ(set("u:a", std::string(65537, 'x')), E2BIG);
  EXPECT_EQ(set("u:a", "1", 0x80), EINVAL);
  EXPECT_TRUE(read().empty());
}

TEST_F(GrantStoreTest, NodesThatCannotHaveGrantsHaveNone) {
  ASSERT_EQ(::symlinkat("node", root.get(), "link"), 0);
  ASSERT_EQ(::mkfifoat(root.get(), "fifo", 0600), 0);
  ASSERT_EQ(set("u:a", "1"), 0);
  for (const char* name : {"link", "fifo"}) {
    const UniqueFd fd = open(name);
    const auto grants = store.read(fd.get());
    ASSERT_TRUE(grants) << name;
    EXPECT_TRUE(grants->values.empty()) << name;
    const Change change{"u:a", "1"};
    EXPECT_EQ(store.apply(fd.get(), {&change, 1}).errno_value(), EPERM) << name;
  }
  const UniqueFd null(::open("/dev/null", O_PATH));
  EXPECT_TRUE(store.read(null.get()));
}

TEST_F(GrantStoreTest, AFilesystemWithoutUserAttributesHasNoGrants) {
  const UniqueFd proc(::open("/proc/self/status", O_PATH));
  const auto grants = store.read(proc.get());
  ASSERT_TRUE(grants);
  EXPECT_TRUE(grants->values.empty());
}

TEST_F(GrantStoreTest, ABadDescriptorIsAnError) { EXPECT_FALSE(store.read(-1)); }

TEST_F(GrantStoreTest, AFullInodeOverflowsOnExt4) {
  if (!on_ext4()) GTEST_SKIP() << "not on ext4";
  Values expected;
  int moved_at = -1;
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(set(nth_user(i), value_of("txrwaduUq")), 0) << i;
    expected[nth_user(i)] = value_of("txrwaduUq");
    ASSERT_EQ(read(), expected) << i;
    if (moved_at < 0 && raw(kMarker) == "1") moved_at = i;
  }
  EXPECT_GE(moved_at, 30);
  EXPECT_LE(moved_at, 36);
  EXPECT_EQ(xattrs().size(), 2u);  // id and marker
  EXPECT_EQ(side(side_path()).size(), 40u);
  EXPECT_EQ(side(side_path()).at(full(nth_user(0))), value_of("txrwaduUq"));  // whole, though shortened meanwhile
}

TEST_F(GrantStoreTest, AFullInodeOverflowsWhateverFillsIt) {
  if (!on_ext4()) GTEST_SKIP() << "not on ext4";
  for (int size = 0; size < 140; size += 20) {
    node = make_dir("node");
    Values expected;
    set_raw("user.filler", std::string(static_cast<std::size_t>(size), 'x'));
    for (int i = 0; i < 40; ++i) {
      ASSERT_EQ(set(nth_user(i), value_of("r", i % 2 == 0 ? "A" : "D")), 0) << size << " " << i;
      expected[nth_user(i)] = value_of("r", i % 2 == 0 ? "A" : "D");
    }
    EXPECT_EQ(read(), expected) << size;
    EXPECT_EQ(raw("user.filler").size(), static_cast<std::size_t>(size));
    std::filesystem::remove(dir.at("node"));
  }
}

TEST_F(GrantStoreTest, AFullInodeWithoutRoomForTheMarkerStaysAsItWas) {
  if (!on_ext4()) GTEST_SKIP() << "not on ext4";
  for (const char* name : {"user.filler", "user.more"}) {  // leave less than id and marker need
    std::string filler(4096, 'x');
    while (!filler.empty() && ::setxattr(dir.at("node").c_str(), name, filler.data(), filler.size(), 0) != 0)
      filler.resize(filler.size() - 4);
  }
  const auto before = xattrs();
  EXPECT_EQ(set(nth_user(1), value_of("r")), ENOSPC);
  EXPECT_EQ(xattrs(), before);
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(apply({{nth_user(1), value_of("r")}, {nth_user(2), value_of("r")}}), ENOSPC);
  EXPECT_EQ(xattrs(), before);
}

TEST_F(GrantStoreTest, WithoutARootThereIsNoOverflow) {
  if (!on_ext4()) GTEST_SKIP() << "not on ext4";
  GrantStore rootless(-1, {});
  Status s = Status::ok();
  int set_count = 0;
  for (; set_count < 80 && s; ++set_count) {
    const Change change{nth_user(set_count), value_of("r")};
    s = rootless.apply(node.get(), {&change, 1});
  }
  EXPECT_EQ(s.errno_value(), ENOSPC);
  EXPECT_EQ(read().size(), static_cast<std::size_t>(set_count - 1));
  set_raw(kMarker, "1");
  EXPECT_EQ(rootless.read(node.get()).error().errno_value(), EIO);
}

TEST_F(GrantStoreTest, ABatchTooLargeForTheInodeMovesAtOnce) {
  ASSERT_EQ(set("u:old", value_of("r")), 0);
  std::vector<Change> changes;
  for (int i = 0; i < 100; ++i) changes.push_back({nth_user(i), value_of("r")});
  changes.push_back({"u:old", std::nullopt});
  EXPECT_EQ(apply(changes), 0);
  EXPECT_EQ(read().size(), 100u);
  EXPECT_FALSE(read().contains("u:old"));
}

TEST_F(GrantStoreTest, FiveThousandGrantsOnOneDirectory) {
  std::vector<Change> changes;
  Values expected;
  for (int i = 0; i < 5000; ++i) {
    changes.push_back({nth_user(i), value_of("rx")});
    expected[nth_user(i)] = value_of("rx");
  }
  EXPECT_EQ(apply(changes), 0);
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(set(nth_user(17), value_of("", "D")), 0);
  EXPECT_EQ(remove(nth_user(18)), 0);
  expected[nth_user(17)] = value_of("", "D");
  expected.erase(nth_user(18));
  EXPECT_EQ(read(), expected);
  for (Change& change : changes) change.value.reset();
  changes.erase(changes.begin() + 18);
  EXPECT_EQ(apply(changes), 0);
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(raw(kMarker), "1");  // sticky
  EXPECT_TRUE(side(side_path()).empty());
}

TEST_F(GrantStoreTest, ThePrefixNamesTheOtherAttributesToo) {
  GrantStore ocis(root.get(), {.prefix = "user.ocis.grant.", .overflow = Overflow::Always});
  std::vector<Change> changes;
  for (int i = 0; i < 12; ++i) changes.push_back({nth_user(i), value_of("r")});
  ASSERT_TRUE(ocis.apply(node.get(), changes));
  EXPECT_EQ(raw("user.ocis.metadata_offloaded"), "1");
  EXPECT_EQ(raw("user.ocis.id").size(), 36u);
  EXPECT_EQ(ocis.read(node.get())->values.size(), 12u);
  EXPECT_TRUE(read().empty());
}

TEST_F(AlwaysOverflowTest, MetadataCountsAndMovesAlong) {
  set_raw("user.oc.md.note", std::string(950, 'x'));
  set_raw("user.oc.fav.alice", "1");
  ASSERT_EQ(set("u:alice", value_of("r")), 0);
  EXPECT_EQ(raw("user.oc.md.note"), "");
  EXPECT_EQ(raw("user.oc.fav.alice"), "1");
  EXPECT_EQ(side(side_path()),
            (Attributes{{"user.oc.md.note", std::string(950, 'x')}, {"user.oc.grant.u:alice", value_of("r")}}));
  EXPECT_EQ(read(), (Values{{"u:alice", value_of("r")}}));
}

TEST_F(AlwaysOverflowTest, StaysInXattrsUpToTheLimit) {
  const std::string name = "user.oc.grant.u:a";
  ASSERT_EQ(set("u:a", std::string(1024 - name.size(), 'x')), 0);
  EXPECT_EQ(raw(kMarker), "");
  ASSERT_EQ(remove("u:a"), 0);
  ASSERT_EQ(set("u:a", std::string(1025 - name.size(), 'x')), 0);
  EXPECT_EQ(raw(kMarker), "1");
}

TEST_F(AlwaysOverflowTest, ANodeKeepsTheIdItHas) {
  set_raw(kId, "abcdefghi");
  std::vector<Change> changes;
  for (int i = 0; i < 12; ++i) changes.push_back({nth_user(i), value_of("r")});
  ASSERT_EQ(apply(changes), 0);
  EXPECT_EQ(raw(kId), "abcdefghi");
  EXPECT_EQ(side(".oc-nodes/ab/cd/ef/gh/i.mpk").size(), 12u);
  EXPECT_EQ(store.read(node.get())->side_path, ".oc-nodes/ab/cd/ef/gh/i.mpk");
}

TEST_F(AlwaysOverflowTest, SideFilesAreTheDaemonsAlone) {
  std::vector<Change> changes;
  for (int i = 0; i < 12; ++i) changes.push_back({nth_user(i), value_of("r")});
  ASSERT_EQ(apply(changes), 0);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.at(".oc-nodes"))) {
    struct stat st {};
    ASSERT_EQ(::lstat(entry.path().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777u, S_ISDIR(st.st_mode) ? 0700u : 0600u) << entry.path();
    EXPECT_EQ(st.st_uid, ::geteuid());
  }
}

TEST_F(AlwaysOverflowTest, AnIdThatLeadsElsewhereIsRefused) {
  std::filesystem::create_directories(dir.at(".oc-nodes"));
  write_side("outside.mpk", {{"user.oc.grant.u:evil", value_of("r")}});
  for (const char* id : {"../outside", "..", "/etc/passwd", "..xx", "a/b", ""}) {
    set_raw(kId, id);
    set_raw(kMarker, "1");
    EXPECT_EQ(read_error(), EIO) << id;
    EXPECT_EQ(set("u:a", "1"), EIO) << id;
    remove_raw(kMarker);
    std::vector<Change> changes;
    for (int i = 0; i < 12; ++i) changes.push_back({nth_user(i), value_of("r")});
    EXPECT_EQ(apply(changes), EIO) << id;
    EXPECT_TRUE(read().empty()) << id;
  }
  remove_raw(kId);
  set_raw(kMarker, "1");
  EXPECT_EQ(read_error(), EIO);  // no id at all
  EXPECT_EQ(set("u:a", "1"), EIO);
}

TEST_F(OffloadedTest, IsNotReadThroughSymlinks) {
  const std::string path = side_path();
  std::filesystem::rename(dir.at(path), dir.at("elsewhere.mpk"));
  std::filesystem::create_symlink(dir.at("elsewhere.mpk"), dir.at(path));
  EXPECT_EQ(read_error(), EIO);
  EXPECT_EQ(set("u:a", "1"), EIO);
  std::filesystem::remove(dir.at(path));
  std::filesystem::rename(dir.at("elsewhere.mpk"), dir.at(path));
  EXPECT_EQ(read(), expected);

  std::filesystem::rename(dir.at(".oc-nodes"), dir.at("elsewhere"));
  std::filesystem::create_directory_symlink("elsewhere", dir.at(".oc-nodes"));
  EXPECT_EQ(read_error(), EIO);
}

TEST_F(OffloadedTest, AMissingSideFileLetsNobodyIn) {
  std::filesystem::remove(dir.at(side_path()));
  EXPECT_EQ(read_error(), EIO);
  EXPECT_EQ(set("u:a", "1"), EIO);
  EXPECT_EQ(remove(nth_user(0)), EIO);
}

TEST_F(OffloadedTest, ACorruptSideFileLetsNobodyInAndIsNotOverwritten) {
  const std::string path = side_path();
  for (const std::string& bytes : {std::string(), std::string("\x81"), std::string("hello"), std::string("\x80\x80")}) {
    write_bytes(path, bytes);
    EXPECT_EQ(read_error(), EIO);
    EXPECT_EQ(set("u:a", "1"), EIO);
    EXPECT_EQ(std::filesystem::file_size(dir.at(path)), bytes.size());
  }
}

TEST_F(OffloadedTest, AHugeSideFileIsNotRead) {
  std::filesystem::resize_file(dir.at(side_path()), (64u << 20) + 1);
  EXPECT_EQ(read_error(), EIO);
}

TEST_F(OffloadedTest, ASideFileThatIsAFifoDoesNotHang) {
  const std::string path = dir.at(side_path());
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_error(), EIO);
}

TEST_F(OffloadedTest, ANilValueIsTheEmptyOne) {
  write_bytes(side_path(), std::string("\x81\xb1user.oc.grant.u:a\xc0", 20));
  EXPECT_EQ(read(), (Values{{"u:a", ""}}));
}

TEST_F(OffloadedTest, ChangesGoToTheSideFile) {
  EXPECT_EQ(set("u:new", "1", XATTR_REPLACE), ENODATA);
  EXPECT_EQ(set("u:new", "1", XATTR_CREATE), 0);
  EXPECT_EQ(set(nth_user(0), "2", XATTR_CREATE), EEXIST);
  EXPECT_EQ(set(nth_user(0), "2"), 0);
  EXPECT_EQ(remove(nth_user(1)), 0);
  EXPECT_EQ(remove(nth_user(1)), ENODATA);
  expected["u:new"] = "1";
  expected[nth_user(0)] = "2";
  expected.erase(nth_user(1));
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(xattrs().size(), 2u);
}

TEST_F(OffloadedTest, ARefusedBatchChangesNothing) {
  EXPECT_EQ(apply({{nth_user(0), "2"}, {"u:gone", std::nullopt}}), ENODATA);
  EXPECT_EQ(read(), expected);
}

TEST_F(OffloadedTest, TheSideFileWinsOverXattrs) {
  set_raw(full(nth_user(0)), "stale");
  set_raw(full("u:only here"), "counts");
  expected["u:only here"] = "counts";
  EXPECT_EQ(read(), expected);
}

TEST_F(OffloadedTest, StaleXattrsGoWithTheNextChange) {
  set_raw(full(nth_user(0)), "stale");
  set_raw(full(nth_user(1)), "stale");
  set_raw(full("u:only here"), "counts");
  set_raw("user.oc.md.note", "text");
  EXPECT_EQ(remove(nth_user(0)), 0);  // must not come back from its stale copy
  expected.erase(nth_user(0));
  expected["u:only here"] = "counts";
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(xattrs().size(), 2u);
  EXPECT_EQ(side(side_path()).at("user.oc.md.note"), "text");
}

TEST_F(OffloadedTest, AGrantThatIsOnlyAnXattrCanBeRemoved) {
  set_raw(full("u:only here"), "counts");
  EXPECT_EQ(remove("u:only here"), 0);
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(xattrs().size(), 2u);
}

TEST_F(OffloadedTest, TheStampTellsWhetherTheSideFileChanged) {
  const auto grants = store.read(node.get());
  ASSERT_TRUE(grants);
  ASSERT_TRUE(grants->stamp);
  EXPECT_TRUE(store.side_unchanged(grants->side_path, grants->stamp));
  for (int i = 0; i < 5; ++i) {
    const auto before = store.read(node.get());
    ASSERT_EQ(set(nth_user(0), value_of(i % 2 == 0 ? "rw" : "rx")), 0);  // same size
    EXPECT_FALSE(store.side_unchanged(before->side_path, before->stamp));
  }
  EXPECT_FALSE(store.side_unchanged(grants->side_path, grants->stamp));
  EXPECT_FALSE(store.side_unchanged(grants->side_path, std::nullopt));
  EXPECT_FALSE(store.side_unchanged(".oc-nodes/no/such.mpk", grants->stamp));
  EXPECT_TRUE(store.side_unchanged("", std::nullopt));
}

TEST_F(OffloadedTest, ACopyThatGotTheIdLeavesTheOriginalsGrantsAlone) {
  const UniqueFd copy = make_dir("copy");
  const auto copy_attribute = [&](const std::string& name, const std::string& value) {
    ASSERT_EQ(::setxattr(dir.at("copy").c_str(), name.c_str(), value.data(), value.size(), 0), 0);
  };
  const auto read_copy = [&] {
    const auto grants = store.read(copy.get());
    EXPECT_TRUE(grants);
    return grants ? grants->values : Values{};
  };
  copy_attribute(kId, raw(kId));
  copy_attribute(kMarker, "1");
  EXPECT_EQ(read_copy(), expected) << "a copy has what the original had";

  const std::vector<backing::Change> one = {{"u:evil", "rw"}};
  ASSERT_TRUE(store.apply(copy.get(), one));
  EXPECT_EQ(read(), expected);
  Values with_evil = expected;
  with_evil["u:evil"] = "rw";
  EXPECT_EQ(read_copy(), with_evil);

  EXPECT_EQ(remove(nth_user(0)), 0);
  expected.erase(nth_user(0));
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(read_copy(), with_evil) << "from its first change on it has a side file of its own";
}

TEST_F(OffloadedTest, ACopyWithTheIdAloneDoesNotReplaceTheOriginalsSideFile) {
  const UniqueFd copy = make_dir("copy");
  const std::string id = raw(kId);
  ASSERT_EQ(::setxattr(dir.at("copy").c_str(), kId.c_str(), id.data(), id.size(), 0), 0);
  std::vector<backing::Change> many;
  for (int i = 20; i < 40; ++i) many.push_back({nth_user(i), value_of("rw")});
  ASSERT_TRUE(store.apply(copy.get(), many));
  EXPECT_EQ(read(), expected);
  const auto grants = store.read(copy.get());
  ASSERT_TRUE(grants);
  EXPECT_EQ(grants->values.size(), 20u);
  EXPECT_FALSE(grants->side_path.empty());
}

TEST_F(OffloadedTest, ATreeThatWasCopiedAsAWholeKeepsItsIds) {
  ASSERT_EQ(std::system(("cp -a '" + dir.path() + "' '" + dir.path() + ".copy'").c_str()), 0);
  const std::string copied = dir.path() + ".copy";
  const UniqueFd there(::open(copied.c_str(), O_PATH | O_DIRECTORY));
  const UniqueFd copy(::open((copied + "/node").c_str(), O_PATH | O_DIRECTORY));
  GrantStore other(there.get(), {.overflow = Overflow::Always});
  const std::vector<backing::Change> one = {{"u:new", "rw"}};
  const Status made = other.apply(copy.get(), one);
  std::string id(raw(kId).size(), '\0');
  const ssize_t size = ::getxattr((copied + "/node").c_str(), kId.c_str(), id.data(), id.size());
  std::filesystem::remove_all(copied);
  EXPECT_TRUE(made);
  EXPECT_EQ(size, static_cast<ssize_t>(id.size()));
  EXPECT_EQ(id, raw(kId));
  EXPECT_EQ(read(), expected);
}

TEST_F(OffloadedTest, ATemporaryFileLeftByACrashIsReplaced) {
  write_bytes(side_path() + ".new", "half a fi");
  EXPECT_EQ(set("u:a", "1"), 0);
  EXPECT_FALSE(std::filesystem::exists(dir.at(side_path() + ".new")));
}

TEST_F(GrantStoreTest, ManyXattrsMoveBeforeTheyCannotBeListed) {
  // Only filesystems without ext4's limit get there; tmpfs is one where its user attributes are built in.
  const std::string shm = "/dev/shm/acefs-test-" + std::to_string(::getpid());
  std::filesystem::create_directories(shm + "/node");
  const UniqueFd top(::open(shm.c_str(), O_PATH));
  const UniqueFd fd(::open((shm + "/node").c_str(), O_PATH));
  const bool usable = ::setxattr((shm + "/node").c_str(), "user.try", "1", 1, 0) == 0;
  GrantStore there(top.get(), {});
  Status s = Status::ok();
  constexpr int kMany = 1500;
  for (int i = 0; usable && i < kMany && s; ++i) {
    const Change change{nth_user(i), value_of("r")};
    s = there.apply(fd.get(), {&change, 1});
  }
  const auto grants = there.read(fd.get());
  std::filesystem::remove_all(shm);
  if (!usable) GTEST_SKIP() << "no user attributes on /dev/shm";
  EXPECT_TRUE(s) << s.errno_value();
  ASSERT_TRUE(grants);
  EXPECT_EQ(grants->values.size(), std::size_t{kMany});
  EXPECT_FALSE(grants->side_path.empty());
}

}  // namespace
}  // namespace acefs::backing
