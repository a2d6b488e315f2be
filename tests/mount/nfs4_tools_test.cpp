// SPDX-License-Identifier: MIT
// The commands of nfs4_getfacl, nfs4_setfacl and nfs4_editfacl on a mount: what they change, for whom, and that it counts at once.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "nfs4_tools.hpp"

namespace acefs::test {
namespace {

/// A command, what it makes of kStart, and who can read the file then and who cannot.
struct Command {
  std::vector<std::string> arguments;
  std::string input;
  std::string after;
  uid_t may = kAlice;
  uid_t may_not = kBob;
};

/// A file of Alice. Bob may see its ACL and nothing else.
const std::string kStart = "A::20002:tc,A::20003:r," + kMode600;

class CommandTest : public Nfs4Test {
 protected:
  void SetUp() override {
    Nfs4Test::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0755);
    start();
  }

  void start() {
    make_file(real("d/f"), 0600, "content", kAlice, kAlice);
    ASSERT_EQ(allow(real("d/f"), user(kBob), "tc"), 0);
    ASSERT_EQ(allow(real("d/f"), user(kCarol), "r"), 0);
    ASSERT_EQ(list_of("d/f"), kStart);
  }

  /// The owner and root may, a stranger may not, and what he tried changes nothing.
  void works(const Command& command, const std::function<Ran(uid_t)>& run) {
    const auto before = grants_of("d/f");
    const Ran refused = run(kBob);
    EXPECT_NE(refused.code, 0);
    EXPECT_NE(refused.said.find("Operation not permitted"), std::string::npos) << refused.said;
    EXPECT_EQ(grants_of("d/f"), before);
    EXPECT_EQ(mode_of("d/f"), "600");
    for (const uid_t uid : {kAlice, uid_t{0}}) {
      SCOPED_TRACE("as " + std::to_string(uid));
      start();
      const Ran done = run(uid);
      EXPECT_EQ(done.code, 0) << done.said;
      EXPECT_EQ(errno_name(reads(command.may_not, "d/f")), "EACCES") << "before the one who may";
      EXPECT_EQ(errno_name(reads(command.may, "d/f")), "0");
      EXPECT_EQ(errno_name(reads(command.may_not, "d/f")), "EACCES") << "after the one who may";
      EXPECT_EQ(list_of("d/f"), command.after);
    }
  }
  void works(const Command& command) {
    works(command, [&](uid_t uid) { return setfacl(uid, command.arguments, "d/f", command.input); });
  }

  /// Neither root nor the owner can do it; it says why and changes nothing.
  void fails(const std::vector<std::string>& arguments, const std::string& message) {
    const auto before = grants_of("d/f");
    for (const uid_t uid : {kAlice, uid_t{0}}) {
      const Ran ran = setfacl(uid, arguments, "d/f");
      EXPECT_NE(ran.code, 0);
      EXPECT_NE(ran.said.find(message), std::string::npos) << ran.said;
      EXPECT_EQ(grants_of("d/f"), before);
      EXPECT_EQ(mode_of("d/f"), "600");
    }
  }

  /// A file of that content that everyone may read, outside the mount.
  std::string file_with(const std::string& name, const std::string& content, mode_t mode = 0644) {
    make_file(files_.at(name), mode, content);
    return files_.at(name);
  }

