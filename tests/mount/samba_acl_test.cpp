// SPDX-License-Identifier: MIT
// A share whose ACLs Windows clients see and edit, as docs/samba.md has it: Samba's module nfs4acl_xattr on the mount's NFSv4 ACLs.
#include <fcntl.h>
#include <sys/xattr.h>

#include <cerrno>

#include "../support/samba.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

const std::string kOk = "NT_STATUS_OK";
const std::string kDenied = "NT_STATUS_ACCESS_DENIED";

/// The attribute that the module reads and writes, and the version of its form.
struct Form {
  const char* name;
  const char* attribute;
  int version;
};

void PrintTo(const Form& form, std::ostream* out) { *out << form.name; }

class SambaAclTest : public MountedTest, public ::testing::WithParamInterface<Form> {
 protected:
  MountOptions options() const override {
    MountOptions options;
    options.options = "names=uncached,base=none";
    return options;
  }
  void SetUp() override {
    REQUIRE_SERVER(why_no_samba());
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (::getxattr(mount().point().c_str(), GetParam().attribute, nullptr, 0) < 0 && errno == EOPNOTSUPP)
      GTEST_SKIP() << "the mount does not serve " << GetParam().attribute;
    make_dir(real("projects"), 0700, kAlice, kAlice);
    make_dir(real("projects/sub"), 0700, kAlice, kAlice);
    make_file(real("projects/plan"), 0600, "the plan", kAlice, kAlice);
    make_file(real("projects/sub/draft"), 0600, "a draft", kAlice, kAlice);
    ASSERT_EQ(allow(real("."), std::string(acl::kEveryoneWho), "rxtncy", "n"), 0);
    ASSERT_EQ(allow(real("projects"), user(kAlice), "rwxadDtTnNcCoOy"), 0);
    // Without the mark for inherited ACEs Samba sees what is on the node alone.
    for (const char* node : {"projects/sub", "projects/plan", "projects/sub/draft"}) {
      if (GetParam().version == 40) { ASSERT_EQ(allow(real(node), user(kAlice), "rwxadDtTnNcCoOy"), 0); }
    }
    samba_.emplace(mount().point(), std::vector<std::string>{
        "vfs objects = nfs4acl_xattr",
        "nfs4acl_xattr:encoding = nfs",
        "nfs4acl_xattr:version = " + std::to_string(GetParam().version),
        std::string("nfs4acl_xattr:xattr_name = ") + GetParam().attribute,
        "nfs4acl_xattr:nfs4_id_numeric = yes",
        "nfs4:chown = no",
        "hide unreadable = yes",
    });
    ASSERT_TRUE(samba().ready()) << samba().log();
  }
  void TearDown() override {
    if (samba_ && HasFailure()) std::cerr << "--- Samba said:\n" << samba_->log() << "---\n";
    samba_.reset();  // it holds files on the mount
    MountedTest::TearDown();
  }
  Samba& samba() { return *samba_; }
  std::string status(const std::string& user, const std::string& commands) { return nt_status(samba().client(user, commands)); }
  std::string acl(const std::string& user, const std::string& node) { return samba().cacls(user, node).output; }
  int reads(uid_t uid, const std::string& name) {
    return errno_as(uid, uid, [&] { return try_open(at(name), O_RDONLY); });
  }
  int bob_reads(const std::string& name) { return reads(kBob, name); }
  /// What of the ACEs of the node is stored on it, and not on a directory above.
  std::string stored(const std::string& name) {
    std::string names(4096, '\0');
    const ssize_t size = ::listxattr(real(name).c_str(), names.data(), names.size());
    names.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    std::string grants;
    for (std::size_t begin = 0; begin < names.size(); begin = names.find('\0', begin) + 1) {
      const std::string attribute = names.c_str() + begin;
      if (attribute.starts_with("user.oc.grant.")) grants += attribute + " ";
    }
    return grants;
  }

 private:
  std::optional<Samba> samba_;
};

