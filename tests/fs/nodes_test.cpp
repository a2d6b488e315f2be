// SPDX-License-Identifier: MIT
// Nodes are what the kernel was told, not paths: they outlive renames, eviction and removal, and are verified each time.
#include <sys/stat.h>
#include <unistd.h>

#include "ops_fixture.hpp"

namespace acefs::test {
namespace {

class NodesTest : public OpsTest {};

TEST_F(NodesTest, NameThatWasMovedBehindTheMountIsStaleOnceAndThenFoundByLookup) {
  make_dir("a");
  make_file("a/f");
  const node::NodeId file = id("a/f");
  ASSERT_EQ(::rename(path("a/f").c_str(), path("a/g").c_str()), 0);
  auto attr = ops().getattr(as(0), file, nullptr);
  ASSERT_FALSE(attr);
  EXPECT_EQ(attr.error().errno_value(), ESTALE);
  EXPECT_EQ(stale_, std::vector<std::string>{"f"});
  EXPECT_EQ(id("a/g"), file);
  EXPECT_TRUE(ops().getattr(as(0), file, nullptr));
}

/// Another thread of root.
fs::Request another_thread() { return {{.uid = 0, .gid = 0, .pid = 2}}; }

/// A request of root's, one of the many in a system call.
fs::Request request(const char* opcode, std::uint64_t number) {
  return {.caller = {.uid = 0, .gid = 0, .pid = 1}, .operation = nullptr, .is_in_directory = false, .number = number, .opcode = opcode};
}

TEST_F(NodesTest, WhoWasOnHisWayByANameThatIsGoneLooksAgain) {
  make_file("f");
  const node::NodeId file = id("f");
  ASSERT_EQ(::rename(path("f").c_str(), path("g").c_str()), 0);
  EXPECT_EQ(ops().getattr(as(0), file, nullptr).status().errno_value(), ESTALE);
  EXPECT_EQ(id("g"), file);
  EXPECT_TRUE(ops().getattr(as(0), file, nullptr)) << "he came by the name that he just looked up";
  EXPECT_EQ(ops().getattr(another_thread(), file, nullptr).status().errno_value(), ESTALE) << "and this one, maybe, by f";
  ASSERT_TRUE(ops().lookup(another_thread(), node::kRootId, "g"));
  EXPECT_TRUE(ops().getattr(another_thread(), file, nullptr));
}

TEST_F(NodesTest, WhoLookedUpOneNameMayComeByAnotherTheNextTime) {
  make_file("f");
  ASSERT_EQ(::link(path("f").c_str(), path("backup").c_str()), 0);
  const node::NodeId file = id("f");
  ASSERT_EQ(::unlink(path("f").c_str()), 0);
  EXPECT_EQ(ops().getattr(request("getattr", 1), file, nullptr).status().errno_value(), ESTALE);
  // open(2) by O_PATH asks nothing more.
  callers_are_in(call(SYS_openat));
  ASSERT_TRUE(ops().lookup(request("lookup", 2), node::kRootId, "backup"));
  callers_are_in(call(SYS_statx));
  EXPECT_EQ(ops().getattr(request("getattr", 3), file, nullptr).status().errno_value(), ESTALE) << "another call";
  ASSERT_TRUE(ops().lookup(request("lookup", 4), node::kRootId, "backup"));
  EXPECT_TRUE(ops().getattr(request("getattr", 5), file, nullptr));
  EXPECT_TRUE(ops().access(request("access", 6), file, R_OK)) << "what else the same call asks";
  EXPECT_EQ(ops().getattr(request("getattr", 7), file, nullptr).status().errno_value(), ESTALE) << "another call that looks the same";
}

TEST_F(NodesTest, WhoCannotHaveComeByTheLostNameIsRefusedAndDoesNotLookAgain) {
  make_dir("closed", 0700);
  make_file("closed/f");
  ASSERT_EQ(::link(path("closed/f").c_str(), path("closed/backup").c_str()), 0);
  const node::NodeId file = id("closed/f");
  ASSERT_EQ(id("closed/backup"), file);
  ASSERT_EQ(::unlink(path("closed/f").c_str()), 0);
  // His look-up would be refused, and the kernel drop the name for all others too.
  EXPECT_EQ(ops().getattr(as(kBob), file, nullptr).status().errno_value(), EACCES);
  EXPECT_EQ(ops().getattr(as(0), file, nullptr).status().errno_value(), ESTALE);
}

TEST_F(NodesTest, WhatIsLostBesideDoesNotMatterToWhoJustLookedUp) {
  make_file("f");
  for (const std::string name : {"a", "b"}) ASSERT_EQ(::link(path("f").c_str(), path(name).c_str()), 0);
  const node::NodeId file = id("f");
  for (const std::string name : {"a", "b"}) ASSERT_EQ(id(name), file);
  ASSERT_EQ(::unlink(path("a").c_str()), 0);
  EXPECT_EQ(ops().getattr(request("getattr", 1), file, nullptr).status().errno_value(), ESTALE);
  ASSERT_TRUE(ops().lookup(request("lookup", 2), node::kRootId, "f"));
  ASSERT_EQ(::unlink(path("b").c_str()), 0);
  EXPECT_EQ(ops().getattr(another_thread(), file, nullptr).status().errno_value(), ESTALE) << "which finds it";
  EXPECT_TRUE(ops().getattr(request("getattr", 3), file, nullptr));
}

TEST_F(NodesTest, AMomentAfterTheKernelDroppedTheNameNobodyIsOnHisWay) {
  make_file("f");
  ASSERT_EQ(::link(path("f").c_str(), path("backup").c_str()), 0);
  const node::NodeId file = id("f");
  ASSERT_EQ(id("backup"), file);
  ASSERT_EQ(::unlink(path("f").c_str()), 0);
  is_dropped_ = false;
  EXPECT_EQ(ops().getattr(as(0), file, nullptr).status().errno_value(), ESTALE);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(ops().getattr(another_thread(), file, nullptr)) << "the kernel still leads others here by f";
  is_dropped_ = true;
  dropped_at_ -= std::chrono::hours(2);
  EXPECT_TRUE(ops().getattr(another_thread(), file, nullptr));
}

TEST_F(NodesTest, WhoHasADescriptorOfAFileThatLostANameGoesOn) {
  make_file("f", 0644, kAlice);
  ASSERT_EQ(::link(path("f").c_str(), path("backup").c_str()), 0);
  const node::NodeId file = id("f");
  ASSERT_EQ(id("backup"), file);
  ASSERT_EQ(::unlink(path("f").c_str()), 0);
  callers_are_in(call(SYS_fstat, 3));
  auto attr = ops().getattr(as(0), file, nullptr);
  ASSERT_TRUE(attr) << "by the name that it still has";
  EXPECT_EQ(attr->st.st_nlink, 1U);
}

TEST_F(NodesTest, WhoCannotBeLookedAtLooksAgainUnlessHeMayHaveTheFileOpen) {
  make_file("f");
  ASSERT_EQ(::link(path("f").c_str(), path("backup").c_str()), 0);
  const node::NodeId file = id("f");
  auto handle = ops().open(as(0), file, O_RDONLY);
  ASSERT_TRUE(handle);
  ASSERT_EQ(id("backup"), file);
  ASSERT_EQ(::unlink(path("f").c_str()), 0);
  callers_are_in("");
  is_dropped_ = false;
  EXPECT_TRUE(ops().getattr(request("getattr", 1), file, nullptr)) << "this may be fstat(2)";
  EXPECT_EQ(ops().open(request("open", 2), file, O_RDONLY).status().errno_value(), ESTALE);
  ops().release(std::move(*handle));
  EXPECT_EQ(ops().getattr(request("getattr", 3), file, nullptr).status().errno_value(), ESTALE);
  is_dropped_ = true;
  EXPECT_TRUE(ops().getattr(request("getattr", 4), file, nullptr)) << "the kernel leads nobody here by f any more";
}

TEST_F(NodesTest, AllNamesOfAFileCountBeforeOneOfThemDoes) {
  make_file("f");
  ASSERT_EQ(::link(path("f").c_str(), path("backup").c_str()), 0);
  std::uint64_t calls = 0;
  const auto ask = [&](node::NodeId file) { return ops().getattr(request("getattr", ++calls), file, nullptr).status().errno_value(); };
  for (const std::string first : {"backup", "f"}) {
    const node::NodeId file = id(first);
    ASSERT_EQ(id(first == "f" ? "backup" : "f"), file);
    EXPECT_EQ(ask(file), 0);
    make_file("new");
    ASSERT_EQ(::rename(path("new").c_str(), path("f").c_str()), 0);
    EXPECT_EQ(ask(file), ESTALE) << "he may have come by f";
    EXPECT_EQ(stale_.back(), "f");
    EXPECT_NE(id("f"), file);
    EXPECT_EQ(id("backup"), file);
    EXPECT_EQ(ask(file), 0);
    ASSERT_EQ(::unlink(path("f").c_str()), 0);
    ASSERT_EQ(::link(path("backup").c_str(), path("f").c_str()), 0);
  }
}

TEST_F(NodesTest, OfManyNamesThoseThatAreTooManyAreLookedUpAgain) {
  make_file("f");
  const node::NodeId file = id("f");
  constexpr std::size_t kNames = 3 * node::kMostLinks;
  for (std::size_t i = 1; i < kNames; ++i) {
    const std::string name = "n" + std::to_string(i);
    ASSERT_EQ(::link(path("f").c_str(), path(name).c_str()), 0);
    ASSERT_EQ(id(name), file);
  }
  EXPECT_TRUE(ops().getattr(as(0), file, nullptr));
  EXPECT_EQ(looked_up_again_.size(), kNames - node::kMostLinks);
  EXPECT_TRUE(stale_.empty()) << "none of them is gone";
  EXPECT_TRUE(ops().getattr(another_thread(), file, nullptr));
}

TEST_F(NodesTest, AWayThatCannotBeReadDoesNotCloseTheOneThatWasFoundBefore) {
  make_dir("good");
  make_dir("bad");
  make_file("good/f");
  ASSERT_EQ(::link(path("good/f").c_str(), path("bad/f").c_str()), 0);
  const node::NodeId file = id("good/f");
  ASSERT_EQ(id("bad/f"), file);
  ASSERT_EQ(set_attribute(path("bad"), "user.oc.metadata_offloaded", "1"), 0);  // and there is no such side file
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(ops().getattr(as(kBob), file, nullptr));
}

TEST_F(NodesTest, AListingChangesNoNameOfADirectoryThatTheKernelWasNotTold) {
  make_dir("here");
  make_dir("there");
  make_dir("here/d");
  const node::NodeId dir = id("here/d");
  ASSERT_EQ(::rename(path("here/d").c_str(), path("there/d").c_str()), 0);
  auto open = ops().opendir(as(0), id("there"));
  ASSERT_TRUE(open);
  bool told = false;
  ASSERT_TRUE(ops().readdir(as(0), **open, 0, true, [&](const fs::DirEntry& entry) {
    told |= entry.name == "d" && entry.child;
    return true;
  }));
  EXPECT_FALSE(told);
  EXPECT_EQ(ops().getattr(as(0), dir, nullptr).status().errno_value(), ESTALE) << "who comes by the former name";
  EXPECT_EQ(id("there/d"), dir);
  EXPECT_TRUE(ops().getattr(as(0), dir, nullptr));
  ops().releasedir(std::move(*open));
}

TEST_F(NodesTest, DirectoryMovedBehindTheMountIsJudgedByItsNewAncestorsEvenBeforeItsNameIsKnown) {
  make_dir("open");
  make_dir("closed", 0700);
  make_dir("open/d");
  make_file("open/d/f");
  const node::NodeId file = id("open/d/f");
  EXPECT_TRUE(ops().getattr(as(kBob), file, nullptr));
  ASSERT_EQ(::rename(path("open/d").c_str(), path("closed/d").c_str()), 0);
  auto first = ops().getattr(as(kBob), file, nullptr);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().errno_value(), ESTALE);
  auto second = ops().getattr(as(kBob), file, nullptr);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().errno_value(), EACCES);
  EXPECT_TRUE(ops().getattr(as(0), file, nullptr));
}