 private:
  TempDir files_;
};

const std::string kWithDave = "A::20002:tc,A::20003:r,A::20004:r," + kMode600;
const std::string kWithoutCarol = "A::20002:tc," + kMode600;

/// An index, which releases up to 0.3 take behind or in the place of an ACE, and later ones by an option.
class IndexedTest : public CommandTest {
 protected:
  bool by_option() { return setfacl(0, {"--help"}, "d").said.find("-i index") != std::string::npos; }
  std::vector<std::string> add_at(const std::string& index, const std::string& ace) {
    if (by_option()) return {"-i", index, "-a", ace};
    return {"-a", ace, index};
  }
  std::vector<std::string> remove_at(const std::string& index) {
    // It does not look at the ACE then, but wants one.
    if (by_option()) return {"-i", index, "-x", "A::1:r"};
    return {"-x", index};
  }
};

using AddTest = IndexedTest;
TEST_F(AddTest, PutsTheAceInFront) { works({{"-a", "A::20004:r"}, {}, kWithDave, kDave}); }

TEST_F(AddTest, TakesAnIndex) { works({add_at("3", "A::20004:r"), {}, kWithDave, kDave}); }

TEST_F(AddTest, TakesTheIndexBehindTheLast) {
  works({add_at("6", "A::20004:rtncy"), {}, "A::20002:tc,A::20003:r,A::20004:rtncy," + kMode600, kDave});
}

TEST_F(AddTest, ADenialInFrontTakesTheRightAway) {
  works({{"-a", "D::20003:r"}, {}, "D::20003:r," + kStart, kAlice, kCarol});
}

TEST_F(AddTest, ADenialBehindTheGrantIsRefusedSinceItWouldWin) {
  fails(add_at("3", "D::20003:r"), "not supported");
}

TEST_F(AddTest, RefusesAnIndexFarBehindTheLast) { fails(add_at("99", "A::20004:r"), "Failed while inserting ACE"); }

TEST_F(AddTest, TakesSeveralFromAFile) {
  const std::string file = file_with("more", "# two of them\nA::20004:r\nD::20003:w\n");
  works({{"-A", file}, {}, "D::20003:w," + kWithDave, kDave});
}

TEST_F(AddTest, TakesThemFromStandardInput) { works({{"-A", "-"}, "A::20004:r\n", kWithDave, kDave}); }

using ModifyTest = CommandTest;
TEST_F(ModifyTest, ReplacesOneAceByAnother) {
  works({{"-m", "A::20003:r", "A::20004:r"}, {}, "A::20002:tc,A::20004:r," + kMode600, kDave, kCarol});
}

TEST_F(ModifyTest, ChangesPermissions) {
  works({{"-m", "A::20002:tc", "A::20002:rtc"}, {}, "A::20002:rtc,A::20003:r," + kMode600, kBob, kDave});
}

TEST_F(ModifyTest, TurnsAGrantIntoADenial) {
  works({{"-m", "A::20003:r", "D::20003:r"}, {}, "D::20003:r," + kWithoutCarol, kAlice, kCarol});
}

TEST_F(ModifyTest, ChangesTheModeThroughTheAceOfEveryone) {
  ASSERT_EQ(setfacl(kAlice, {"-m", "A::EVERYONE@:t", "A::EVERYONE@:rtnc"}, "d/f").code, 0);
  EXPECT_EQ(mode_of("d/f"), "644") << "the file's group is part of everyone";
  EXPECT_EQ(reads(kDave, "d/f"), 0);
  EXPECT_EQ(writes(kDave, "d/f"), EACCES);
}

using RemoveTest = IndexedTest;
TEST_F(RemoveTest, TakesAnAce) { works({{"-x", "A::20003:r"}, {}, kWithoutCarol, kAlice, kCarol}); }

TEST_F(RemoveTest, TakesAnIndex) { works({remove_at("2"), {}, kWithoutCarol, kAlice, kCarol}); }

TEST_F(RemoveTest, TakesThemFromAFile) {
  works({{"-X", file_with("less", "A::20003:r\n")}, {}, kWithoutCarol, kAlice, kCarol});
}

TEST_F(RemoveTest, RefusesAnIndexOutOfRange) { fails(remove_at("99"), "out of range"); }

TEST_F(RemoveTest, OfAnAceThatIsNotThereChangesNothing) {
  const auto before = grants_of("d/f");
  EXPECT_EQ(setfacl(kAlice, {"-x", "A::20009:r"}, "d/f").code, 0);
  EXPECT_EQ(grants_of("d/f"), before);
  EXPECT_EQ(list_of("d/f"), kStart);
}

TEST_F(RemoveTest, AllGrantsGoWithTheEmptyListAndTheModeStays) {
  // A list of one ACE, which says the mode: without it the tool writes the list without ACEs.
  make_file(real("d/f"), 0000, "content", kAlice, kAlice);
  ASSERT_EQ(allow(real("d/f"), user(kCarol), "r"), 0);
  ASSERT_EQ(setfacl(kAlice, {"-S", "-"}, "d/f", "A::20003:r\n").code, 0);
  ASSERT_EQ(reads(kCarol, "d/f"), 0);
  const std::string empty(4, '\0');
  EXPECT_EQ(errno_as(kBob, kBob, [&] { return set_attribute(at("d/f"), kNfs4Name, empty); }), EPERM);
  EXPECT_EQ(errno_as(kAlice, kAlice, [&] { return set_attribute(at("d/f"), kNfs4Name, empty); }), 0);
  EXPECT_TRUE(grants_of("d/f").empty());
  EXPECT_EQ(mode_of("d/f"), "0");
  EXPECT_EQ(reads(kCarol, "d/f"), EACCES);
}

using SetTest = CommandTest;
TEST_F(SetTest, ReplacesTheWholeList) {
  works({{"-s", "A::20004:r," + kMode600}, {}, "A::20004:r," + kMode600, kDave, kCarol});
}

TEST_F(SetTest, ReadsAFile) {
  const std::string file = file_with("all", "# file: /somewhere/else\nA::20004:r\nA::OWNER@:rwatTnNcCy\n");
  works({{"-S", file}, {}, "A::20004:r," + kMode600, kDave, kCarol});
}

TEST_F(SetTest, ReadsStandardInput) {
  works({{"-S", "-"}, "A::20004:r\nA::OWNER@:rwatTnNcCy\n", "A::20004:r," + kMode600, kDave, kCarol});
}

TEST_F(SetTest, WhatGetfaclPrintsIsTakenForAnotherFile) {
  make_file(real("d/from"), 0640);
  ASSERT_EQ(allow(real("d/from"), user(kDave), "rw"), 0);
  const std::string printed = run_program(0, {"nfs4_getfacl", at("d/from")}).said;
  ASSERT_EQ(setfacl(kAlice, {"-S", "-"}, "d/f", printed).code, 0);
  EXPECT_EQ(list_of("d/f"), list_of("d/from"));
  EXPECT_EQ(mode_of("d/f"), "640");
  EXPECT_EQ(writes(kDave, "d/f"), 0);
  EXPECT_EQ(writes(kCarol, "d/f"), EACCES);
}

TEST_F(SetTest, WithoutAcesForTheThreeLeavesAModeThatGivesNothing) {
  set_list("d/f", "A::20004:r");
  EXPECT_EQ(mode_of("d/f"), "0");
  EXPECT_EQ(reads(kDave, "d/f"), 0);
  EXPECT_EQ(reads(kAlice, "d/f"), EACCES) << "the owner, whom NFSv4 gives nothing that is not said";
}

TEST_F(SetTest, ADenialBehindTheGrantItOverlapsIsRefusedAndChangesNothing) {
  fails({"-s", "A::20004:rw,D::20004:w," + kMode600}, "not supported");
  fails({"-s", "A:g:30001:rw,D::20004:w," + kMode600}, "not supported");
  fails({"-s", "A::EVERYONE@:rw,D::20004:w"}, "not supported");
}

TEST_F(SetTest, ADenialBehindAGrantOfOtherRightsIsTaken) {
  set_list("d/f", "A::20004:r,D::20004:w," + kMode600);
  EXPECT_EQ(list_of("d/f"), "D::20004:w,A::20004:r," + kMode600);
  EXPECT_EQ(reads(kDave, "d/f"), 0);
}

TEST_F(SetTest, InheritanceOfAFileIsDroppedByTheTool) {
  set_list("d/f", "A:fd:20004:r," + kMode600);
  EXPECT_EQ(list_of("d/f"), "A::20004:r," + kMode600);
}

using EditTest = CommandTest;
/// An editor that changes Carol into Dave, in the same file: the tool has it open.
const std::string kEditor = "#!/bin/sh\ntext=$(sed s/20003/20004/ \"$1\")\nprintf '%s\\n' \"$text\" >\"$1\"\n";

TEST_F(EditTest, SavesWhatTheEditorLeft) {
  const std::string editor = "EDITOR=" + file_with("editor", kEditor, 0755);
  const std::string after = "A::20002:tc,A::20004:r," + kMode600;
  works({{}, {}, after, kDave, kCarol}, [&](uid_t uid) { return run_program(uid, {"env", editor, "nfs4_setfacl", "-e", at("d/f")}); });
  start();
  works({{}, {}, after, kDave, kCarol}, [&](uid_t uid) { return run_program(uid, {"env", editor, "nfs4_editfacl", at("d/f")}); });
}

TEST_F(EditTest, AnEditorThatFailsChangesNothing) {
  const std::string editor = "EDITOR=" + file_with("editor", kEditor + "exit 1\n", 0755);
  const auto before = grants_of("d/f");
  for (const std::string tool : {"nfs4_setfacl", "nfs4_editfacl"}) {
    std::vector<std::string> command = {"env", editor, tool};
    if (tool == "nfs4_setfacl") command.push_back("-e");
    command.push_back(at("d/f"));
    const Ran ran = run_program(kAlice, command);
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.said.find("did not exit cleanly"), std::string::npos) << ran.said;
    EXPECT_EQ(grants_of("d/f"), before);
  }
}