/// What needs ACEs of directories above to be shown as inherited: system.nfs4_acl has no place for the fact that they are.
class SambaInheritanceTest : public SambaAclTest {};

constexpr Form kDacl{"Dacl", "system.nfs4_dacl", 41};
const auto kName = [](const auto& form) { return std::string(form.param.name); };

INSTANTIATE_TEST_SUITE_P(Attributes, SambaAclTest, ::testing::Values(Form{"Acl", "system.nfs4_acl", 40}, kDacl), kName);
INSTANTIATE_TEST_SUITE_P(Attributes, SambaInheritanceTest, ::testing::Values(kDacl), kName);

TEST_P(SambaAclTest, AClientSeesTheAcesOfANode) {
  ASSERT_EQ(allow(real("projects/plan"), user(kCarol), "rtncy"), 0);
  ASSERT_EQ(deny(real("projects/plan"), group(kGuests), "w"), 0);
  const std::string shown = acl("alice", "projects/plan");
  EXPECT_NE(shown.find("ACL:" + sid_of_user(kCarol) + ":0/0x0/"), std::string::npos) << shown;
  EXPECT_NE(shown.find("ACL:S-1-22-2-" + std::to_string(kGuests) + ":1/0x0/"), std::string::npos) << shown;
}

TEST_P(SambaAclTest, AnAceThatAClientAddsCountsForSmbAndForTheMount) {
  ASSERT_EQ(allow(real("projects"), user(kBob), "xt", "n"), 0);
  EXPECT_EQ(status("bob", "get projects\\plan /dev/null"), kDenied);
  EXPECT_EQ(bob_reads("projects/plan"), EACCES);
  const Outcome added = samba().cacls("alice", "projects/plan", {"--add=ACL:" + sid_of_user(kBob) + ":ALLOWED/0x0/READ"});
  EXPECT_EQ(nt_status(added), kOk) << added.output;
  EXPECT_NE(stored("projects/plan"), "");
  EXPECT_EQ(bob_reads("projects/plan"), 0);
  EXPECT_EQ(status("bob", "get projects\\plan /dev/null"), kOk);
}

TEST_P(SambaAclTest, AnAceThatAClientTakesAwayCountsNoMore) {
  ASSERT_EQ(allow(real("projects"), user(kCarol), "xt", "n"), 0);
  const std::string ace = "ACL:" + sid_of_user(kCarol) + ":ALLOWED/0x0/READ";
  ASSERT_EQ(samba().cacls("alice", "projects/plan", {"--add=" + ace}).code, 0);
  ASSERT_EQ(reads(kCarol, "projects/plan"), 0);
  const Outcome taken = samba().cacls("alice", "projects/plan", {"--delete=" + ace});
  EXPECT_EQ(nt_status(taken), kOk) << taken.output;
  EXPECT_EQ(reads(kCarol, "projects/plan"), EACCES);
}

TEST_P(SambaAclTest, WhoMayNotWriteTheAclIsRefused) {
  ASSERT_EQ(allow(real("projects"), user(kBob), "rxtncy"), 0);
  ASSERT_EQ(allow(real("projects/plan"), user(kBob), "rtncy"), 0);
  const std::string before = stored("projects/plan");
  const Outcome added = samba().cacls("bob", "projects/plan", {"--add=ACL:" + sid_of_user(kCarol) + ":ALLOWED/0x0/READ"});
  EXPECT_EQ(nt_status(added), kDenied) << added.output;
  EXPECT_EQ(stored("projects/plan"), before);
}

TEST_P(SambaAclTest, AnAclSetOnTheMountIsSeenByClients) {
  const std::string tool = find_program("nfs4_setfacl");
  if (tool.empty()) GTEST_SKIP() << "no nfs4_setfacl";
  const Outcome set = run_program({{tool, "-a", "A::" + std::to_string(kCarol) + ":rtnc", at("projects/plan")}, {}});
  ASSERT_EQ(set.code, 0) << set.output;
  const std::string shown = acl("alice", "projects/plan");
  EXPECT_NE(shown.find("ACL:" + sid_of_user(kCarol) + ":0/0x0/"), std::string::npos) << shown;
}

