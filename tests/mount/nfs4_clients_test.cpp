// SPDX-License-Identifier: MIT
// Programs that know nothing of acefs meet NFSv4 ACLs: ls, cp, whoever asks every node, and nfs4_setfacl for audits and alarms.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "acefs/base/unique_fd.hpp"
#include "nfs4_tools.hpp"

namespace acefs::test {
namespace {

class ClientTest : public Nfs4Test {
 protected:
  void SetUp() override {
    Nfs4Test::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0755, kAlice, kAlice);
    make_file(real("d/plain"), 0644, "content", kAlice, kAlice);
  }
  /// A directory with a grant that expires, in it a file with a grant, a denial and an audit.
  void make_guarded(const std::string& name) {
    make_dir(real(name), 0755, kAlice, kAlice);
    make_file(real(name + "/f"), 0640, "content", kAlice, kAlice);
    const auto tomorrow = now() + 86'400'000'000'000;
    // By the mount, which says who created them and when.
    ASSERT_EQ(allow(at(name), user(kBob), "rxtnc", "", tomorrow), 0);
    ASSERT_EQ(allow(at(name + "/f"), user(kCarol), "rq", "", tomorrow), 0);
    ASSERT_EQ(deny(at(name + "/f"), user(kDave), "r"), 0);
    ASSERT_EQ(audit(at(name + "/f"), "o:EVERYONE@", "w", "SF"), 0);
  }
};

/// Release of the coreutils, as 904 for 9.4.
int coreutils() {
  const std::string said = run_program(0, {"ls", "--version"}).said;
  const auto begin = said.find("(GNU coreutils) ");
  if (begin == said.npos) return 0;
  std::istringstream text(said.substr(begin + std::strlen("(GNU coreutils) ")));
  int major = 0, minor = 0;
  char dot = 0;
  text >> major >> dot >> minor;
  return major * 100 + minor;
}

using LsTest = ClientTest;
TEST_F(LsTest, MarksWhatHasAcesAndNothingElse) {
  if (coreutils() < 904) GTEST_SKIP() << "ls looks for NFSv4 ACLs from coreutils 9.4 on";
  make_guarded("d/guarded");
  make_file(real("d/expired"), 0644);
  ASSERT_EQ(allow(real("d/expired"), user(kBob), "r", "", 1), 0);
  for (const uid_t uid : {uid_t{0}, kAlice, kBob}) {
    const auto mode = [&](const std::string& name) { return run_program(uid, {"ls", "-ld", at(name)}).said.substr(0, 11); };
    EXPECT_EQ(mode("d"), "drwxr-xr-x ");
    EXPECT_EQ(mode("d/plain"), "-rw-r--r-- ");
    EXPECT_EQ(mode("d/expired"), "-rw-r--r-- ");
    EXPECT_EQ(mode("d/guarded"), "drwxr-xr-x+");
  }
}

using CopyTest = ClientTest;
TEST_F(CopyTest, OfNodesWithoutAcesComplainsNowhere) {
  const TempDir elsewhere;
  for (const std::string& to : {elsewhere.at("copy"), at("copy")}) {
    const Ran ran = run_program(0, {"cp", "-a", at("d"), to});
    EXPECT_EQ(ran.code, 0) << ran.said;
    EXPECT_EQ(ran.said, "");
  }
  EXPECT_EQ(mode_of("copy/plain"), "644");
  EXPECT_TRUE(grants_of("copy/plain").empty());
}

TEST_F(CopyTest, WithinTheMountTakesTheAcesAlongWholly) {
  make_guarded("d/guarded");
  make_dir(real("shared"), 0777);
  for (const uid_t uid : {uid_t{0}, kAlice, kBob}) {
    const std::string copy = "shared/" + std::to_string(uid);
    const Ran ran = run_program(uid, {"cp", "-a", at("d/guarded"), at(copy)});
    EXPECT_EQ(ran.code, 0) << ran.said;
    for (const char* node : {"", "/f"}) {
      EXPECT_EQ(grants_of(copy + node), grants_of(std::string("d/guarded") + node)) << copy << node;
      EXPECT_EQ(mode_of(copy + node), mode_of(std::string("d/guarded") + node));
    }
    EXPECT_EQ(lstat_of(at(copy + "/f")).st_uid, uid == 0 ? kAlice : uid);
  }
  EXPECT_EQ(reads(kCarol, "shared/20002/f"), 0);
  EXPECT_EQ(reads(kDave, "shared/20002/f"), EACCES);
}

class UnlistedCopyTest : public CopyTest {
 protected:
  MountOptions options() const override { return {.options = "list_nfs4_acl=off"}; }
};
TEST_F(UnlistedCopyTest, OfNodesWithAcesToAnotherFilesystemComplainsNot) {
  make_guarded("d/guarded");
  const TempDir elsewhere;
  const Ran ran = run_program(0, {"cp", "-a", at("d/guarded"), elsewhere.at("copy")});
  EXPECT_EQ(ran.code, 0) << ran.said;
  EXPECT_EQ(ran.said, "");
  EXPECT_EQ(slurp(elsewhere.at("copy/f")), "content");
}

class EveryNodeTest : public ClientTest {
 protected:
  void SetUp() override {
    ClientTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_EQ(::mkfifo(real("d/fifo").c_str(), 0644), 0);
    ASSERT_EQ(::mknod(real("d/device").c_str(), S_IFCHR | 0644, makedev(1, 3)), 0);
    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = real("d/socket");
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    make_symlink("plain", real("d/link"));
    make_symlink("nothing", real("d/dangling"));
  }
};

TEST_F(EveryNodeTest, HasAListInEachForm) {
  // What nobody knows comes first: the kernel would stop asking for all of them, were it told that there are no attributes.
  EXPECT_EQ(::lgetxattr(at("d").c_str(), "system.nfs4_sacl", nullptr, 0), -1);
  EXPECT_EQ(errno_name(errno), "EOPNOTSUPP");
  for (const char* node : {".", "d", "d/plain", "d/fifo", "d/device", "d/socket", "d/link", "d/dangling"}) {
    for (const char* name : {kNfs4Name, "system.nfs4_dacl", "system.nfs4_acl_xdr"}) {
      for (const uid_t uid : {uid_t{0}, kBob}) {
        EXPECT_EQ(errno_name(errno_as(uid, uid, [&] { return ::lgetxattr(at(node).c_str(), name, nullptr, 0); })), "0")
            << name << " of " << node << " as " << uid;
      }
    }
  }
}

TEST_F(EveryNodeTest, ThatCanHaveAcesGetsThemUpToTheFirstThatCannot) {
  const Ran ran = setfacl(0, {"-R", "-a", "A::20002:w"}, "d");
  EXPECT_NE(ran.code, 0);
  EXPECT_NE(ran.said.find("Operation not permitted"), std::string::npos) << ran.said;
  erase(real("d/fifo"));
  erase(real("d/device"));
  erase(real("d/socket"));
  erase(real("d/dangling"));
  EXPECT_EQ(setfacl(0, {"-R", "-a", "A::20002:w"}, "d").code, 0);
  EXPECT_EQ(writes(kBob, "d/plain"), 0);
  EXPECT_EQ(writes(kCarol, "d/plain"), EACCES);
}

using ExpiredTest = ClientTest;
TEST_F(ExpiredTest, IsNeitherShownNorRevived) {
  make_file(real("d/f"), 0600, "content", kAlice, kAlice);
  ASSERT_EQ(allow(real("d/f"), user(kBob), "rw", "", 1), 0);
  ASSERT_EQ(deny(real("d/f"), user(kCarol), "r", "", 1), 0);
  const auto stored = grants_of("d/f");
  EXPECT_EQ(list_of("d/f"), kMode600);
  EXPECT_EQ(setfacl(kAlice, {"-s", list_of("d/f")}, "d/f").code, 0);
  EXPECT_EQ(grants_of("d/f"), stored);
  EXPECT_EQ(reads(kBob, "d/f"), EACCES);
  ASSERT_EQ(setfacl(kAlice, {"-a", "A::20002:r,A::20003:r"}, "d/f").code, 0);
  EXPECT_EQ(list_of("d/f"), "A::20002:r,A::20003:r," + kMode600);
  EXPECT_EQ(reads(kBob, "d/f"), 0) << "a new grant does not take the old one's expiry";
  EXPECT_EQ(writes(kBob, "d/f"), EACCES) << "nor its letters";
  EXPECT_EQ(reads(kCarol, "d/f"), 0) << "nor does the old denial come back";
}

using LongListTest = ClientTest;
TEST_F(LongListTest, ThatCannotBeReadIsReplacedByTheToolAsAWhole) {
  make_file(real("d/f"), 0600, "content", kAlice, kAlice);
  std::string list;
  for (uid_t uid = 30000; uid < 32729; ++uid) list += "A::" + std::to_string(uid) + ":r\n";
  ASSERT_EQ(setfacl(kAlice, {"-S", "-"}, "d/f", list).code, 0);
  EXPECT_EQ(reads(32728, "d/f"), 0);
  EXPECT_NE(list_of("d/f").find("Argument list too long"), std::string::npos) << "with the ACEs of the mode it has more than 64 KiB";
  ASSERT_EQ(setfacl(kAlice, {"-s", "A::20002:r"}, "d/f").code, 0);
  EXPECT_EQ(list_of("d/f").substr(0, 10), "A::20002:r");
  EXPECT_EQ(reads(kBob, "d/f"), 0);
  EXPECT_EQ(reads(32728, "d/f"), EACCES);
}

TEST_F(LongListTest, WithANameThatNoAttributeCanHaveIsRefusedAndChangesNothing) {
  make_file(real("d/f"), 0600, "content", kAlice, kAlice);
  const std::string others = ":r,A::20002:r,A::OWNER@:rwatTnNcCy,A:g:GROUP@:rtncy,A::EVERYONE@:rtncy";
  const Ran ran = setfacl(kAlice, {"-s", "A::" + std::string(240, 'a') + others}, "d/f");
  EXPECT_NE(ran.said.find("Numerical result out of range"), std::string::npos) << ran.said;
  EXPECT_TRUE(grants_of("d/f").empty());
  EXPECT_EQ(mode_of("d/f"), "600");
  EXPECT_EQ(reads(kBob, "d/f"), EACCES);
  EXPECT_EQ(setfacl(kAlice, {"-s", "D::" + std::string(237, 'a') + others}, "d/f").code, 0);
  EXPECT_EQ(reads(kBob, "d/f"), 0);
}

class HeardTest : public ClientTest {
 protected:
  MountOptions options() const override { return {.options = "audit_to=file:" + files_.at("log")}; }
  /// What the log says once the daemon has ended.
  std::vector<std::string> log() {
    EXPECT_EQ(mount().stop(), 0);
    std::istringstream text(slurp(files_.at("log")));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  static bool has(const std::string& line, const std::string& part) { return line.find(part) != std::string::npos; }

  TempDir files_;
};

TEST_F(HeardTest, AreAuditsAndAlarmsThatTheToolSets) {
  make_dir(real("d/s"), 0755, kAlice, kAlice);
  make_file(real("d/s/f"), 0644, "content", kAlice, kAlice);
  EXPECT_NE(setfacl(kBob, {"-a", "U:fdSF:20001:r"}, "d/s").code, 0);
  ASSERT_EQ(setfacl(kAlice, {"-a", "U:fdS:20001:r"}, "d/s").code, 0);
  ASSERT_EQ(setfacl(kAlice, {"-a", "L:fdF:EVERYONE@:w"}, "d/s").code, 0);
  ASSERT_EQ(setfacl(kAlice, {"-a", "U:S:20002:w"}, "d/s").code, 0) << "on the directory alone";
  EXPECT_EQ(list_of("d/s"), "U:fdS:20001:r,U:S:20002:w,L:fdF:EVERYONE@:w," + kMode755);
  EXPECT_EQ(reads(kAlice, "d/s/f"), 0);
  EXPECT_EQ(reads(kBob, "d/s/f"), 0);
  EXPECT_EQ(writes(kAlice, "d/s/f"), 0);
  EXPECT_EQ(writes(kBob, "d/s/f"), EACCES);
  ASSERT_EQ(setfacl(kAlice, {"-x", "U:fdS:20001:r"}, "d/s").code, 0);
  EXPECT_EQ(reads(kAlice, "d/s/f"), 0) << "nobody hears that any more";
  const auto lines = log();
  ASSERT_EQ(lines.size(), 2u) << slurp(files_.at("log"));
  EXPECT_TRUE(has(lines[0], R"("uid":20001,)") && has(lines[0], R"("needed":"r","missing":"","outcome":"granted")")) << lines[0];
  EXPECT_TRUE(has(lines[0], R"("watched_by":[{"type":"audit","segment":"/d/s",)")) << lines[0];
  EXPECT_TRUE(has(lines[1], R"("uid":20002,)") && has(lines[1], R"("needed":"w","missing":"w","outcome":"denied")")) << lines[1];
  EXPECT_TRUE(has(lines[1], R"("watched_by":[{"type":"alarm","segment":"/d/s",)")) << lines[1];
}

}  // namespace
}  // namespace acefs::test