TEST_F(EditTest, AListLeftAsItWasIsWrittenAndChangesNothing) {
  const auto before = grants_of("d/f");
  EXPECT_EQ(run_program(kAlice, {"env", "EDITOR=true", "nfs4_editfacl", at("d/f")}).code, 0);
  EXPECT_EQ(grants_of("d/f"), before);
}

using DryRunTest = CommandTest;
TEST_F(DryRunTest, PrintsTheListAndChangesNothing) {
  const auto before = grants_of("d/f");
  for (const uid_t uid : {uid_t{0}, kAlice, kBob}) {
    const Ran ran = setfacl(uid, {"--test", "-a", "A::20004:rw"}, "d/f");
    EXPECT_EQ(ran.code, 0);
    EXPECT_NE(ran.said.find("A::20004:rw\nA::20002:tc\n"), std::string::npos) << ran.said;
  }
  EXPECT_EQ(grants_of("d/f"), before);
  EXPECT_EQ(reads(kDave, "d/f"), EACCES);
}

using RecursiveTest = CommandTest;
TEST_F(RecursiveTest, ReachesEveryFileAndDirectory) {
  make_dir(real("d/t"), 0755, kAlice, kAlice);
  make_dir(real("d/t/s"), 0755, kAlice, kAlice);
  make_file(real("d/t/a"), 0600, "a", kAlice, kAlice);
  make_file(real("d/t/s/b"), 0600, "b", kAlice, kAlice);
  EXPECT_NE(setfacl(kBob, {"-R", "-a", "A:fd:20004:rx"}, "d/t").code, 0);
  for (const char* name : {"d/t", "d/t/s", "d/t/a", "d/t/s/b"}) EXPECT_TRUE(grants_of(name).empty()) << name;
  const Ran ran = setfacl(kAlice, {"-R", "-a", "A:fd:20004:rx"}, "d/t");
  EXPECT_EQ(ran.code, 0) << ran.said;
  EXPECT_EQ(list_of("d/t"), "A:fd:20004:rx," + kMode755);
  EXPECT_EQ(list_of("d/t/s"), "A:fd:20004:rx," + kMode755);
  EXPECT_EQ(list_of("d/t/a"), "A::20004:rx," + kMode600);
  EXPECT_EQ(list_of("d/t/s/b"), "A::20004:rx," + kMode600);
  EXPECT_EQ(reads(kDave, "d/t/s/b"), 0);
  EXPECT_EQ(reads(kCarol, "d/t/s/b"), EACCES);
  const Ran gone = setfacl(0, {"-R", "-x", "A::20004:rx"}, "d/t");
  EXPECT_EQ(gone.code, 0) << gone.said;
  EXPECT_EQ(list_of("d/t/s/b"), kMode600);
  EXPECT_EQ(reads(kDave, "d/t/s/b"), 0) << "what the directories give is left: it was not asked for";
}

