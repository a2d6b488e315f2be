// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

using namespace std::string_literals;

class SetaceTest : public ToolTest {};

TEST_F(SetaceTest, SetsEntriesWithCreatorAndShareTime) {
  const Output done = setace({"-m", "u:alice:rw,D::bob:w", "f"});
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_EQ(done.out + done.err, "");
  EXPECT_EQ(stored("f", "u:alice"), "\0t=A:f=:p=rw:c=root:e=0:s=1767225600\n"s);
  EXPECT_EQ(stored("f", "D:u:bob"), "\0t=D:f=:p=w:c=root:e=0:s=1767225600\n"s);
}

TEST_F(SetaceTest, RolesStandForTheirLetters) {
  EXPECT_EQ(setace({"-m", "g:staff:@secure-viewer", "f"}).exit, 0);
  EXPECT_EQ(entries("f"), "g:staff:@secure-viewer\n");
  EXPECT_NE(stored("f", "g:staff").find(":p=tx:"), std::string::npos);
}

TEST_F(SetaceTest, RolesOfTheConfigurationAreKnown) {
  std::ofstream("c.toml") << "[role.reviewer]\npermissions = \"rxtnc\"\n";
  EXPECT_EQ(setace({"--config", "c.toml", "-m", "u:alice:@reviewer", "f"}).exit, 0);
  EXPECT_EQ(entries("f"), "u:alice:@reviewer\n");
  EXPECT_EQ(stored("f", "u:alice"), "\0t=A:f=:p=txrcn:c=root:e=0:s=1767225600:x-role=reviewer\n"s);
}

TEST_F(SetaceTest, LettersMakeAGrantOneThatIsNotByRole) {
  setace({"-m", "u:alice:@viewer", "f"});
  setace({"-m", "u:alice:rw", "f"});
  EXPECT_EQ(stored("f", "u:alice").find("x-role"), std::string::npos);
  EXPECT_EQ(entries("f"), "u:alice:rw\n");
}

TEST_F(SetaceTest, AnUnknownPermissionIsSaidWithItsPlaceAndChangesNothing) {
  const Output done = setace({"-m", "u:bob:r,u:alice:rz", "f"});
  EXPECT_EQ(done.exit, 2);
  EXPECT_EQ(done.err, "setace: f: u:bob:r,u:alice:rz: unknown permission 'z' at 17\n");
  EXPECT_EQ(entries("f"), "");
}

TEST_F(SetaceTest, ExpiryLabelAndCreatorAreStored) {
  EXPECT_EQ(setace({"--expires", "+2h", "--label", "for the audit", "--creator", "carol", "-m", "u:alice:r", "f"}).exit, 0);
  EXPECT_EQ(stored("f", "u:alice"), "\0t=A:f=:p=r:c=carol:e=1767232800000000000:s=1767225600:l=for the audit\n"s);
}

TEST_F(SetaceTest, ALabelThatCannotBeStoredIsRefused) {
  EXPECT_EQ(setace({"--label", "a=b", "-m", "u:alice:r", "f"}).exit, 2);
  EXPECT_EQ(entries("f"), "");
}

TEST_F(SetaceTest, ModifyingKeepsLabelAndUnknownFieldsButNotTheExpiry) {
  store("f", "u:alice", "\0t=A:f=:p=r:c=bob:e=1999999999000000000:s=5:w=pw:l=old:k=v\n"s);
  const Output done = setace({"-m", "u:alice:rw", "f"});
  EXPECT_EQ(done.err, "setace: f: note: u:alice: expired on 2033-05-18T03:33:19Z, now never\n");
  EXPECT_EQ(stored("f", "u:alice"), "\0t=A:f=:p=rw:c=root:e=0:s=1767225600:w=pw:l=old:k=v\n"s);
}

