// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include "support/as_user.hpp"
#include "support/grants.hpp"
#include "support/mount.hpp"
#include "support/nodes.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

using namespace acefs::test;

/// Alice owns what is below the mount; bob has no right to change ACLs, nor to read them.
class MaintenanceMountTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0755, kAlice, kAlice);
    make_file(real("d/f"), 0644, "x", kAlice, kAlice);
    allow(real("d"), user(kBob), "r", "", 1);  // expired long ago
    allow(real("d/f"), user(kCarol), "rw");
    deny(real("d"), user(kBob), "c");
  }

  /// Exit code and output of acectl, run by a user.
  static std::string run(uid_t uid, const std::vector<std::string>& args, const std::string& input = "") {
    return run_as(uid, uid, [&] {
      const Output done = acectl(args, input);
      return std::to_string(done.exit) + '\n' + done.out + done.err;
    });
  }
};

TEST_F(MaintenanceMountTest, WhoMayChangeTheAclPrunesItAndWhoMayNotChangesNothing) {
  const std::string refused = run(kBob, {"prune", at("d")});
  EXPECT_TRUE(refused.starts_with("1\n")) << refused;
  EXPECT_NE(get_attribute(real("d"), allow_name(user(kBob))), "!ENODATA");
  const std::string done = run(kAlice, {"prune", at("d")});
  EXPECT_TRUE(done.starts_with("0\nremove\t")) << done;
  EXPECT_EQ(get_attribute(real("d"), allow_name(user(kBob))), "!ENODATA");
}

class MaintenanceConfigTest : public MaintenanceMountTest {
 protected:
  MountOptions options() const override { return {.options = "config=" + file_, .arguments = {}, .source = {}, .open_files = 0}; }
  const TempDir dir_;
  const std::string file_ = [this] {
    make_file(dir_.at("acefs.toml"), 0644, "[group.auditors]\nmembers = [\"20001\"]\n[token.\"20001!ci\"]\naccount = \"20009\"\n");
    return dir_.at("acefs.toml");
  }();
};

TEST_F(MaintenanceConfigTest, VerifyKnowsWhomTheFileOfTheMountKnows) {
  ASSERT_EQ(allow(real("d"), "g:auditors", "r"), 0);
  ASSERT_EQ(allow(real("d"), "u:20001!ci", "r"), 0);
  ASSERT_EQ(allow(real("d"), "g:nobody-is-called-so", "r"), 0);
  const std::string found = run(0, {"verify", at("d")});
  EXPECT_EQ(found.find("g:auditors"), std::string::npos) << found;
  EXPECT_EQ(found.find("20001!ci"), std::string::npos) << found;
  EXPECT_NE(found.find("g:nobody-is-called-so"), std::string::npos) << found;
}

TEST_F(MaintenanceMountTest, ADumpThatWouldNotBeWholeFails) {
  EXPECT_TRUE(run(kAlice, {"dump", at("d")}).starts_with("0\n"));
  const std::string partial = run(kBob, {"dump", at("d")});
  EXPECT_TRUE(partial.starts_with("1\n")) << partial;
}

TEST_F(MaintenanceMountTest, ApplyTakesTheRightsThatItsChangesNeed) {
  const std::string dump = acectl({"dump", at("d")}).out;
  ASSERT_EQ(remove_allow(real("d/f"), user(kCarol)), 0);
  const std::string refused = run(kBob, {"apply", "--yes", at("d")}, dump);
  EXPECT_TRUE(refused.starts_with("1\n")) << refused;
  EXPECT_EQ(get_attribute(real("d/f"), allow_name(user(kCarol))), "!ENODATA");
  const std::string done = run(kAlice, {"apply", "--yes", at("d")}, dump);
  EXPECT_TRUE(done.starts_with("0\nadd\t")) << done;
  EXPECT_EQ(errno_as(kCarol, kCarol, [&] { return try_open(at("d/f"), O_RDWR); }), 0);
  const std::string again = run(kAlice, {"apply", "--yes", at("d")}, dump);
  EXPECT_TRUE(again.starts_with("0\n# apply: ")) << again;
}

// The kernel opens by O_PATH, without asking anybody, what had the name when it last asked.
TEST_F(MaintenanceMountTest, AnAceIsSetOnTheFileThatGotTheNameOfOneWithABackup) {
  const auto replace = [&] {
    make_file(real("d/f"), 0600, "old");
    erase(real("d/backup"));
    ASSERT_EQ(::link(real("d/f").c_str(), real("d/backup").c_str()), 0);
    for (const std::string name : {"d/f", "d/backup"}) EXPECT_EQ(slurp(at(name)), "old");
    make_file(real("d/new"), 0600, "new");
    ASSERT_EQ(::rename(real("d/new").c_str(), real("d/f").c_str()), 0);
  };
  const auto readers = [&] {
    std::string text;
    for (const uid_t uid : {kCarol, kBob}) text += run_as(uid, uid, [&] { return slurp(at("d/f")) + " " + slurp(at("d/backup")) + " "; });
    return text;
  };
  replace();
  const Output set = setace({"-m", user(kCarol) + ":r", at("d/f")});
  EXPECT_EQ(set.exit, 0) << set.err;
  EXPECT_EQ(readers(), "new !EACCES !EACCES !EACCES ");
  const std::string listed = acectl({"dump", at("d")}).out;
  replace();
  const Output applied = acectl({"apply", "--yes", at("d")}, listed);
  EXPECT_EQ(applied.exit, 0) << applied.err;
  EXPECT_EQ(readers(), "new !EACCES !EACCES !EACCES ");
}

TEST_F(MaintenanceMountTest, MountAndBackingAreDumpedAlike) {
  const auto text = [](const std::string& tree) {
    const std::string out = acectl({"dump", tree}).out;
    return out.substr(out.find("# file: "));
  };
  EXPECT_EQ(text(mount().point()), text(mount().backing()));
}

TEST_F(MaintenanceMountTest, GcAsksForTheBacking) {
  const Output done = acectl({"gc", mount().point()});
  EXPECT_EQ(done.exit, 3);
  EXPECT_NE(done.err.find("give the backing directory"), std::string::npos) << done.err;
}

}  // namespace
}  // namespace acefs::tool::test
