// SPDX-License-Identifier: MIT
// What holds for every operation that changes something: who is refused never reaches the backing, and what the backing
// answers is what the caller gets.
#include <sys/xattr.h>

#include <functional>

#include "ops_fixture.hpp"

namespace acefs::test {
namespace {

struct Operation {
  std::string name;
  std::string call;  ///< of the backing, by which it acts
  std::function<int(fs::Ops&, const fs::Request&, const std::function<node::NodeId(const std::string&)>&)> run;  ///< → errno
};

template <typename T>
int error_of(const Result<T>& result) {
  return result ? 0 : result.error().errno_value();
}

std::vector<Operation> operations() {
  using Id = const std::function<node::NodeId(const std::string&)>&;
  return {
      {"Mkdir", "mkdir", [](fs::Ops& o, const fs::Request& rq, Id id) { return error_of(o.mkdir(rq, id("d"), "new", 0755)); }},
      {"Mknod", "mknod", [](fs::Ops& o, const fs::Request& rq, Id id) { return error_of(o.mknod(rq, id("d"), "new", S_IFIFO | 0644, 0)); }},
      {"Symlink", "symlink", [](fs::Ops& o, const fs::Request& rq, Id id) { return error_of(o.symlink(rq, "to", id("d"), "new")); }},
      {"Create", "create", [](fs::Ops& o, const fs::Request& rq, Id id) {
         return error_of(o.create(rq, id("d"), "new", 0644, O_CREAT | O_EXCL | O_WRONLY));
       }},
      {"Unlink", "unlink", [](fs::Ops& o, const fs::Request& rq, Id id) { return o.unlink(rq, id("d"), "f").errno_value(); }},
      {"Rmdir", "rmdir", [](fs::Ops& o, const fs::Request& rq, Id id) { return o.rmdir(rq, id("d"), "sub").errno_value(); }},
      {"Rename", "rename", [](fs::Ops& o, const fs::Request& rq, Id id) {
         id("d/f");  // as the kernel does first
         return o.rename(rq, id("d"), "f", id("d"), "g", 0).errno_value();
       }},
      {"Link", "link", [](fs::Ops& o, const fs::Request& rq, Id id) { return error_of(o.link(rq, id("d/f"), id("d"), "g")); }},
      {"Chmod", "chmod", [](fs::Ops& o, const fs::Request& rq, Id id) {
         return error_of(o.setattr(rq, id("d/f"), {.mode = 0600, .uid = {}, .gid = {}, .size = {}, .atime = {}, .mtime = {}}, nullptr));
       }},
      {"Chown", "chown", [](fs::Ops& o, const fs::Request& rq, Id id) {
         return error_of(o.setattr(rq, id("d/f"), {.mode = {}, .uid = 0, .gid = {}, .size = {}, .atime = {}, .mtime = {}}, nullptr));
       }},
      {"Truncate", "truncate", [](fs::Ops& o, const fs::Request& rq, Id id) {
         return error_of(o.setattr(rq, id("d/f"), {.mode = {}, .uid = {}, .gid = {}, .size = 5, .atime = {}, .mtime = {}}, nullptr));
       }},
      {"Utimens", "utimens", [](fs::Ops& o, const fs::Request& rq, Id id) {
         const struct timespec then{1000, 0};
         return error_of(o.setattr(rq, id("d/f"), {.mode = {}, .uid = {}, .gid = {}, .size = {}, .atime = then, .mtime = then}, nullptr));
       }},
      {"Setxattr", "setxattr", [](fs::Ops& o, const fs::Request& rq, Id id) {
         return o.setxattr(rq, id("d/f"), "user.note", "x", 0).errno_value();
       }},
      {"Removexattr", "removexattr", [](fs::Ops& o, const fs::Request& rq, Id id) {
         return o.removexattr(rq, id("d/f"), "user.there").errno_value();
       }},
      {"OpenForWriting", "open", [](fs::Ops& o, const fs::Request& rq, Id id) { return error_of(o.open(rq, id("d/f"), O_WRONLY | O_TRUNC)); }},
  };
}

class EveryOperationTest : public OpsTest, public ::testing::WithParamInterface<Operation> {
 protected:
  void SetUp() override {
    make_dir("d");
    make_dir("d/sub");
    make_file("d/f");
    ASSERT_EQ(::setxattr(path("d/f").c_str(), "user.there", "1", 1, 0), 0);
  }
  int run(uid_t uid) {
    return GetParam().run(ops(), as(uid), [this](const std::string& name) { return id(name); });
  }
};

TEST_P(EveryOperationTest, RefusedCallerNeverReachesTheBackingDirectory) {
  const int error = run(kBob);
  EXPECT_TRUE(error == EACCES || error == EPERM) << error;
  EXPECT_EQ(backing_.changes, std::vector<std::string>{});
}

TEST_P(EveryOperationTest, EveryErrnoOfTheBackingPassesUnchanged) {
  for (const int fault : {EDQUOT, EFBIG, EINTR, EIO, EMFILE, EMLINK, ENAMETOOLONG, ENFILE, ENODEV, ENOMEM, ENOSPC, EROFS, ETXTBSY}) {
    backing_.faults = {{GetParam().call, fault}};
    EXPECT_EQ(run(0), fault);
  }
}

TEST_P(EveryOperationTest, SucceedsForRoot) { EXPECT_EQ(run(0), 0); }

TEST_P(EveryOperationTest, FailsWithEioWhenAnAclOnTheChainCannotBeRead) {
  // The marker says that there is a side file, and there is none: what it may have denied is not known.
  ASSERT_EQ(::setxattr(path("d").c_str(), "user.oc.metadata_offloaded", "1", 1, 0), 0);
  ASSERT_EQ(::setxattr(path("d").c_str(), "user.oc.id", "47aa2dba-d9e2", 13, 0), 0);
  auto entry = ops().lookup(as(0), node::kRootId, "d");
  ASSERT_TRUE(entry);
  EXPECT_EQ(error_of(ops().mkdir(as(0), entry->id, "new", 0755)), EIO);
  EXPECT_EQ(backing_.changes, std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(All, EveryOperationTest, ::testing::ValuesIn(operations()),
                         [](const ::testing::TestParamInfo<Operation>& param) { return param.param.name; });

}  // namespace
}  // namespace acefs::test