TEST_F(SetaceTest, SettingWhatIsThereChangesNothing) {
  store("f", "u:alice", "\0t=A:f=:p=r:c=bob:e=0:s=5\n"s);
  EXPECT_EQ(setace({"--json", "-m", "u:alice:r", "f"}).out, "");
  EXPECT_EQ(stored("f", "u:alice"), "\0t=A:f=:p=r:c=bob:e=0:s=5\n"s);
}

TEST_F(SetaceTest, ReplacingAFullDenialIsNoted) {
  setace({"-m", "u:alice:", "f"});
  EXPECT_EQ(entries("f"), "D::alice:\n");
  EXPECT_EQ(setace({"-m", "u:alice:r", "f"}).err, "setace: f: note: u:alice: replaces a full denial\n");
  EXPECT_EQ(entries("f"), "u:alice:r\n");
}

TEST_F(SetaceTest, ReplacingAMalformedGrantIsNoted) {
  store("f", "u:alice", "junk");
  EXPECT_EQ(setace({"-m", "u:alice:r", "f"}).err,
            "setace: f: note: u:alice: replaces a malformed grant, which counted as a full denial\n");
}

TEST_F(SetaceTest, LettersThatRevaReadsAsADenialAreNoted) {
  EXPECT_EQ(setace({"-m", "u:alice:Ty", "f"}).err,
            "setace: note: u:alice: reva does not know D T n N y: it reads an entry of these alone as a denial\n");
  EXPECT_EQ(setace({"-m", "u:alice:rTy", "f"}).err, "");
}

TEST_F(SetaceTest, RemovesByWho) {
  setace({"-m", "u:alice:r,D::alice:w,g:staff:r,everyone@:r", "f"});
  EXPECT_EQ(setace({"-x", "u:alice,everyone@", "f"}).exit, 0);
  EXPECT_EQ(entries("f"), "D::alice:w\ng:staff:r\n");
  EXPECT_EQ(setace({"-x", "D:alice", "f"}).exit, 0);
  EXPECT_EQ(entries("f"), "g:staff:r\n");
}

TEST_F(SetaceTest, RemovingWhatIsNotThereIsNoError) {
  const Output done = setace({"-x", "u:nobody", "f"});
  EXPECT_EQ(done.exit, 0);
  EXPECT_EQ(done.err, "");
}

TEST_F(SetaceTest, RemovesAllButLeavesOtherNamesUnderThePrefix) {
  setace({"-m", "u:alice:r,U:S:bob:w", "f"});
  store("f", "u:carol", "junk");
  store("f", "other", "x");
  EXPECT_EQ(setace({"-b", "f"}).exit, 0);
  EXPECT_EQ(entries("f"), "");
  EXPECT_EQ(stored("f", "u:carol"), "!");
  EXPECT_EQ(stored("f", "other"), "x");
}

TEST_F(SetaceTest, RemovesAllFirstThenSingleOnesThenModifiesWhateverTheOrder) {
  setace({"-m", "u:alice:r,u:bob:r", "f"});
  EXPECT_EQ(setace({"-m", "u:carol:r", "-x", "u:carol", "-b", "f"}).exit, 0);
  EXPECT_EQ(entries("f"), "u:carol:r\n");
}

TEST_F(SetaceTest, SetReplacesAllEntries) {
  setace({"-m", "u:alice:r,u:bob:r", "f"});
  EXPECT_EQ(setace({"-s", "u:carol:r", "f"}).exit, 0);
  EXPECT_EQ(entries("f"), "u:carol:r\n");
}

TEST_F(SetaceTest, ReadsEntriesFromFilesAndStandardInput) {
  std::ofstream("m") << "# team\nu:alice:rw  # writes\n\ng:staff:r,everyone@:r\n";
  EXPECT_EQ(setace({"-M", "m", "f"}).exit, 0);
  EXPECT_EQ(setace({"-X", "-", "f"}, "everyone@\n# no longer\ng:staff\n").exit, 0);
  EXPECT_EQ(entries("f"), "u:alice:rw\n");
}