TEST_F(RecursiveTest, FollowsSymlinksOnlyWhenToldTo) {
  make_dir(real("d/t"), 0755, kAlice, kAlice);
  make_symlink("../f", real("d/t/l"));
  ASSERT_EQ(setfacl(kAlice, {"-R", "-P", "-a", "A::20004:r"}, "d/t").code, 0);
  EXPECT_EQ(list_of("d/f"), kStart);
  EXPECT_EQ(reads(kDave, "d/f"), EACCES);
  ASSERT_EQ(setfacl(kAlice, {"-R", "-L", "-a", "A::20004:r"}, "d/t").code, 0);
  EXPECT_EQ(list_of("d/f"), kWithDave);
  EXPECT_EQ(reads(kDave, "d/f"), 0);
}

using ReadTest = CommandTest;
TEST_F(ReadTest, NeedsC) {
  ASSERT_EQ(deny(real("d/f"), user(kCarol), "c"), 0);
  EXPECT_NE(list_of("d/f", kBob).find("A::20003:r"), std::string::npos);
  EXPECT_NE(list_of("d/f", kCarol).find("Permission denied"), std::string::npos);
  EXPECT_NE(list_of("d/f", kAlice).find("A::20003:r"), std::string::npos) << "the owner always may";
  const Ran ran = setfacl(kCarol, {"-a", "A::20003:rw"}, "d/f");
  EXPECT_EQ(ran.code, 1);
  const bool told = ran.said.find("Permission denied") != std::string::npos || ran.said.find("Failed to instantiate ACL") != std::string::npos;
  EXPECT_TRUE(told) << ran.said;
}

