// SPDX-License-Identifier: MIT
// Rows of the operation table about extended attributes and grants.
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "acefs/acl/ace.hpp"
#include "rows.hpp"

namespace acefs::test {
namespace {

class AttributeTest : public RowTest {
 protected:
  std::function<void()> file(uid_t uid = 0) {
    return [this, uid] {
      make_dir(real("d"), 0755);
      erase(real("d/f"));
      make_file(real("d/f"), 0644, "content", uid, uid);
      ASSERT_EQ(set_attribute(real("d/f"), "user.color", "blue"), 0);
    };
  }
  Row row(std::string letters, std::function<long()> call, int refused = EACCES) {
    return {.node = "d/f", .letters = std::move(letters), .prepare = file(), .call = std::move(call), .refused = refused};
  }
  long get(const std::string& name) {
    char value[4096];
    return ::lgetxattr(at("d/f").c_str(), name.c_str(), value, sizeof value);
  }
  long set(const std::string& name, std::string_view value, int flags = 0) {
    return set_attribute(at("d/f"), name, value, flags);
  }
  long remove(const std::string& name) { return ::lremovexattr(at("d/f").c_str(), name.c_str()); }
  std::vector<std::string> list() {
    std::string names(65536, '\0');
    const ssize_t n = ::llistxattr(at("d/f").c_str(), names.data(), names.size());
    if (n < 0) return {"!" + errno_name(errno)};
    std::vector<std::string> each;
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); i += each.back().size() + 1) each.emplace_back(names.c_str() + i);
    std::sort(each.begin(), each.end());
    return each;
  }
  std::string list_as(uid_t uid) {
    return run_as(uid, uid, [&] {
      std::string all;
      for (const std::string& name : list()) all += name + " ";
      return all;
    });
  }
  int access_as(uid_t uid, int mode) {
    return errno_as(uid, uid, [&] { return ::access(at("d/f").c_str(), mode); });
  }
  /// A grant as the tools write it, for the caller to store through the mount.
  static std::string grant(const std::string& letters, const std::string& type = "A") {
    acl::Ace ace;
    ace.type = type;
    ace.permissions = letters;
    return acl::encode(ace);
  }
};

using NamedAttributeTest = AttributeTest;
TEST_F(NamedAttributeTest, GetNeedsN) {
  both_ways(row("n", [&] { return get("user.color"); }));
}

TEST_F(NamedAttributeTest, ListNeedsN) {
  both_ways(row("n", [&]() -> long {
    const auto names = list();
    errno = EACCES;
    return std::find(names.begin(), names.end(), "user.color") != names.end() ? 0 : -1;
  }));
}

TEST_F(NamedAttributeTest, SetNeedsWriteNamed) {
  both_ways(row("N", [&] { return set("user.color", "red"); }));
  both_ways(row("N", [&] { return set("user.new", "red", XATTR_CREATE); }));
}

TEST_F(NamedAttributeTest, RemoveNeedsWriteNamed) {
  both_ways(row("N", [&] { return remove("user.color"); }));
}

TEST_F(NamedAttributeTest, OnDirectoriesFollowTheSameRule) {
  const auto dir = [&] {
    erase(real("d"));
    make_dir(real("d"), 0755);
  };
  both_ways({.node = "d", .letters = "N", .prepare = dir, .call = [&] { return set_attribute(at("d"), "user.x", "1"); }});
}

using ReadAclTest = AttributeTest;
TEST_F(ReadAclTest, OfAnothersGrantNeedsC) {
  const auto with_grant = [&] {
    file()();
    ASSERT_EQ(allow(real("d/f"), user(kCarol), "r"), 0);
  };
  both_ways({.node = "d/f", .letters = "c", .prepare = with_grant, .call = [&] { return get(allow_name(user(kCarol))); }});
}

TEST_F(ReadAclTest, OfOnesOwnGrantIsAlwaysAllowed) {
  file()();
  ASSERT_EQ(::chmod(real("d/f").c_str(), 0600), 0);
  ASSERT_EQ(allow(real("d/f"), user(kBob), "x"), 0);
  ASSERT_EQ(deny(real("d/f"), user(kBob), "cn"), 0);
  EXPECT_EQ(errno_name(as_bob([&] { return get(allow_name(user(kBob))); })), "0");
  EXPECT_EQ(errno_name(as_bob([&] { return get(deny_name(user(kBob))); })), "0");
  EXPECT_EQ(errno_name(as_alice([&] { return get(allow_name(user(kBob))); })), "EACCES");
}

