// SPDX-License-Identifier: MIT
// Which attempts the audit trail hears of, and what.
#include <sys/xattr.h>

#include "backing/side_map.hpp"
#include "ops_fixture.hpp"

namespace acefs::test {
namespace {

class AuditTest : public OpsTest, public audit::Sink {
 protected:
  void SetUp() override {
    options_.audit = this;
    make_dir("d");
    make_file("d/f");
    make_file("d/closed", 0600);
    file_ = id("d/f");
    closed_ = id("d/closed");
    dir_ = id("d");
  }
  void take(const audit::Record& record) noexcept override { records_.push_back(record); }

  static fs::Request asks(uid_t uid, const char* operation) { return {as(uid).caller, operation}; }
  int open_as(uid_t uid, node::NodeId node, int flags = O_RDONLY) {
    auto file = ops().open(asks(uid, "open"), node, flags);
    const int error = file ? 0 : file.error().errno_value();
    if (file) ops().release(std::move(*file));
    return error;
  }
  /// "open /d/f r granted", a line each; and forgets them.
  std::vector<std::string> heard() {
    std::vector<std::string> all;
    for (const auto& r : records_)
      all.push_back(r.operation + " " + r.path + " " + acl::letters_of(r.needed) + (r.granted ? " granted" : " denied"));
    records_.clear();
    return all;
  }
  using Heard = std::vector<std::string>;
  const std::string root_ = tree_.path();

  node::NodeId dir_{};
  node::NodeId file_{};
  node::NodeId closed_{};
  std::vector<audit::Record> records_;
};

TEST_F(AuditTest, NothingIsHeardWithoutAudits) {
  EXPECT_EQ(open_as(kAlice, file_), 0);
  EXPECT_EQ(open_as(kAlice, closed_), EACCES);
  EXPECT_EQ(heard(), Heard{});
}

TEST_F(AuditTest, SuccessIsHeardByS) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "rw", "S"), 0);
  EXPECT_EQ(open_as(kAlice, file_), 0);
  EXPECT_EQ(open_as(kAlice, closed_), EACCES);
  EXPECT_EQ(heard(), Heard{"open /d/f r granted"});
}

TEST_F(AuditTest, FailureIsHeardByF) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "rw", "F"), 0);
  EXPECT_EQ(open_as(kAlice, file_), 0);
  EXPECT_EQ(open_as(kAlice, closed_), EACCES);
  EXPECT_EQ(heard(), Heard{"open /d/closed r denied"});
}

TEST_F(AuditTest, BothAreHeardBySAndF) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "rw", "SF"), 0);
  EXPECT_EQ(open_as(kAlice, file_), 0);
  EXPECT_EQ(open_as(kAlice, closed_, O_RDWR), EACCES);
  EXPECT_EQ(heard(), (Heard{"open /d/f r granted", "open /d/closed rw denied"}));
}

TEST_F(AuditTest, OtherPeopleOtherLettersAndExpiredOnesAreNotHeardOf) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "w", "SF"), 0);
  ASSERT_EQ(audit(path("d/f"), user(kBob), "r", "SF", now() - 1), 0);
  EXPECT_EQ(open_as(kAlice, file_), 0) << "reads";
  EXPECT_EQ(open_as(kBob, file_), 0) << "expired";
  EXPECT_EQ(open_as(kCarol, file_), 0) << "nobody's";
  EXPECT_EQ(heard(), Heard{});
}

TEST_F(AuditTest, TheFlagsOfADirectorySayWhatIsHeardBelow) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "r", "Sdi"), 0);
  EXPECT_EQ(open_as(kAlice, file_), 0);
  EXPECT_EQ(heard(), Heard{}) << "directories only";
  ASSERT_EQ(audit(root_, user(kAlice), "r", "Sf"), 0);
  EXPECT_EQ(open_as(kAlice, file_), 0);
  ASSERT_TRUE(ops().opendir(asks(kAlice, "opendir"), dir_));
  EXPECT_EQ(heard(), Heard{"open /d/f r granted"});
}