TEST_F(ReadTest, OfAWholeTree) {
  const std::string all = run_program(0, {"nfs4_getfacl", "-R", at("d")}).said;
  EXPECT_NE(all.find("# file: " + at("d") + "\n"), std::string::npos) << all;
  EXPECT_NE(all.find("# file: " + at("d/f") + "\nA::20002:tc\n"), std::string::npos) << all;
}

/// What a user is entrusted with, he can pass on; more he cannot get, for himself or for others.
class EntrustedTest : public CommandTest {
 protected:
  void SetUp() override {
    CommandTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_file(real("d/f"), 0600);
    ASSERT_EQ(allow(real("d/f"), user(kBob), "rtcC"), 0);
    ASSERT_EQ(allow(real("d/f"), user(kCarol), "rw"), 0);
  }
  void refuses(const std::vector<std::string>& arguments) {
    const auto before = grants_of("d/f");
    const Ran ran = setfacl(kBob, arguments, "d/f");
    EXPECT_EQ(ran.code, 255) << ran.said;
    EXPECT_NE(ran.said.find("Operation not permitted"), std::string::npos) << ran.said;
    EXPECT_EQ(grants_of("d/f"), before);
    EXPECT_EQ(mode_of("d/f"), "600");
  }
};

TEST_F(EntrustedTest, PassesOnWhatHeHolds) {
  EXPECT_EQ(setfacl(kBob, {"-a", "A::20004:rtc"}, "d/f").code, 0);
  EXPECT_EQ(reads(kDave, "d/f"), 0);
  EXPECT_EQ(writes(kDave, "d/f"), EACCES);
}

TEST_F(EntrustedTest, CannotGiveWhatHeLacks) {
  refuses({"-a", "A::20004:rw"});
  refuses({"-a", "A::20004:o"});
  refuses({"-a", "A::EVERYONE@:w"});
  refuses({"-a", "A:g:30001:x"});
}

TEST_F(EntrustedTest, CannotWidenHisOwn) { refuses({"-m", "A::20002:rtcC", "A::20002:rwtcC"}); }

TEST_F(EntrustedTest, CannotChangeWhatOthersHaveWithoutTheRightTo) {
  refuses({"-x", "A::20003:rw"});
  refuses({"-m", "A::20003:rw", "A::20003:r"});
}

TEST_F(EntrustedTest, CannotDenyForWhichNfs4HasNoLetter) {
  ASSERT_EQ(allow(real("d/f"), user(kBob), "rtcCo"), 0);
  refuses({"-a", "D::20003:w"});
  ASSERT_EQ(allow(real("d/f"), user(kBob), "rtcCoO"), 0);
  EXPECT_EQ(setfacl(kBob, {"-a", "D::20003:w"}, "d/f").code, 0);
  EXPECT_EQ(writes(kCarol, "d/f"), EACCES);
}