TEST_F(ReadAclTest, ListShowsTheNamesOfGrantsToThoseWithC) {
  file()();
  ASSERT_EQ(allow(real("d/f"), user(kCarol), "r"), 0);
  ASSERT_EQ(deny(real("d/f"), user(kBob), "c"), 0);
  EXPECT_EQ(list_as(kBob).find(allow_name(user(kCarol))), std::string::npos);
  EXPECT_NE(list_as(kAlice).find(allow_name(user(kCarol))), std::string::npos);
  EXPECT_EQ(list_as(kBob).find(allow_name(user(kCarol))), std::string::npos);
}

using WriteAclTest = AttributeTest;
TEST_F(WriteAclTest, AddingAnAceNeedsC) {
  both_ways(row("C", [&] { return set(allow_name(user(kCarol)), grant("t")); }, EPERM));
}

TEST_F(WriteAclTest, ChangingAnAceNeedsO) {
  const auto with_grant = [&] {
    file()();
    ASSERT_EQ(allow(real("d/f"), user(kCarol), "tr"), 0);
  };
  Row change = row("o", [&] { return set(allow_name(user(kCarol)), grant("t")); }, EPERM);
  change.prepare = with_grant;
  both_ways(change);
  Row removal = row("o", [&] { return remove(allow_name(user(kCarol))); }, EPERM);
  removal.prepare = with_grant;
  both_ways(removal);
}

TEST_F(WriteAclTest, WritingADenialNeedsWriteDeny) {
  // Adding one is adding an ACE too, so both letters are given and O is the one that is missing.
  const auto prepare = [&] {
    file()();
    ASSERT_EQ(allow(real("d/f"), user(kAlice), "rwxCoO"), 0);
    ASSERT_EQ(allow(real("d/f"), user(kBob), all_but("O")), 0);
  };
  const std::string value = grant("w", "D");
  only(kAlice, kBob, prepare, [&] { return set(deny_name(user(kCarol)), value); }, EPERM);
}

TEST_F(WriteAclTest, WritingAFullDenialNeedsWriteDeny) {
  const auto prepare = [&] {
    file()();
    ASSERT_EQ(allow(real("d/f"), user(kAlice), "rwxCoO"), 0);
    ASSERT_EQ(allow(real("d/f"), user(kBob), all_but("O")), 0);
  };
  only(kAlice, kBob, prepare, [&] { return set(allow_name(user(kCarol)), grant("")); }, EPERM);
}

TEST_F(WriteAclTest, LiftingADenialNeedsChangeAceOrWriteDeny) {
  file()();
  ASSERT_EQ(allow(real("d/f"), user(kBob), all_but("oO")), 0);
  ASSERT_EQ(deny(real("d/f"), user(kBob), "w"), 0);
  EXPECT_EQ(as_bob([&] { return remove(deny_name(user(kBob))); }), EPERM);
}

TEST_F(WriteAclTest, NobodyGrantsLettersHeDoesNotHold) {
  file()();
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "trC"), 0);
  EXPECT_EQ(errno_name(as_alice([&] { return set(allow_name(user(kCarol)), grant("trw")); })), "EPERM");
  EXPECT_EQ(get_attribute(real("d/f"), allow_name(user(kCarol))), "!ENODATA");
  EXPECT_EQ(errno_name(as_alice([&] { return set(allow_name(user(kCarol)), grant("tr")); })), "0");
}

TEST_F(WriteAclTest, ExecuteIsHandedOutByWhoHasItByAnAceAlsoOfAFileThatNobodyCanExecute) {
  file()();
  const auto shares = [&] { return set(allow_name(user(kCarol)), grant("trx")); };
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "trxC"), 0);
  ASSERT_EQ(allow(real("d/f"), user(kBob), "trC"), 0);
  EXPECT_EQ(errno_name(as_bob(shares)), "EPERM") << "not having it";
  ASSERT_EQ(deny(real("d"), user(kAlice), "x", "fi"), 0);
  EXPECT_EQ(errno_name(as_alice(shares)), "EPERM") << "denied";
  ASSERT_EQ(remove_deny(real("d"), user(kAlice)), 0);
  EXPECT_EQ(errno_name(as_alice(shares)), "0");
  EXPECT_EQ(access_as(kCarol, X_OK), EACCES) << "the mode has no x";
  ASSERT_EQ(::chmod(at("d/f").c_str(), 0744), 0);
  EXPECT_EQ(access_as(kCarol, X_OK), 0);
  EXPECT_EQ(access_as(kAlice, X_OK), 0) << "nobody got more than he has himself";
  EXPECT_EQ(access_as(kBob, X_OK), EACCES);
}