TEST_F(AuditTest, ARecordSaysWhoWhereAndWhichAceDecided) {
  ASSERT_EQ(deny(path("d"), user(kAlice), "r"), 0);
  ASSERT_EQ(alarm(root_, "o:EVERYONE@", "r", "F"), 0);
  EXPECT_EQ(open_as(kAlice, file_, O_RDWR), EACCES);
  ASSERT_EQ(records_.size(), 1u);
  const audit::Record& record = records_[0];
  EXPECT_EQ(record.principal, user(kAlice));
  EXPECT_EQ(record.uid, kAlice);
  EXPECT_EQ(record.pid, 1);
  EXPECT_FALSE(record.command.empty());
  EXPECT_EQ(acl::letters_of(record.missing), "rw");
  EXPECT_EQ(record.reason, "denied_by_ace");
  EXPECT_EQ(record.decided_at, "/d");
  EXPECT_EQ(record.decided_by, "D::" + std::to_string(kAlice) + ":r");
  ASSERT_EQ(record.watchers.size(), 1u);
  EXPECT_EQ(record.watchers[0].path, "/");
  EXPECT_EQ(record.watchers[0].text, "L:F:EVERYONE@:r");
  EXPECT_TRUE(record.is_alarm());
}

TEST_F(AuditTest, RootIsHeardByNameThoughNothingDependsOnIt) {
  ASSERT_EQ(audit(path("d"), user(0), "r", "S"), 0);
  EXPECT_EQ(open_as(0, file_), 0);
  EXPECT_EQ(heard(), Heard{"open /d/f r granted"});
}

TEST_F(AuditTest, GroupsAreThoseOfTheThread) {
  ASSERT_EQ(audit(path("d"), group(kStaff), "r", "S"), 0);
  EXPECT_EQ(open_as(kAlice, file_), 0);
  EXPECT_EQ(heard(), Heard{});
  accounts_.thread_groups = std::vector<gid_t>{kStaff};
  EXPECT_EQ(open_as(kBob, file_), 0);
  EXPECT_EQ(heard(), Heard{"open /d/f r granted"});
}

TEST_F(AuditTest, AccessAndListingsAreNoAttempts) {
  ASSERT_EQ(audit(path("d"), "o:EVERYONE@", std::string(acl::kLetters), "SFfi"), 0);
  EXPECT_EQ(ops().access(asks(kAlice, "access"), file_, R_OK).errno_value(), 0);
  EXPECT_EQ(ops().access(asks(kAlice, "access"), closed_, R_OK).errno_value(), EACCES);
  auto dir = ops().opendir(asks(kAlice, "opendir"), dir_);
  ASSERT_TRUE(dir);
  EXPECT_TRUE(ops().readdir(asks(kAlice, "readdir"), **dir, 0, true, [](const fs::DirEntry&) { return true; }));
  EXPECT_EQ(heard(), Heard{});
}

TEST_F(AuditTest, DeletingIsOneAttemptOnTheNode) {
  ASSERT_EQ(audit(path("d"), "o:EVERYONE@", "d", "SF"), 0);
  EXPECT_EQ(ops().unlink(asks(kAlice, "unlink"), dir_, "f").errno_value(), EACCES);
  EXPECT_EQ(heard(), Heard{"unlink /d/f d denied"});
  ASSERT_EQ(::chmod(path("d").c_str(), 0777), 0);
  EXPECT_EQ(ops().unlink(asks(kAlice, "unlink"), dir_, "f").errno_value(), 0) << "by D on the directory";
  EXPECT_EQ(heard(), Heard{"unlink /d/f d granted"});
}

TEST_F(AuditTest, DeletingChildrenIsHeardByTheDirectorysAceToo) {
  ASSERT_EQ(audit(path("d"), "o:EVERYONE@", "D", "Fn"), 0);
  EXPECT_EQ(ops().unlink(asks(kAlice, "unlink"), dir_, "f").errno_value(), EACCES);
  EXPECT_EQ(heard(), Heard{"unlink /d/f d denied"});
}