TEST_F(EntrustedTest, OneAceThatIsRefusedRefusesTheWholeList) {
  refuses({"-s", "A::20002:rtcC,A::20003:rw,A::20004:r,A:g:30001:w," + kMode600});
}

TEST_F(EntrustedTest, CannotMakeAProgramRunAsItsOwner) {
  make_file(real("d/f"), 06755);
  ASSERT_EQ(allow(real("d/f"), user(kBob), "rtcC"), 0);
  const Ran ran = setfacl(kBob, {"-s", "A::20002:rtcC," + kMode644}, "d/f");
  ASSERT_EQ(ran.code, 0) << ran.said;
  EXPECT_EQ(mode_of("d/f"), "6644") << "as chmod(2) does by C, and no new bit";
}

using RoundTripTest = CommandTest;
TEST_F(RoundTripTest, LosesNothingThatNfs4CannotSay) {
  acl::Ace full;
  full.type = "A";
  full.permissions = "rwuUPvVq?";
  full.creator = "einstein";
  full.expires = now() + 3'600'000'000'000;
  full.share_time = 1'700'000'000;
  full.label = "summer: school";
  full.password_hash = "$2y$10$abc";
  full.unknown_fields = {"z=1"};
  acl::Ace expired = full;
  expired.expires = 1;
  acl::Ace quota = full;
  quota.permissions = "q";
  acl::Ace denial = full;
  denial.type = "D";
  denial.permissions = "xO";
  acl::Ace group = full;
  group.flags = "gfd";
  acl::Ace audit = full;
  audit.type = "U";
  audit.flags = "SF";
  const std::string prefix = "user.oc.grant.";
  ASSERT_EQ(set_attribute(real("d/f"), prefix + "u:20004", acl::encode(full)), 0);
  ASSERT_EQ(set_attribute(real("d/f"), prefix + "u:4c510ada-c86b-4815", acl::encode(expired)), 0);
  ASSERT_EQ(set_attribute(real("d/f"), prefix + "u:sub@iss", acl::encode(quota)), 0);
  ASSERT_EQ(set_attribute(real("d/f"), prefix + "D:u:20004", acl::encode(denial)), 0);
  ASSERT_EQ(set_attribute(real("d/f"), prefix + "g:30001", acl::encode(group)), 0);
  ASSERT_EQ(set_attribute(real("d/f"), prefix + "U:o:EVERYONE@", acl::encode(audit)), 0);
  ASSERT_EQ(set_attribute(real("d/f"), prefix + "u:20009", "neither form"), 0);
  const auto before = grants_of("d/f");
  ASSERT_EQ(before.size(), 9u);

  const std::string list = list_of("d/f");
  ASSERT_EQ(setfacl(kAlice, {"-s", list}, "d/f").code, 0) << list;
  EXPECT_EQ(grants_of("d/f"), before) << list;
  ASSERT_EQ(setfacl(kAlice, {"-a", "A::20007:r"}, "d/f").code, 0);
  ASSERT_EQ(setfacl(kAlice, {"-x", "A::20007:r"}, "d/f").code, 0);
  EXPECT_EQ(grants_of("d/f"), before) << "another ACE came and went";
  EXPECT_EQ(list_of("d/f"), list);
}

TEST_F(RoundTripTest, AnAceThatIsChangedKeepsTheRestOfIt) {
  acl::Ace ace;
  ace.type = "A";
  ace.permissions = "truq";
  ace.creator = "einstein";
  ace.expires = now() + 3'600'000'000'000;
  ace.label = "summer";
  ASSERT_EQ(set_attribute(real("d/f"), allow_name(user(kCarol)), acl::encode(ace)), 0);
  ASSERT_EQ(setfacl(kAlice, {"-m", "A::20003:rt", "A::20003:rwt"}, "d/f").code, 0);
  const auto stored = acl::decode({acl::KeyKind::Plain, user(kCarol)}, get_attribute(real("d/f"), allow_name(user(kCarol))));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->expires, ace.expires);
  EXPECT_EQ(stored->creator, "einstein");
  EXPECT_EQ(stored->label, "summer");
  for (const char letter : std::string("rwtuq")) EXPECT_NE(stored->permissions.find(letter), std::string::npos) << stored->permissions;
  EXPECT_EQ(writes(kCarol, "d/f"), 0);
  EXPECT_EQ(writes(kDave, "d/f"), EACCES);
}