TEST_F(NodesTest, DirectoryThatIsMovedOnWhileItsNewParentIsFoundDoesNotMixUpTheParents) {
  make_dir("a");
  make_dir("b");
  make_file("b/only-here");
  make_dir("a/d");
  make_file("a/d/f");
  const node::NodeId file = id("a/d/f");
  EXPECT_TRUE(ops().getattr(as(0), file, nullptr));
  // Nobody was in b yet: it becomes known by the ".." of d, which is back in a when that is opened.
  ASSERT_EQ(::rename(path("a/d").c_str(), path("b/d").c_str()), 0);
  backing_.before_parent = [&] { ASSERT_EQ(::rename(path("b/d").c_str(), path("a/d").c_str()), 0); };
  static_cast<void>(ops().getattr(as(0), file, nullptr));
  ASSERT_FALSE(backing_.before_parent) << "the parent was not opened";
  EXPECT_TRUE(ops().lookup(as(0), id("b"), "only-here"));
  EXPECT_FALSE(ops().lookup(as(0), id("b"), "d"));
  EXPECT_FALSE(ops().lookup(as(0), id("a"), "only-here"));
  EXPECT_TRUE(ops().lookup(as(0), id("a"), "d"));
}

TEST_F(NodesTest, ANameThatSomebodyTookInTheLastMomentIsNotReplacedByWhoMayNot) {
  make_dir("d", 0700);
  allow(path("d"), "u:20002", "rwxt");  // w without D: he may not remove what is not his
  make_file("d/his", 0600);
  ASSERT_EQ(::chown(path("d/his").c_str(), kBob, kBob), 0);
  allow(path("d/his"), "u:20002", "d");
  const node::NodeId dir = id("d");
  id("d/his");
  backing_.before_rename = [&] { make_file("d/new", 0600); };
  EXPECT_EQ(ops().rename(as(kBob), dir, "his", dir, "new", 0).errno_value(), ESTALE) << "the kernel does not know yet what has the name";
  id("d/new");
  EXPECT_EQ(ops().rename(as(kBob), dir, "his", dir, "new", 0).errno_value(), EACCES);
  struct stat st {};
  ASSERT_EQ(::lstat(path("d/new").c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 0U);
  EXPECT_EQ(::lstat(path("d/his").c_str(), &st), 0);
}

TEST_F(NodesTest, DirectoryMovedOutOfTheTreeIsGone) {
  make_dir("d");
  make_file("d/f");
  const node::NodeId file = id("d/f");
  const TempDir elsewhere;
  ASSERT_EQ(::rename(path("d").c_str(), elsewhere.at("d").c_str()), 0);
  EXPECT_FALSE(ops().getattr(as(0), file, nullptr));
  EXPECT_FALSE(ops().getattr(as(0), file, nullptr));
}

TEST_F(NodesTest, DirectoryThatComesBackWhileItIsLookedForIsADirectory) {
  make_dir("a");
  make_dir("a/d");
  make_file("a/d/f");
  const node::NodeId directory = id("a/d");
  const TempDir elsewhere;
  ASSERT_EQ(::rename(path("a/d").c_str(), elsewhere.at("d").c_str()), 0);
  EXPECT_FALSE(ops().getattr(as(0), directory, nullptr));
  // It has no name while the way to where it was is looked at, and has one again before that is done.
  backing_.after_look["a"] = [&] {
    ASSERT_EQ(::rename(elsewhere.at("d").c_str(), path("a/d").c_str()), 0);
    EXPECT_EQ(id("a/d"), directory);
  };
  EXPECT_TRUE(ops().lookup(as(0), directory, "f"));
  EXPECT_TRUE(backing_.after_look.empty()) << "nobody looked at the way";
}

TEST_F(NodesTest, WhoComesByANameThatIsGoneIsNotAnsweredByOneThatIsFoundMeanwhile) {
  make_dir("a");
  make_dir("b");
  make_file("a/f");
  const node::NodeId file = id("a/f");
  ASSERT_EQ(::rename(path("a/f").c_str(), path("b/f").c_str()), 0);
  EXPECT_EQ(ops().getattr(as(0), file, nullptr).status().errno_value(), ESTALE);
  dropped_at_ -= std::chrono::hours(2);
  backing_.after_look["a"] = [&] { EXPECT_EQ(id("b/f"), file); };
  EXPECT_EQ(ops().getattr(another_thread(), file, nullptr).status().errno_value(), ESTALE);
  EXPECT_TRUE(backing_.after_look.empty()) << "nobody looked at the way";
  EXPECT_TRUE(ops().getattr(another_thread(), file, nullptr));
}

// As a server of NFS says of a directory that was replaced there.
TEST_F(NodesTest, RootThatItsFilesystemKnowsNoMoreIsStaleToWhoHasItOpen) {
  auto directory = ops().opendir(as(0), node::kRootId);
  ASSERT_TRUE(directory);
  const auto list = [&] { return ops().readdir(as(0), **directory, 0, true, [](const fs::DirEntry&) { return true; }); };
  backing_.after_look[""] = [&] { backing_.own_look_fails = ESTALE; };
  EXPECT_EQ(list().errno_value(), ESTALE) << "and not empty, once it may be listed";
  EXPECT_TRUE(backing_.after_look.empty());
  EXPECT_EQ(list().errno_value(), ESTALE);
}

TEST_F(NodesTest, FileIsAllowedByTheChainOfAnyOfItsNames) {
  make_dir("private", 0700);
  make_dir("public");
  make_file("private/f");
  ASSERT_EQ(::link(path("private/f").c_str(), path("public/f").c_str()), 0);
  const node::NodeId file = id("private/f");
  EXPECT_FALSE(ops().getattr(as(kBob), file, nullptr)) << "only the private name is known";
  EXPECT_EQ(id("public/f"), file);
  EXPECT_TRUE(ops().getattr(as(kBob), file, nullptr));
  ASSERT_EQ(::unlink(path("public/f").c_str()), 0);
  EXPECT_EQ(ops().getattr(as(kBob), file, nullptr).status().errno_value(), ESTALE) << "the name that allowed it is gone";
  EXPECT_EQ(id("private/f"), file);
  EXPECT_EQ(ops().getattr(as(kBob), file, nullptr).status().errno_value(), EACCES);
  EXPECT_TRUE(ops().getattr(as(0), file, nullptr));
}

TEST_F(NodesTest, InodeNumberUsedAgainIsAnotherNode) {
  make_file("f");
  const node::NodeId before = id("f");
  ASSERT_TRUE(ops().unlink(as(0), node::kRootId, "f"));
  make_file("f");
  EXPECT_NE(id("f"), before);
}

TEST_F(NodesTest, ForgottenNumberIsNeverGivenOutAgain) {
  make_file("f");
  const node::NodeId before = id("f");
  ops().forget(before, 1);
  auto attr = ops().getattr(as(0), before, nullptr);
  ASSERT_FALSE(attr);
  EXPECT_EQ(attr.error().errno_value(), ESTALE);
  EXPECT_NE(id("f"), before);
}

TEST_F(NodesTest, UnlinkedFileIsStillThereForWhoHasItOpen) {
  make_file("f");
  const node::NodeId file = id("f");
  auto handle = ops().open(as(0), file, O_RDWR);
  ASSERT_TRUE(handle);
  ASSERT_TRUE(ops().unlink(as(0), node::kRootId, "f"));
  auto attr = ops().getattr(as(0), file, nullptr);
  ASSERT_TRUE(attr);
  EXPECT_EQ(attr->st.st_nlink, 0U);
  EXPECT_TRUE(ops().setattr(as(0), file, {.mode = 0600, .uid = {}, .gid = {}, .size = {}, .atime = {}, .mtime = {}}, nullptr));
  EXPECT_TRUE(ops().for_read(as(0), **handle));
  ops().release(std::move(*handle));
}

TEST_F(NodesTest, SideDirectoryIsInvisible) {
  make_dir(".oc-nodes");
  EXPECT_EQ(ops().lookup(as(0), node::kRootId, ".oc-nodes").status().errno_value(), ENOENT);
  EXPECT_EQ(ops().rmdir(as(0), node::kRootId, ".oc-nodes").errno_value(), ENOENT);
  EXPECT_EQ(ops().mkdir(as(0), node::kRootId, ".oc-nodes", 0755).status().errno_value(), EACCES);
  auto dir = ops().opendir(as(0), node::kRootId);
  ASSERT_TRUE(dir);
  bool seen = false;
  ASSERT_TRUE(ops().readdir(as(0), **dir, 0, false, [&](const fs::DirEntry& entry) {
    seen |= entry.name == ".oc-nodes";
    return true;
  }));
  EXPECT_FALSE(seen);
  ops().releasedir(std::move(*dir));
}

TEST_F(NodesTest, SideDirectoryOfATreeBelowIsInvisibleToo) {
  make_dir("d", 0777);
  make_dir("d/.oc-nodes", 0700);
  make_dir("mine", 0777);
  make_dir("mine/.oc-nodes", 0755, kBob);
  EXPECT_EQ(ops().lookup(as(0), id("d"), ".oc-nodes").error().errno_value(), ENOENT);
  EXPECT_EQ(ops().rmdir(as(0), id("d"), ".oc-nodes").errno_value(), ENOENT);
  EXPECT_EQ(ops().rename(as(0), id("mine"), ".oc-nodes", id("d"), ".oc-nodes", 0).errno_value(), EACCES);
  auto dir = ops().opendir(as(0), id("d"));
  ASSERT_TRUE(dir);
  bool listed = false;
  ASSERT_TRUE(ops().readdir(as(0), **dir, 0, false, [&](const fs::DirEntry& entry) {
    listed |= entry.name == ".oc-nodes";
    return true;
  }));
  ops().releasedir(std::move(*dir));
  EXPECT_FALSE(listed);
  EXPECT_TRUE(ops().lookup(as(kBob), id("mine"), ".oc-nodes")) << "what users made for themselves is not meant";
}

TEST_F(NodesTest, MalformedGrantIsReportedOncePerChangeAndDeniesOnlyItsPrincipal) {
  make_file("f");
  ASSERT_EQ(set_attribute(path("f"), allow_name(user(kAlice)), "garbage"), 0);
  const node::NodeId file = id("f");
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(ops().getattr(as(kAlice), file, nullptr));
    EXPECT_TRUE(ops().getattr(as(kBob), file, nullptr));
  }
  EXPECT_EQ(malformed_, 1);
}