TEST_F(SetaceTest, AnErrorInAFileNamesItsLine) {
  EXPECT_EQ(setace({"-M", "-", "f"}, "u:alice:r\nu:bob\n").err,
            "setace: standard input:2: expected ':' and permissions at 5\n");
  EXPECT_EQ(setace({"-M", "nothing", "f"}).err, "setace: nothing: No such file or directory\n");
}

TEST_F(SetaceTest, WhatGetacePrintsIsAcceptedAndKeepsItsExpiry) {
  setace({"--expires", "2027-01-01", "--label", "x y", "-m", "u:alice:r", "f"});
  setace({"-m", "u:bob:", "f"});
  store("f", "u:carol", "junk");
  const Output copied = setace({"-M", "-", "d/a"}, getace({"f"}).out);
  EXPECT_EQ(copied.exit, 0);
  EXPECT_EQ(copied.err, "setace: note: u:carol: malformed where it was listed, taken as a full denial\n");
  EXPECT_EQ(getace({"-c", "d/a"}).out,
            "u:alice:r #expires=2027-01-01T00:00:00Z creator=root shared=2026-01-01T00:00:00Z label=\"x y\"\n"
            "D::bob: #creator=root shared=2026-01-01T00:00:00Z\n"
            "D::carol: #creator=root shared=2026-01-01T00:00:00Z\n\n");
}

TEST_F(SetaceTest, TestPrintsWhatWouldResultAndChangesNothing) {
  setace({"-m", "u:alice:r,u:bob:r", "f"});
  const Output shown = setace({"--test", "-x", "u:alice", "-m", "u:carol:r", "f"});
  EXPECT_EQ(shown.exit, 0);
  EXPECT_EQ(shown.out,
            "# file: f\n"
            "u:bob:r #creator=root shared=2026-01-01T00:00:00Z\n"
            "u:carol:r #creator=root shared=2026-01-01T00:00:00Z\n\n");
  EXPECT_EQ(entries("f"), "u:alice:r\nu:bob:r\n");
}

TEST_F(SetaceTest, JsonHasALineForEachFileChanged) {
  setace({"-m", "u:bob:r", "f"});
  EXPECT_EQ(setace({"--json", "-b", "f", "d"}).out,
            "{\"path\":\"f\",\"test\":false,\"changes\":[{\"key\":\"u:bob\",\"key_hex\":\"753a626f62\",\"action\":\"remove\"}]}\n");
}

TEST_F(SetaceTest, RecursionVisitsEverythingButOtherKindsAndSideFiles) {
  ASSERT_EQ(::mkfifo("d/fifo", 0644), 0);
  ASSERT_EQ(::symlink("../f", "d/link"), 0);
  const Output done = setace({"-R", "-m", "u:alice:r", "."});
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_EQ(done.err, "");
  for (const char* path : {".", "f", "d", "d/a", "d/e"}) EXPECT_EQ(entries(path), "u:alice:r\n") << path;
  EXPECT_EQ(entries(".oc-nodes"), "");
}

TEST_F(SetaceTest, RecursionDoesNotFollowSymbolicLinksUnlessTold) {
  ASSERT_EQ(::symlink("../f", "d/link"), 0);
  ASSERT_EQ(::symlink("..", "d/up"), 0);  // a loop
  setace({"-R", "-m", "u:alice:r", "d"});
  EXPECT_EQ(entries("f"), "");
  EXPECT_EQ(setace({"-R", "-L", "-m", "u:alice:r", "d"}).exit, 0);
  EXPECT_EQ(entries("f"), "u:alice:r\n");
}