using NodeKindTest = CommandTest;
TEST_F(NodeKindTest, ANodeWithoutAcesHasTheListOfItsMode) {
  make_file(real("d/g"), 0644);
  EXPECT_EQ(list_of("d/g"), kMode644);
  ASSERT_EQ(setfacl(0, {"-a", "A::20004:w"}, "d/g").code, 0);
  EXPECT_EQ(list_of("d/g"), "A::20004:w," + kMode644);
  EXPECT_EQ(mode_of("d/g"), "644");
  EXPECT_EQ(grants_of("d/g").size(), 1u);
  EXPECT_EQ(writes(kDave, "d/g"), 0);
  EXPECT_EQ(writes(kCarol, "d/g"), EACCES);
}

TEST_F(NodeKindTest, AnAceOfADirectoryCountsThereAloneUnlessItSaysOtherwise) {
  make_dir(real("d/s"), 0700);
  make_file(real("d/s/f"), 0600);
  const std::string mode = "A::OWNER@:rwaDxtTnNcCy";
  const auto list = [&](uid_t uid) { return errno_as(uid, uid, [&] { return try_open(at("d/s"), O_RDONLY | O_DIRECTORY); }); };
  set_list("d/s", "A::20004:rx," + mode);
  EXPECT_EQ(list(kDave), 0);
  EXPECT_EQ(list(kCarol), EACCES);
  EXPECT_EQ(reads(kDave, "d/s/f"), EACCES);
  set_list("d/s", "A:fd:20004:rx," + mode);
  EXPECT_EQ(list(kDave), 0);
  EXPECT_EQ(reads(kDave, "d/s/f"), 0);
  EXPECT_EQ(reads(kCarol, "d/s/f"), EACCES);
}

TEST_F(NodeKindTest, TwoAcesOfOneUserThatCannotBeOneAreRefused) {
  make_dir(real("d/s"), 0755);
  const Ran ran = setfacl(0, {"-s", "A:fdi:20004:r,A::20004:x," + kMode755}, "d/s");
  EXPECT_NE(ran.said.find("not supported"), std::string::npos) << ran.said;
  EXPECT_TRUE(grants_of("d/s").empty());
  set_list("d/s", "A:fdi:20004:rx,A::20004:rx," + kMode755);
  EXPECT_EQ(list_of("d/s"), "A:fd:20004:rx," + kMode755) << "these two are the same as one";
}

TEST_F(NodeKindTest, OnlyWhatIsBelowByInheritOnly) {
  make_dir(real("d/s"), 0711);
  make_file(real("d/s/f"), 0600);
  set_list("d/s", "A:fdi:20004:r,A::OWNER@:rwaDxtTnNcCy,A:g:GROUP@:xt,A::EVERYONE@:xt");
  EXPECT_EQ(mode_of("d/s"), "711");
  EXPECT_EQ(reads(kDave, "d/s/f"), 0);
  EXPECT_EQ(reads(kCarol, "d/s/f"), EACCES);
  EXPECT_EQ(errno_as(kDave, kDave, [&] { return try_open(at("d/s"), O_RDONLY | O_DIRECTORY); }), EACCES);
}

TEST_F(NodeKindTest, ThroughASymlinkItIsTheTargets) {
  make_symlink("f", real("d/l"));
  EXPECT_EQ(list_of("d/l"), kStart);
  ASSERT_EQ(setfacl(kAlice, {"-a", "A::20004:r"}, "d/l").code, 0);
  EXPECT_EQ(list_of("d/f"), kWithDave);
  EXPECT_EQ(reads(kDave, "d/l"), 0);
  EXPECT_EQ(reads(kBob, "d/l"), EACCES);
}