class FewDescriptorsTest : public OpsTest {
 protected:
  FewDescriptorsTest() : OpsTest(4) {}
};

TEST_F(FewDescriptorsTest, DeepAndWideTreesAreWalkedWithFourHeldDirectories) {
  std::string name;
  for (int i = 0; i < 60; ++i) {
    name += name.empty() ? "d" : "/d";
    make_dir(name);
    make_dir(name + "/side");
    make_file(name + "/side/f");
  }
  const node::NodeId deepest = id(name + "/side/f");
  std::string up = name;
  while (up.find('/') != std::string::npos) {
    EXPECT_TRUE(ops().getattr(as(kBob), id(up + "/side/f"), nullptr)) << up;
    up.resize(up.rfind('/'));
  }
  EXPECT_LE(held_->size(), 5U);
  EXPECT_TRUE(ops().getattr(as(kBob), deepest, nullptr));
}

TEST_F(NodesTest, GroupDenialHoldsWhenTheCallersGroupsCannotBeFoundOut) {
  make_file("f");
  ASSERT_EQ(deny(path("f"), group(kStaff), "r"), 0);
  const node::NodeId file = id("f");
  EXPECT_TRUE(ops().open(as(kAlice), file, O_RDONLY)) << "known to be in no group";
  accounts_.thread_groups = std::nullopt;
  EXPECT_EQ(ops().open(as(kBob), file, O_RDONLY).status().errno_value(), EACCES);
}

}  // namespace
}  // namespace acefs::test