TEST_P(SambaAclTest, WhatAUserMayNotReadIsNotListed) {
  ASSERT_EQ(allow(real("projects"), user(kBob), "rxtncy", "n"), 0);
  ASSERT_EQ(allow(real("projects/plan"), user(kBob), "rtncy"), 0);
  const Outcome bobs = samba().client("bob", "ls projects\\*");
  EXPECT_NE(bobs.output.find("plan"), std::string::npos) << bobs.output;
  EXPECT_EQ(bobs.output.find("sub"), std::string::npos) << bobs.output;
  const Outcome alices = samba().client("alice", "ls projects\\*");
  EXPECT_NE(alices.output.find("sub"), std::string::npos) << alices.output;
}

TEST_P(SambaInheritanceTest, AGrantCountsForEverythingBelow) {
  ASSERT_EQ(allow(real("projects"), user(kBob), "rxtncy"), 0);
  EXPECT_EQ(status("bob", "get projects\\sub\\draft /dev/null"), kOk);
  ASSERT_EQ(remove_allow(real("projects"), user(kBob)), 0);
  EXPECT_EQ(status("bob", "get projects\\sub\\draft /dev/null"), kDenied);
}

TEST_P(SambaInheritanceTest, AClientSeesThatAnAceIsInherited) {
  ASSERT_EQ(allow(real("projects"), user(kCarol), "rxtncy"), 0);
  const std::string shown = acl("alice", "projects/sub/draft");
  EXPECT_NE(shown.find("ACL:" + sid_of_user(kCarol) + ":0/0x10/"), std::string::npos) << shown;
}

TEST_P(SambaInheritanceTest, WhoAdministersByAnAceSharesWhatOthersOwn) {
  make_file(real("projects/roots"), 0600, "not alice's");
  ASSERT_EQ(allow(real("projects"), user(kBob), "xtc", "n"), 0);
  const std::string read = "ACL:" + sid_of_user(kBob) + ":ALLOWED/0x0/READ";  // x is part of it
  const Outcome refused = samba().cacls("bob", "projects/roots", {"--add=" + read});
  EXPECT_EQ(nt_status(refused), kDenied) << refused.output;
  EXPECT_EQ(bob_reads("projects/roots"), EACCES);
  const Outcome added = samba().cacls("alice", "projects/roots", {"--add=" + read});
  EXPECT_EQ(nt_status(added), kOk) << added.output;
  EXPECT_EQ(bob_reads("projects/roots"), 0);
  EXPECT_EQ(status("bob", "get projects\\roots /dev/null"), kOk);
}

TEST_P(SambaInheritanceTest, NewNodesGetNoCopyOfTheGrantsAbove) {
  ASSERT_EQ(allow(real("projects"), user(kBob), "rxtncy"), 0);
  ASSERT_EQ(allow(real("projects"), user(kCarol), "x", "n"), 0);
  ASSERT_EQ(status("alice", "put /etc/hostname projects\\new; mkdir projects\\dir"), kOk);
  for (const char* name : {"projects/new", "projects/dir"}) {
    EXPECT_EQ(stored(name), "") << name;
    EXPECT_EQ(bob_reads(name), 0) << name;
    EXPECT_EQ(reads(kCarol, name), EACCES) << name;
  }
}

TEST_P(SambaInheritanceTest, AddingAnAceStoresNoCopyOfTheGrantsAbove) {
  ASSERT_EQ(allow(real("projects"), user(kCarol), "rxtncy"), 0);
  const Outcome added = samba().cacls("alice", "projects/plan", {"--add=ACL:" + sid_of_user(kBob) + ":ALLOWED/0x0/READ"});
  ASSERT_EQ(nt_status(added), kOk) << added.output;
  EXPECT_EQ(stored("projects/plan"), allow_name(user(kBob)) + " ");
}

}  // namespace
}  // namespace acefs::test