TEST_F(NodeKindTest, AFifoHasAModeAndNoAces) {
  ASSERT_EQ(::mkfifo(real("d/p").c_str(), 0600), 0);
  ASSERT_EQ(::chmod(real("d/p").c_str(), 0600), 0);
  ASSERT_EQ(::chown(real("d/p").c_str(), kAlice, kAlice), 0);
  EXPECT_EQ(list_of("d/p"), kMode600);
  EXPECT_NE(setfacl(kBob, {"-s", kMode644}, "d/p").code, 0);
  EXPECT_EQ(setfacl(kAlice, {"-s", kMode644}, "d/p").code, 0);
  EXPECT_EQ(mode_of("d/p"), "644");
  const Ran ran = setfacl(kAlice, {"-a", "A::20004:w"}, "d/p");
  EXPECT_EQ(ran.code, 255);
  EXPECT_NE(ran.said.find("Operation not permitted"), std::string::npos) << ran.said;
  EXPECT_EQ(mode_of("d/p"), "644");
}

using ModeTest = CommandTest;
TEST_F(ModeTest, AListThatSaysAModeBecomesItAndNoGrant) {
  make_file(real("d/f"), 0600, "content", kAlice, kAlice);
  ASSERT_EQ(setfacl(kAlice, {"-s", kMode644}, "d/f").code, 0);
  EXPECT_EQ(mode_of("d/f"), "644");
  EXPECT_TRUE(grants_of("d/f").empty());
  EXPECT_EQ(reads(kDave, "d/f"), 0);
}

TEST_F(ModeTest, AListThatSaysMoreThanAModeBecomesGrantsForTheThree) {
  make_file(real("d/f"), 0600, "content", kAlice, kAlice);
  ASSERT_EQ(setfacl(kAlice, {"-s", "A::OWNER@:rwatTnNcCy,A:g:GROUP@:rtcy,A::EVERYONE@:atcy"}, "d/f").code, 0);
  const auto grants = grants_of("d/f");
  EXPECT_TRUE(grants.contains("user.oc.grant.o:GROUP@"));
  EXPECT_TRUE(grants.contains("user.oc.grant.o:EVERYONE@"));
  EXPECT_EQ(errno_as(kDave, kDave, [&] { return try_open(at("d/f"), O_WRONLY | O_APPEND); }), 0);
  EXPECT_EQ(reads(kDave, "d/f"), EACCES);
  EXPECT_EQ(errno_as(kDave, kAlice, [&] { return try_open(at("d/f"), O_RDONLY); }), 0) << "the file's group";
}

TEST_F(ModeTest, SetuidSetgidAndStickyStay) {
  make_file(real("d/f"), 06755, "content", kAlice, kAlice);
  make_dir(real("d/s"), 03755, kAlice, kStaff);
  for (const uid_t uid : {kAlice, uid_t{0}}) {
    ASSERT_EQ(setfacl(uid, {"-s", kMode600}, "d/f").code, 0);
    EXPECT_EQ(mode_of("d/f"), "6600");
    ASSERT_EQ(setfacl(uid, {"-a", "A::20004:rw"}, "d/f").code, 0);
    EXPECT_EQ(mode_of("d/f"), "6600");
    ASSERT_EQ(setfacl(uid, {"-s", "A:fd:20004:rx,A::OWNER@:rwaDxtTnNcCy"}, "d/s").code, 0);
    EXPECT_EQ(mode_of("d/s"), "3700") << "also for an owner who is not in the group";
  }
}

using ManyTest = CommandTest;
TEST_F(ManyTest, AThousandAcesAreTakenAndEnforced) {
  std::string list;
  for (uid_t uid = 30000; uid < 31000; ++uid) list += "A::" + std::to_string(uid) + ":r\n";
  const Ran set = setfacl(kAlice, {"-S", "-"}, "d/f", list + "A::OWNER@:rwatTnNcCy\n");
  ASSERT_EQ(set.code, 0) << set.said;
  const std::string back = list_of("d/f");
  EXPECT_EQ(std::count(back.begin(), back.end(), ','), 1002);
  EXPECT_EQ(reads(30999, "d/f"), 0);
  EXPECT_EQ(reads(31000, "d/f"), EACCES);
  EXPECT_EQ(reads(kCarol, "d/f"), EACCES);
  ASSERT_EQ(setfacl(kAlice, {"-x", "A::30999:r"}, "d/f").code, 0);
  EXPECT_EQ(reads(30999, "d/f"), EACCES);
  EXPECT_EQ(reads(30998, "d/f"), 0);
}

}  // namespace
}  // namespace acefs::test