TEST_F(SetaceTest, RecursionGoesOnAfterAnErrorAndFailsInTheEnd) {
  const int fd = ::open("d/a", O_RDONLY | O_CLOEXEC);
  int flags = 0;
  ASSERT_EQ(::ioctl(fd, FS_IOC_GETFLAGS, &flags), 0);
  int immutable = flags | FS_IMMUTABLE_FL;
  if (::ioctl(fd, FS_IOC_SETFLAGS, &immutable) != 0) GTEST_SKIP() << "no immutable files here";
  const Output done = setace({"-R", "-m", "u:alice:r", "d"});
  ::ioctl(fd, FS_IOC_SETFLAGS, &flags);
  ::close(fd);
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.err, "setace: d/a: Operation not permitted\n");
  EXPECT_EQ(entries("d"), "u:alice:r\n");
  EXPECT_EQ(entries("d/a"), "");
  EXPECT_EQ(entries("d/e"), "u:alice:r\n");
}

TEST_F(SetaceTest, NamingWhatHasNoAclIsAnErrorAndTheOthersAreDone) {
  ASSERT_EQ(::mkfifo("fifo", 0644), 0);
  ASSERT_EQ(::symlink("f", "link"), 0);
  const Output done = setace({"-m", "u:alice:r", "fifo", "link", "missing", "f"});
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.err,
            "setace: fifo: is a fifo, which has no ACL of its own\n"
            "setace: link: is a symbolic link, which has no ACL of its own (-L follows it)\n"
            "setace: missing: No such file or directory\n");
  EXPECT_EQ(entries("f"), "u:alice:r\n");
}

TEST_F(SetaceTest, PhysicalSkipsANamedLinkAndLogicalFollowsIt) {
  ASSERT_EQ(::symlink("f", "link"), 0);
  const Output skipped = setace({"-P", "-m", "u:alice:r", "link"});
  EXPECT_EQ(skipped.exit, 0);
  EXPECT_EQ(entries("f"), "");
  setace({"-L", "-m", "u:alice:r", "link"});
  EXPECT_EQ(entries("f"), "u:alice:r\n");
}

TEST_F(SetaceTest, DashReadsNamesFromStandardInput) {
  EXPECT_EQ(setace({"-m", "u:alice:r", "-"}, "f\n\nd/a\n").exit, 0);
  EXPECT_EQ(entries("f") + entries("d/a"), "u:alice:r\nu:alice:r\n");
}

TEST_F(SetaceTest, NamesAreTakenAsTheyAre) {
  std::ofstream("[a,b]") << "x";
  std::ofstream("-x") << "x";
  std::ofstream("n\nl") << "x";
  EXPECT_EQ(setace({"-m", "u:alice:r", "--", "[a,b]", "-x", "n\nl"}).exit, 0);
  for (const char* path : {"./[a,b]", "./-x", "./n\nl"}) EXPECT_EQ(entries(path), "u:alice:r\n") << path;
  EXPECT_EQ(setace({"-m", "u:alice:r", "no\nfile"}).err, "setace: no\\012file: No such file or directory\n");
}

TEST_F(SetaceTest, ManyGrantsMoveToTheSideFile) {
  std::string many;
  for (int i = 0; i < 300; ++i) many += "u:4c510ada-c86b-4815-8820-42cdf82c" + std::to_string(1000 + i) + ":r,";
  EXPECT_EQ(setace({"-m", many, "d/a"}).exit, 0);
  EXPECT_EQ(setace({"-m", "u:alice:r", "d/a"}).exit, 0);
  std::string lines = entries("d/a");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 301);
  EXPECT_EQ(setace({"-b", "d/a"}).exit, 0);
  EXPECT_EQ(entries("d/a"), "");
}

TEST_F(SetaceTest, ManyGrantsNeedTheRootOfTheTree) {
  ASSERT_EQ(::rmdir(".oc-nodes"), 0);
  std::string many;
  for (int i = 0; i < 300; ++i) many += "u:4c510ada-c86b-4815-8820-42cdf82c" + std::to_string(1000 + i) + ":r,";
  const Output done = setace({"-m", many, "d/a"});
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.err,
            "setace: d/a: No space left on device (give --root, for grants that do not fit into attributes)\n");
  EXPECT_EQ(entries("d/a"), "");
  EXPECT_EQ(setace({"--root", ".", "-m", many, "d/a"}).exit, 0);
}