TEST_F(WriteAclTest, NobodyWidensHisOwnGrant) {
  file()();
  ASSERT_EQ(allow(real("d/f"), user(kAlice), "tro"), 0);
  EXPECT_EQ(as_alice([&] { return set(allow_name(user(kAlice)), grant("trow")); }), EPERM);
}

TEST_F(WriteAclTest, TheOwnerSharesWhatHeHas) {
  file(kAlice)();
  EXPECT_EQ(errno_name(as_alice([&] { return set(allow_name(user(kBob)), grant("rw")); })), "0");
  EXPECT_EQ(as_bob([&] { return try_open(at("d/f"), O_RDWR); }), 0);
  EXPECT_EQ(errno_name(as_alice([&] { return remove(allow_name(user(kBob))); })), "0");
  EXPECT_EQ(as_bob([&] { return try_open(at("d/f"), O_RDWR); }), EACCES);
}

TEST_F(WriteAclTest, StampsCreatorAndShareTimeWhereThereIsNone) {
  file(kAlice)();
  ASSERT_EQ(as_alice([&] { return set(allow_name(user(kBob)), grant("r")); }), 0);
  const auto stored = acl::decode({acl::KeyKind::Plain, user(kBob)}, get_attribute(real("d/f"), allow_name(user(kBob))));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->creator, std::to_string(kAlice));
  EXPECT_GT(stored->share_time, now() / 1'000'000'000 - 60);
  EXPECT_LE(stored->share_time, now() / 1'000'000'000);
}

TEST_F(WriteAclTest, RefusesMalformedValuesWithEinvalAndChangesNothing) {
  file(kAlice)();
  ASSERT_EQ(allow(real("d/f"), user(kBob), "r"), 0);
  const std::string before = get_attribute(real("d/f"), allow_name(user(kBob)));
  using namespace std::string_literals;
  for (const std::string& bad : {""s, "A"s, "\0t=A:f=g:p=r:c=:e=0\n"s, "\0t=A:f=:p=r:c=:e=never\n"s, "\0t:f=:p=r\n"s, "\2x\n"s}) {
    EXPECT_EQ(errno_name(as_alice([&] { return set(allow_name(user(kBob)), bad); })), "EINVAL");
    EXPECT_EQ(errno_name(errno_as(0, 0, [&] { return set(allow_name(user(kBob)), bad); })), "EINVAL");
  }
  EXPECT_EQ(get_attribute(real("d/f"), allow_name(user(kBob))), before);
}

TEST_F(WriteAclTest, HonoursCreateAndReplace) {
  file(kAlice)();
  const std::string name = allow_name(user(kBob));
  EXPECT_EQ(as_alice([&] { return set(name, grant("r"), XATTR_REPLACE); }), ENODATA);
  EXPECT_EQ(as_alice([&] { return set(name, grant("r"), XATTR_CREATE); }), 0);
  EXPECT_EQ(as_alice([&] { return set(name, grant("r"), XATTR_CREATE); }), EEXIST);
  EXPECT_EQ(as_alice([&] { return remove(allow_name(user(kCarol))); }), ENODATA);
}

using OpenCloudAttributeTest = AttributeTest;
TEST_F(OpenCloudAttributeTest, ReadNeedsNAndWriteIsRoots) {
  for (const std::string name : {"user.oc.name", "user.ocis.name"}) {
    const auto with_attribute = [&] {
      file()();
      ASSERT_EQ(set_attribute(real("d/f"), name, "f"), 0);
    };
    both_ways({.node = "d/f", .letters = "n", .prepare = with_attribute, .call = [&] { return get(name); }});
    with_attribute();
    ASSERT_EQ(allow(real("d/f"), user(kAlice), all_but("")), 0);
    EXPECT_EQ(errno_name(as_alice([&] { return set(name, "g"); })), "EPERM");
    EXPECT_EQ(errno_name(as_alice([&] { return remove(name); })), "EPERM");
    EXPECT_EQ(errno_name(errno_as(0, 0, [&] { return set(name, "g"); })), "0");
  }
}

TEST_F(OpenCloudAttributeTest, OwnerMayNotWriteThemEither) {
  file(kAlice)();
  EXPECT_EQ(as_alice([&] { return set("user.oc.id", "x"); }), EPERM);
  EXPECT_EQ(as_alice([&] { return set("user.oc.metadata_offloaded", "1"); }), EPERM);
}

using OtherNamespaceTest = AttributeTest;
TEST_F(OtherNamespaceTest, CapabilitiesReadAsAbsent) {
  file()();
  EXPECT_EQ(errno_name(as_bob([&] { return get("security.capability"); })), "ENODATA");
}

TEST_F(OtherNamespaceTest, SecurityAndTrustedAreWrittenByRootOnly) {
  file(kAlice)();
  // cap_net_raw+ep, revision 2.
  const std::string capability("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  EXPECT_EQ(errno_name(as_alice([&] { return set("security.capability", capability); })), "EPERM");
  EXPECT_EQ(errno_name(as_alice([&] { return set("trusted.x", "x"); })), "EPERM");
  EXPECT_EQ(errno_name(errno_as(0, 0, [&] { return set("security.capability", capability); })), "0");
  EXPECT_EQ(get_attribute(real("d/f"), "security.capability").size(), 20u);
}

TEST_F(OtherNamespaceTest, PosixAclsAreNotSupported) {
  file(kAlice)();
  // A minimal ACL: user::rw-, group::r--, other::r--.
  const std::string acl("\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x04\x00\x04\x00\xff\xff\xff\xff\x20\x00\x04\x00\xff\xff\xff\xff", 28);
  EXPECT_EQ(errno_name(as_alice([&] { return set("system.posix_acl_access", acl); })), "EOPNOTSUPP");
  EXPECT_EQ(errno_name(errno_as(0, 0, [&] { return set("system.posix_acl_access", acl); })), "EOPNOTSUPP");
  EXPECT_EQ(errno_name(as_alice([&] { return get("system.posix_acl_access"); })), "EOPNOTSUPP");
}

class ExportedAttributeTest : public AttributeTest {
 protected:
  MountOptions options() const override { return {.options = "export"}; }
};
TEST_F(ExportedAttributeTest, PosixAclsAreAbsentForWhomOnlyServesWhatCanHaveThem) {
  file(kAlice)();
  for (const char* name : {"system.posix_acl_access", "system.posix_acl_default"})
    EXPECT_EQ(errno_name(errno_as(0, 0, [&] { return get(name); })), "ENODATA") << name;
  EXPECT_EQ(errno_name(errno_as(0, 0, [&] { return get("system.other"); })), "EOPNOTSUPP");
}

using MalformedGrantTest = AttributeTest;
TEST_F(MalformedGrantTest, IsAFullDenialForItsPrincipalAndNothingToOthers) {
  for (const std::string_view bad : {std::string_view(""), std::string_view("garbage"), std::string_view("\xff\xff", 2)}) {
    const auto prepare = [&] {
      file()();
      ASSERT_EQ(set_attribute(real("d/f"), allow_name(user(kBob)), bad), 0);
    };
    only(kAlice, kBob, prepare, [&] { return try_open(at("d/f"), O_RDONLY); }, EACCES);
  }
}

TEST_F(MalformedGrantTest, ItsNodesNameBeginsNoLineOfTheLog) {
  make_dir(real("d"), 0755);
  make_file(real("d/x\nforged"), 0644);
  ASSERT_EQ(set_attribute(real("d/x\nforged"), allow_name(user(kBob)), "garbage"), 0);
  EXPECT_EQ(errno_name(as_bob([&] { return try_open(at("d/x\nforged"), O_RDONLY); })), "EACCES");
  EXPECT_NE(mount().log().find("malformed grant"), std::string::npos) << mount().log();
  EXPECT_EQ(mount().log().find("\nforged"), std::string::npos) << mount().log();
}

TEST_F(MalformedGrantTest, OnAnAncestorDeniesBelow) {
  file()();
  make_dir(real("d"), 0755);
  ASSERT_EQ(set_attribute(real("d"), allow_name("o:EVERYONE@"), "garbage"), 0);
  EXPECT_EQ(as_bob([&] { return try_open(at("d/f"), O_RDONLY); }), EACCES);
  EXPECT_EQ(errno_as(0, 0, [&] { return try_open(at("d/f"), O_RDONLY); }), 0) << "root has every letter";
}

}  // namespace
}  // namespace acefs::test
