// SPDX-License-Identifier: MIT
// A mount exported by NFSv4, by nfs-ganesha, as docs/nfs.md has it.
#include <fcntl.h>

#include "../support/ganesha.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

/// The kernel forgets every name and node that is not in use, so that file handles are all that is left of them.
void drop_names() { ASSERT_EQ(spill("/proc/sys/vm/drop_caches", "2", O_WRONLY), 0); }

class NfsTest : public MountedTest {
 protected:
  MountOptions options() const override {
    MountOptions options;
    options.options = "export,groups=nss";
    return options;
  }
  void SetUp() override {
    REQUIRE_SERVER(why_no_ganesha());
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("pub"), 0777);
    make_file(real("pub/f"), 0644, "content");
    ganesha_.emplace(mount().point());
    ASSERT_TRUE(ganesha().ready()) << ganesha().log();
  }
  void TearDown() override {
    if (ganesha_ && HasFailure()) std::cerr << "--- nfs-ganesha said:\n" << ganesha_->log() << "---\n";
    ganesha_.reset();  // it holds files on the mount
    MountedTest::TearDown();
  }
  Ganesha& ganesha() { return *ganesha_; }
  Outcome put(const std::string& content, const std::string& name) {
    const TempDir local;
    EXPECT_EQ(spill(local.at("f"), content, O_WRONLY | O_CREAT), 0);
    return ganesha().put(kAlice, local.at("f"), name);
  }

 private:
  std::optional<Ganesha> ganesha_;
};

TEST_F(NfsTest, AClientReadsAndWrites) {
  EXPECT_EQ(ganesha().cat(kAlice, "pub/f").output, "content");
  const Outcome written = put("written by a client", "pub/new");
  EXPECT_EQ(written.code, 0) << written.output;
  EXPECT_EQ(slurp(real("pub/new")), "written by a client");
  EXPECT_EQ(lstat_of(real("pub/new")).st_uid, kAlice);
  EXPECT_NE(ganesha().list(kAlice, "pub").output.find(" new"), std::string::npos);
}

TEST_F(NfsTest, FileHandlesOutliveTheKernelsNames) {
  ASSERT_EQ(ganesha().cat(kAlice, "pub/f").output, "content");
  ASSERT_EQ(put("one", "pub/one").code, 0);
  for (int i = 0; i < 3; ++i) {
    drop_names();
    EXPECT_EQ(ganesha().cat(kAlice, "pub/f").output, "content");
    drop_names();
    EXPECT_EQ(ganesha().cat(kAlice, "pub/one").output, "one");
    EXPECT_EQ(put("more", "pub/more" + std::to_string(i)).code, 0);
  }
}

TEST_F(NfsTest, AModeThatRefusesIsEnforced) {
  make_file(real("pub/closed"), 0600, "secret");
  EXPECT_NE(ganesha().cat(kAlice, "pub/closed").code, 0);
}

}  // namespace
}  // namespace acefs::test