TEST_F(SetaceTest, AnotherPrefixIsAnotherSetOfGrants) {
  EXPECT_EQ(setace({"--prefix", "user.ocis.grant.", "-m", "u:alice:r", "f"}).exit, 0);
  EXPECT_EQ(entries("f"), "");
  EXPECT_NE(getace({"--prefix", "user.ocis.grant.", "f"}).out.find("u:alice:r"), std::string::npos);
}

TEST_F(SetaceTest, WrongCommandLinesAreRefusedInOneLine) {
  const std::vector<std::vector<std::string>> lines = {
      {}, {"f"}, {"-m", "u:a:r"}, {"-b"}, {"--bogus", "f"}, {"-s", "u:a:r", "-m", "u:b:r", "f"}, {"--restore", "x", "f"},
      {"--restore", "x", "-b"}, {"--restore", "x", "-R"}, {"-M", "-", "-"}, {"-L", "-P", "-b", "f"}, {"--traverse", "-b", "f"},
      {"--expires", "soon", "-m", "u:a:r", "f"}, {"--creator", "", "-m", "u:a:r", "f"}, {"--config", "none", "-b", "f"}};
  for (const auto& line : lines) {
    const Output done = setace(line);
    EXPECT_EQ(done.exit, 2) << done.err;
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
    EXPECT_EQ(done.err.substr(0, 8), "setace: ");
  }
}

class TraverseTest : public ToolTest {};

TEST_F(TraverseTest, GivesXOnEachDirectoryAboveAndNowhereElse) {
  EXPECT_EQ(setace({"--traverse", "--expires", "2027-01-01", "-m", "u:alice:r,g:staff:r,D::bob:w", "d/a"}).exit, 0);
  for (const char* path : {".", "d"}) EXPECT_EQ(entries(path), "A:gn:staff:x\nA:n:alice:x\n") << path;
  EXPECT_NE(getace({"d"}).out.find("A:n:alice:x #expires=2027-01-01T00:00:00Z"), std::string::npos);
  EXPECT_EQ(entries("d/e"), "");
}

TEST_F(TraverseTest, LeavesAnAceThatGivesXAlready) {
  setace({"-m", "u:alice:rx", "d"});
  EXPECT_EQ(setace({"--traverse", "-m", "u:alice:r", "d/a"}).exit, 0);
  EXPECT_EQ(entries("d"), "u:alice:rx\n");
}

TEST_F(TraverseTest, AddsXToAnAceThatCountsOnTheDirectoryOnly) {
  setace({"-m", "A:n:alice:r", "d"});
  EXPECT_EQ(setace({"--traverse", "-m", "u:alice:r", "d/a"}).exit, 0);
  EXPECT_EQ(entries("d"), "A:n:alice:rx\n");
}

TEST_F(TraverseTest, AsksTheAdministratorWhereXWouldCountBelowToo) {
  setace({"-m", "u:alice:w", "d"});
  const Output done = setace({"--traverse", "-m", "u:alice:r", "d/a"});
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.err, "setace: " + root() +
                          "/d: u:alice: has the ACE 'u:alice:w' here, and x cannot be added to it without giving more than "
                          "that: ask the administrator\n");
  EXPECT_EQ(entries("d"), "u:alice:w\n");
  EXPECT_EQ(entries("d/a"), "u:alice:r\n");
}

TEST_F(TraverseTest, NeverReplacesADenial) {
  setace({"-m", "u:alice:", "d"});
  EXPECT_EQ(setace({"--traverse", "-m", "u:alice:r", "d/a"}).exit, 1);
  EXPECT_EQ(entries("d"), "D::alice:\n");
}

