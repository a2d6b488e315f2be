// SPDX-License-Identifier: MIT
// A share whose accesses acefs alone decides, as docs/samba.md has it: Samba looks at no permission, and asks as the user.
#include <sys/stat.h>
#include <fcntl.h>

#include "../support/samba.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

const std::string kOk = "NT_STATUS_OK";
const std::string kDenied = "NT_STATUS_ACCESS_DENIED";

/// What a user does, the letters that allow it, and what the backing must show afterwards when it was allowed.
struct Deed {
  const char* name;
  const char* commands;
  const char* made;
  const char* gone;
};

void PrintTo(const Deed& deed, std::ostream* out) { *out << deed.name; }

class SambaTest : public MountedTest {
 protected:
  MountOptions options() const override {
    MountOptions options;
    options.options = "names=uncached";
    return options;
  }
  void SetUp() override {
    REQUIRE_SERVER(why_no_samba());
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("projects"), 0700);
    make_dir(real("projects/empty"), 0700);
    make_file(real("projects/plan"), 0600, "the plan");
    samba_.emplace(mount().point(), std::vector<std::string>{
        "vfs objects = fake_perms",
        "inherit permissions = yes",
        "nt acl support = no",
        "store dos attributes = no",
        "map archive = no",
        "map readonly = no",
        "dos filetimes = no",
    });
    ASSERT_TRUE(samba().ready()) << samba().log();
    // Samba 4.22: what fake_perms makes up has no type, and what is no regular file is not opened.
    make_file(real("anybodys"), 0666);
    if (status("alice", "get anybodys /dev/null") == "NT_STATUS_IO_REPARSE_TAG_NOT_HANDLED")
      GTEST_SKIP() << "this Samba opens no file of a share with fake_perms";
  }
  void TearDown() override {
    if (samba_ && HasFailure()) std::cerr << "--- Samba said:\n" << samba_->log() << "---\n";
    samba_.reset();  // it holds files on the mount
    MountedTest::TearDown();
  }
  Samba& samba() { return *samba_; }
  std::string status(const std::string& user, const std::string& commands) { return nt_status(samba().client(user, commands)); }

 private:
  std::optional<Samba> samba_;
};

class SambaDeedTest : public SambaTest, public ::testing::WithParamInterface<Deed> {};

TEST_P(SambaDeedTest, IsDoneByWhomAnAceAllowsItAndRefusedToOthers) {
  ASSERT_EQ(allow(real("projects"), user(kAlice), "rwxadtnNc"), 0);
  ASSERT_EQ(allow(real("projects"), user(kBob), "x"), 0);
  const std::string before = listing(real("projects"));
  EXPECT_EQ(status("bob", GetParam().commands), kDenied);
  EXPECT_EQ(listing(real("projects")), before);
  EXPECT_EQ(status("alice", GetParam().commands), kOk);
  if (GetParam().made != nullptr) {
    EXPECT_TRUE(exists(real(GetParam().made)));
  }
  if (GetParam().gone != nullptr) {
    EXPECT_FALSE(exists(real(GetParam().gone)));
  }
}

INSTANTIATE_TEST_SUITE_P(Deeds, SambaDeedTest,
                         ::testing::Values(Deed{"List", "ls projects\\*", nullptr, nullptr},
                                           Deed{"Get", "get projects\\plan /dev/null", nullptr, nullptr},
                                           Deed{"Put", "put /etc/hostname projects\\new", "projects/new", nullptr},
                                           Deed{"Mkdir", "mkdir projects\\dir", "projects/dir", nullptr},
                                           Deed{"Rename", "rename projects\\plan projects\\old", "projects/old", "projects/plan"},
                                           Deed{"Delete", "rm projects\\plan", nullptr, "projects/plan"},
                                           Deed{"Rmdir", "rmdir projects\\empty", nullptr, "projects/empty"}),
                         [](const auto& deed) { return std::string(deed.param.name); });

TEST_F(SambaTest, GivesTheBytesThatTheBackingHas) {
  ASSERT_EQ(allow(real("projects"), user(kAlice), "rwxtn"), 0);
  const TempDir local;
  EXPECT_EQ(status("alice", "get projects\\plan " + local.at("plan")), kOk);
  EXPECT_EQ(slurp(local.at("plan")), "the plan");
  ASSERT_EQ(spill(local.at("new"), "a new plan", O_WRONLY | O_CREAT), 0);
  EXPECT_EQ(status("alice", "put " + local.at("new") + " projects\\new"), kOk);
  EXPECT_EQ(slurp(real("projects/new")), "a new plan");
}

TEST_F(SambaTest, NewNodesBelongToTheirMakerAndAreAsClosedAsTheirDirectory) {
  ASSERT_EQ(allow(real("projects"), user(kAlice), "rwxadtn"), 0);
  EXPECT_EQ(status("alice", "put /etc/hostname projects\\new; mkdir projects\\dir"), kOk);
  for (const char* name : {"projects/new", "projects/dir"}) {
    const struct stat made = lstat_of(real(name));
    EXPECT_EQ(made.st_uid, kAlice) << name;
    EXPECT_EQ(made.st_mode & 0077, 0U) << name;
  }
}

TEST_F(SambaTest, AGrantToAGroupIsForItsMembers) {
  ASSERT_EQ(allow(real("projects"), group(kStaff), "rxtn"), 0);
  EXPECT_EQ(status("alice", "get projects\\plan /dev/null"), kOk);
  EXPECT_EQ(status("bob", "get projects\\plan /dev/null"), kDenied);
}

TEST_F(SambaTest, ARevokedGrantIsGoneWithinTheSameConnection) {
  ASSERT_EQ(allow(real("projects"), user(kAlice), "rxtn"), 0);
  const std::string get = "get projects\\plan /dev/null";
  const std::string revoke = "!setfattr -x " + allow_name(user(kAlice)) + " " + real("projects");
  const Outcome outcome = samba().session("alice", {get, revoke, get});
  EXPECT_NE(outcome.output.find("getting file"), std::string::npos) << outcome.output;
  EXPECT_EQ(nt_status(outcome), kDenied);
}

TEST_F(SambaTest, ANameRemovedBehindTheMountIsFree) {
  ASSERT_EQ(allow(real("projects"), user(kAlice), "rwxadtn"), 0);
  ASSERT_EQ(status("alice", "put /etc/hostname projects\\new; mkdir projects\\dir"), kOk);
  erase(real("projects/new"));
  erase(real("projects/dir"));
  EXPECT_EQ(status("alice", "put /etc/hostname projects\\new; mkdir projects\\dir"), kOk);
}

TEST_F(SambaTest, WhoMayOnlyReadChangesNeitherTimesNorAttributesNorMode) {
  ASSERT_EQ(allow(real("projects"), user(kBob), "rxtnc"), 0);
  const struct stat before = lstat_of(real("projects/plan"));
  status("bob", "setmode projects\\plan +rhs");
  status("bob", "utimes projects\\plan -1 -1 2001:02:03-04:05:06 -1");
  samba().cacls("bob", "projects/plan", {"--add=ACL:" + sid_of_user(kBob) + ":ALLOWED/0x0/FULL"});
  const struct stat after = lstat_of(real("projects/plan"));
  EXPECT_EQ(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(get_attribute(real("projects/plan"), "user.DOSATTRIB"), "!ENODATA");
}

}  // namespace
}  // namespace acefs::test