TEST_F(AuditTest, RenameIsHeardOncePerNodeWhenAllOfItIsGranted) {
  make_dir("to", 0755);
  ASSERT_EQ(audit(root_, user(kAlice), "wd", "SF"), 0);
  ASSERT_EQ(::chmod(path("d").c_str(), 0777), 0);
  const auto rename = [&] { return ops().rename(asks(kAlice, "rename"), dir_, "f", id("to"), "g", 0).errno_value(); };
  EXPECT_EQ(rename(), EACCES);
  EXPECT_EQ(heard(), Heard{"rename /to w denied"}) << "nothing was moved, so nothing else succeeded";
  ASSERT_EQ(::chmod(path("to").c_str(), 0777), 0);
  EXPECT_EQ(rename(), 0);
  EXPECT_EQ(heard(), (Heard{"rename /d/f d granted", "rename /to w granted"}));
}

TEST_F(AuditTest, ChangesOfAttributesAreCalledByTheirNames) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "CoTw", "SF"), 0);
  fs::SetAttr set;
  set.mode = 0666;
  EXPECT_FALSE(ops().setattr(asks(kAlice, "setattr"), file_, set, nullptr));
  set = {};
  set.uid = kAlice;
  EXPECT_FALSE(ops().setattr(asks(kAlice, "setattr"), file_, set, nullptr));
  set = {};
  set.size = 0;
  EXPECT_FALSE(ops().setattr(asks(kAlice, "setattr"), file_, set, nullptr));
  set = {};
  set.mtime = timespec{1, 0};
  EXPECT_FALSE(ops().setattr(asks(kAlice, "setattr"), file_, set, nullptr));
  EXPECT_EQ(heard(), (Heard{"chmod /d/f C denied", "chown /d/f o denied", "truncate /d/f w denied", "utimens /d/f T denied"}));
}

TEST_F(AuditTest, GrantsAndAttributesAreHeardByTheirLetters) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "nNcCoO", "F"), 0);
  ASSERT_EQ(::chmod(path("d/f").c_str(), 0600), 0);
  EXPECT_FALSE(ops().getxattr(asks(kAlice, "getxattr"), file_, "user.note"));
  EXPECT_FALSE(ops().setxattr(asks(kAlice, "setxattr"), file_, "user.note", "1", 0));
  EXPECT_FALSE(ops().getxattr(asks(kAlice, "getxattr"), file_, allow_name(user(kBob))));
  EXPECT_FALSE(ops().setxattr(asks(kAlice, "setxattr"), file_, allow_name(user(kAlice)), acl::encode({.type = "A", .permissions = "r"}), 0));
  EXPECT_EQ(heard(), (Heard{"getxattr /d/f n denied", "setxattr /d/f N denied", "getxattr /d/f c denied", "setxattr /d/f C denied"}));
}

TEST_F(AuditTest, OfAListThatIsRefusedNothingIsHeardAsGranted) {
  ASSERT_EQ(allow(path("d/f"), user(kAlice), "rtxcC"), 0);
  ASSERT_EQ(audit(path("d"), user(kAlice), "CO", "SF"), 0);
  const std::string packed = backing::pack({{"u:" + std::to_string(kBob), acl::encode({.type = "A", .permissions = "r"})},
                                            {"D:u:" + std::to_string(kCarol), acl::encode({.type = "D", .permissions = "r"})}});
  EXPECT_EQ(ops().setxattr(asks(kAlice, "setxattr"), file_, "system.acefs.apply", packed, 0).errno_value(), EPERM);
  EXPECT_EQ(heard(), Heard{"setxattr /d/f O denied"});
}