TEST_F(TraverseTest, MakesItsOwnAceLastLonger) {
  setace({"--traverse", "--expires", "2027-01-01", "-m", "u:alice:r", "d/a"});
  setace({"--traverse", "--expires", "2028-01-01", "-m", "u:alice:r", "d/a"});
  EXPECT_NE(getace({"d"}).out.find("#expires=2028-01-01T00:00:00Z"), std::string::npos);
  setace({"--traverse", "--expires", "2026-06-01", "-m", "u:alice:r", "d/a"});
  EXPECT_NE(getace({"d"}).out.find("#expires=2028-01-01T00:00:00Z"), std::string::npos);
}

TEST_F(TraverseTest, NeedsToKnowTheRootOfTheTree) {
  ASSERT_EQ(::rmdir(".oc-nodes"), 0);
  const Output done = setace({"--traverse", "-m", "u:alice:r", "d/a"});
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.err, "setace: d/a: --traverse: the root of the tree is not known (give --root)\n");
  EXPECT_EQ(setace({"--traverse", "--root", ".", "-m", "u:alice:r", "d/a"}).exit, 0);
  EXPECT_EQ(entries("."), "A:n:alice:x\n");
}

class RestoreTest : public ToolTest {};

TEST_F(RestoreTest, BringsBackEveryByte) {
  store("f", "u:alice", "\0t=A:f=:p=rxw:c=bob:e=77:s=5:w=pw:l=old \"\"x\"\":k=v:q\n"s);
  store("f", "u:bob", "junk");
  store("f", "g:we\nird", "\1A:g:r:5:bob:7:hash:label\n"s);
  store("d", "D:u:carol", "\0t=D:f=:p=w:c=:e=0\n"s);
  const std::string backup = getace({"-R", "."}).out;
  std::vector<std::string> before;
  const std::vector<std::pair<std::string, std::string>> all = {
      {"f", "u:alice"}, {"f", "u:bob"}, {"f", "g:we\nird"}, {"d", "D:u:carol"}};
  for (const auto& [path, key] : all) before.push_back(stored(path, key));

  setace({"-R", "-s", "u:new:r", "."});
  const Output done = setace({"--restore", "-"}, backup);
  EXPECT_EQ(done.exit, 0) << done.err;
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(stored(all[i].first, all[i].second), before[i]);
  EXPECT_EQ(getace({"-R", "."}).out, backup);
}

TEST_F(RestoreTest, NamesWithNewlinesAndBackslashesComeBack) {
  std::ofstream("a\nb\\012") << "x";
  setace({"-m", "u:alice:r", "a\nb\\012"});
  const std::string backup = getace({"a\nb\\012"}).out;
  EXPECT_EQ(backup.substr(0, backup.find('\n')), "# file: a\\012b\\134012");
  setace({"-b", "a\nb\\012"});
  EXPECT_EQ(setace({"--restore", "-"}, backup).exit, 0);
  EXPECT_EQ(entries("a\nb\\012"), "u:alice:r\n");
}

TEST_F(RestoreTest, ABackupWithAMistakeChangesNothing) {
  const Output done = setace({"--restore", "-"}, "# file: f\nu:alice:r\n\n# file: d\nu:bob:rz\n");
  EXPECT_EQ(done.exit, 2);
  EXPECT_EQ(done.err, "setace: standard input:5: unknown permission 'z' at 7\n");
  EXPECT_EQ(entries("f"), "");
}

TEST_F(RestoreTest, GoesOnWhenAFileIsGone) {
  const Output done = setace({"--restore", "-"}, "# file: gone\nu:alice:r\n\n# file: f\nu:alice:r\n");
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.err, "setace: gone: No such file or directory\n");
  EXPECT_EQ(entries("f"), "u:alice:r\n");
}

TEST_F(RestoreTest, TestShowsAndChangesNothing) {
  const Output done = setace({"--test", "--restore", "-"}, "# file: f\nu:alice:r\n");
  EXPECT_EQ(done.out, "# file: f\nu:alice:r\n\n");
  EXPECT_EQ(entries("f"), "");
}

}  // namespace
}  // namespace acefs::tool::test