TEST_F(AuditTest, ReadingAllGrantsIsHeard) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "c", "SF"), 0);
  ASSERT_TRUE(ops().getxattr(asks(kAlice, "getxattr"), file_, "system.acefs.grants.0"));
  EXPECT_EQ(heard(), Heard{"getxattr /d/f c granted"});
  ASSERT_TRUE(ops().getxattr(asks(kAlice, "getxattr"), file_, "system.acefs.version"));
  EXPECT_EQ(heard(), Heard{});
}

TEST_F(AuditTest, CreatingWhatIsThereByNowIsAnOpen) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "rw", "SF"), 0);
  auto made = ops().create(asks(kAlice, "create"), dir_, "f", 0644, O_RDONLY | O_CREAT);
  ASSERT_TRUE(made);
  EXPECT_EQ(heard(), Heard{"create /d/f r granted"});
  EXPECT_FALSE(ops().create(asks(kAlice, "create"), dir_, "new", 0644, O_RDONLY | O_CREAT));
  EXPECT_EQ(heard(), Heard{"create /d wx denied"});
}

TEST_F(AuditTest, WhoCannotPassAnAncestorIsHeardThere) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "x", "F"), 0);
  ASSERT_EQ(audit(path("d/f"), user(kAlice), "r", "F"), 0);
  ASSERT_EQ(::chmod(path("d").c_str(), 0700), 0);
  EXPECT_EQ(open_as(kAlice, file_), EACCES);
  ASSERT_EQ(records_.size(), 1u);
  EXPECT_EQ(records_[0].reason, "no_traverse");
  EXPECT_EQ(records_[0].decided_at, "/d");
  EXPECT_EQ(acl::letters_of(records_[0].missing), "x");
  ASSERT_EQ(records_[0].watchers.size(), 2u);
  EXPECT_EQ(records_[0].watchers[1].path, "/d");
}

TEST_F(AuditTest, AHandleThatLostItsRightIsHeardWhenItIsUsed) {
  ASSERT_EQ(audit(path("d"), user(kAlice), "r", "F"), 0);
  auto file = ops().open(asks(kAlice, "open"), file_, O_RDONLY);
  ASSERT_TRUE(file);
  ASSERT_EQ(deny(path("d/f"), user(kAlice), "r"), 0);
  EXPECT_FALSE(ops().for_read(asks(kAlice, "read"), **file));
  EXPECT_EQ(heard(), Heard{"handle /d/f r denied"});
}

TEST_F(AuditTest, DenialsAreHeardWithoutAcesIfAskedFor) {
  options_.audit_denials = true;
  EXPECT_EQ(open_as(kAlice, file_), 0);
  EXPECT_EQ(open_as(kAlice, closed_), EACCES);
  ASSERT_EQ(records_.size(), 1u);
  EXPECT_TRUE(records_[0].watchers.empty());
  EXPECT_EQ(records_[0].reason, "not_granted");
  EXPECT_EQ(heard(), Heard{"open /d/closed r denied"});
}

TEST_F(AuditTest, AnOddNameArrivesAsItIs) {
  make_file("d/\xff\n");
  ASSERT_EQ(audit(path("d"), user(kAlice), "r", "S"), 0);
  EXPECT_EQ(open_as(kAlice, id("d/\xff\n")), 0);
  EXPECT_EQ(heard(), Heard{"open /d/\xff\n r granted"});
}

TEST_F(AuditTest, AFileWithoutANameIsToldOfByItsLast) {
  ASSERT_EQ(audit(root_, user(kAlice), "t", "S"), 0);
  auto file = ops().open(as(kAlice), file_, O_RDONLY);
  ASSERT_TRUE(file);
  ASSERT_EQ(ops().unlink(as(0), dir_, "f").errno_value(), 0);
  ASSERT_TRUE(ops().getattr(asks(kAlice, "getattr"), file_, nullptr));
  EXPECT_EQ(heard(), Heard{"getattr /d/f (deleted) t granted"});
}

}  // namespace
}  // namespace acefs::test
