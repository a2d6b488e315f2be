// SPDX-License-Identifier: MIT
// The attributes that hold the ACL, as programs other than nfs4-acl-tools read and write them: bytes, errors, names, options.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "nfs4_tools.hpp"

namespace acefs::test {
namespace {

/// The bytes of one line of tests/data/nfs4_xdr.txt.
std::string golden(const std::string& name) {
  std::ifstream file(ACEFS_TEST_DATA "/nfs4_xdr.txt");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name + " ")) continue;
    const auto length = line.find("len=");
    std::string bytes;
    std::string digits;
    for (const char c : line.substr(line.find(' ', line.find_first_of("0123456789", length)))) {
      if (c != ' ') digits += c;
      if (digits.size() < 2) continue;
      bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
      digits.clear();
    }
    return bytes;
  }
  throw std::runtime_error("no golden bytes: " + name);
}

constexpr const char* kDaclName = "system.nfs4_dacl";
constexpr const char* kNumbersName = "system.nfs4_acl_xdr";

class AclAttributeTest : public Nfs4Test {
 protected:
  void SetUp() override {
    Nfs4Test::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0755);
    make_file(real("d/f"), 0600, "content", kAlice, kAlice);
  }
  /// As Alice, who owns the file.
  int set(std::string_view bytes, const char* name = kNfs4Name, int flags = 0) {
    return as_alice([&] { return set_attribute(at("d/f"), name, bytes, flags); });
  }
  std::string names_of(const std::string& node, uid_t uid = 0) {
    return run_as(uid, uid, [&]() -> std::string {
      std::string names(65536, '\0');
      const ssize_t size = ::llistxattr(at(node).c_str(), names.data(), names.size());
      if (size < 0) return "!" + errno_name(errno);
      return names.substr(0, static_cast<std::size_t>(size));
    });
  }
  bool lists_it(const std::string& node, uid_t uid = 0) { return names_of(node, uid).find(kNfs4Name) != std::string::npos; }
};

using BytesTest = AclAttributeTest;
TEST_F(BytesTest, OfAModeAreThoseOfNfs4Setfacl) {
  make_file(real("d/f"), 0644, "content", kAlice, kAlice);
  EXPECT_EQ(get_attribute(at("d/f"), kNfs4Name), golden("trivial 0644"));
  EXPECT_EQ(get_attribute(at("d/f"), kDaclName), golden("trivial as 4.1"));
  EXPECT_EQ(get_attribute(at("d/f"), kNumbersName), golden("trivial 0644 in numbers"));
}

TEST_F(BytesTest, OfAModeSetIt) {
  for (const auto& [name, bytes] : std::map<const char*, std::string>{
           {kNfs4Name, golden("trivial 0644")}, {kDaclName, golden("trivial as 4.1")}, {kNumbersName, golden("trivial 0644 in numbers")}}) {
    make_file(real("d/f"), 0600, "content", kAlice, kAlice);
    EXPECT_EQ(reads(kBob, "d/f"), EACCES) << name;
    EXPECT_EQ(errno_as(kBob, kBob, [&, name = name, &bytes = bytes] { return set_attribute(at("d/f"), name, bytes); }), EPERM) << name;
    EXPECT_EQ(set(bytes, name), 0) << name;
    EXPECT_EQ(mode_of("d/f"), "644") << name;
    EXPECT_TRUE(grants_of("d/f").empty()) << name;
    EXPECT_EQ(reads(kBob, "d/f"), 0) << name;
  }
}

TEST_F(BytesTest, EveryModeIsWhatItsListSays) {
  for (const bool directory : {false, true}) {
    const std::string from = directory ? "d/from.d" : "d/from", to = directory ? "d/to.d" : "d/to";
    for (const std::string& node : {from, to}) directory ? make_dir(real(node), 0700) : make_file(real(node), 0600);
    for (mode_t mode = 0; mode <= 0777; mode += directory ? 5 : 3) {
      ASSERT_EQ(::chmod(at(from).c_str(), mode), 0);
      ASSERT_EQ(set_attribute(at(to), kNfs4Name, get_attribute(at(from), kNfs4Name)), 0) << std::oct << mode;
      ASSERT_EQ(lstat_of(at(to)).st_mode & 07777U, mode);
    }
    EXPECT_TRUE(grants_of(to).empty());
  }
}

TEST_F(BytesTest, OfTrueNasNameUsersAndGroupsByNumber) {
  make_dir(real("d/s"), 0755);
  ASSERT_EQ(set_attribute(at("d/s"), kNumbersName, golden("nfs4_acl_xdr"), XATTR_REPLACE), 0);
  EXPECT_EQ(list_of("d/s"), "A:g:1000:rtncy,A::OWNER@:rwaDdxtTnNcCoy,A:g:GROUP@:t,A::EVERYONE@:t");
  const auto list = [&] { return try_open(at("d/s"), O_RDONLY | O_DIRECTORY); };
  EXPECT_EQ(errno_as(kBob, 1000, list), 0);
  EXPECT_EQ(errno_as(kBob, kBob, list), EACCES);
  EXPECT_EQ(set_attribute(at("d/s"), kNumbersName, ""), 0) << "its tools strip an ACL by no bytes at all";
  EXPECT_TRUE(grants_of("d/s").empty());
}

TEST_F(BytesTest, OfTrueNasCannotNameWhoHasNoNumber) {
  ASSERT_EQ(allow(real("d/f"), "u:4c510ada-c86b", "r"), 0);
  EXPECT_EQ(get_attribute(at("d/f"), kNumbersName), "!EOPNOTSUPP");
  EXPECT_EQ(get_attribute(at("d/f"), kNfs4Name).substr(0, 4), std::string("\0\0\0\4", 4));
}

TEST_F(BytesTest, OfADaclLeaveAuditsAlone) {
  ASSERT_EQ(setfacl(0, {"-a", "U:SF:20003:w"}, "d/f").code, 0);
  const auto audit = grants_of("d/f");
  ASSERT_EQ(audit.size(), 1u);
  ASSERT_EQ(set(get_attribute(at("d/f"), kDaclName), kDaclName), 0);
  EXPECT_EQ(grants_of("d/f"), audit);
  ASSERT_EQ(set(golden("trivial as 4.1"), kDaclName), 0);
  EXPECT_EQ(grants_of("d/f"), audit);
}

using RefusedBytesTest = AclAttributeTest;
TEST_F(RefusedBytesTest, WhatIsNoListIsEinvalAndChangesNothing) {
  ASSERT_EQ(allow(real("d/f"), user(kBob), "r"), 0);
  const auto before = grants_of("d/f");
  const std::string good = golden("alice rx + group fdig");
  std::vector<std::string> bad;
  for (std::size_t size = 0; size < good.size(); size += 3) bad.push_back(good.substr(0, size));  // cut short
  bad.push_back(good + std::string(4, '\0'));                                                      // bytes behind the end
  std::string one = golden("deny");
  bad.push_back(std::string(one).replace(4, 4, std::string("\0\0\0\4", 4)));            // type 4
  bad.push_back(std::string(one).replace(8, 4, std::string("\0\0\1\0", 4)));            // an unknown flag
  bad.push_back(std::string(one).replace(12, 4, std::string("\0\0\2\0", 4)));           // an unknown permission
  bad.push_back(std::string(one).replace(16, 4, std::string("\xff\xff\xff\xff", 4)));   // a length beyond the end
  bad.push_back(std::string(one).replace(20, 4, std::string("b\0b\0", 4)));             // NUL in a name
  bad.push_back(std::string(one).replace(23, 1, "x"));                                  // padding
  bad.push_back(std::string(one).replace(0, 4, std::string("\xff\xff\xff\xff", 4)));    // more ACEs than there are
  for (const std::string& bytes : bad) {
    EXPECT_EQ(errno_name(set(bytes)), "EINVAL") << bytes.size();
    EXPECT_EQ(errno_name(errno_as(0, 0, [&] { return set_attribute(at("d/f"), kNfs4Name, bytes); })), "EINVAL") << bytes.size();
  }
  EXPECT_EQ(errno_name(set(golden("alice rx + group fdig"))), "EINVAL") << "inheritance on a file";
  EXPECT_EQ(grants_of("d/f"), before);
  EXPECT_EQ(mode_of("d/f"), "600");
  EXPECT_EQ(reads(kBob, "d/f"), 0);
  EXPECT_EQ(reads(kCarol, "d/f"), EACCES);
}

TEST_F(RefusedBytesTest, UnknownSpecialNamesAreEopnotsupp) {
  std::string network = golden("deny");
  network.replace(16, 8, std::string("\0\0\0\4who@", 8));
  EXPECT_EQ(errno_name(set(network)), "EOPNOTSUPP");
  EXPECT_EQ(mode_of("d/f"), "600");
}

TEST_F(RefusedBytesTest, MoreThan64KiBAreE2big) {
  EXPECT_EQ(errno_name(set(std::string(65537, '\0'))), "E2BIG");
  EXPECT_EQ(errno_name(set(std::string(65536, '\0'))), "EINVAL");
}

using AclFlagsTest = AclAttributeTest;
TEST_F(AclFlagsTest, CreateIsEexistSinceEveryNodeHasOne) {
  EXPECT_EQ(set(golden("trivial 0644"), kNfs4Name, XATTR_CREATE), EEXIST);
  EXPECT_EQ(mode_of("d/f"), "600");
  EXPECT_EQ(set(golden("trivial 0644"), kNfs4Name, XATTR_REPLACE), 0);
  EXPECT_EQ(mode_of("d/f"), "644");
}

TEST_F(AclFlagsTest, RemovingLeavesTheMode) {
  ASSERT_EQ(setfacl(0, {"-a", "A::20002:r,A::20003:r"}, "d/f").code, 0);
  const auto remove = [&] { return ::removexattr(at("d/f").c_str(), kNfs4Name); };
  EXPECT_EQ(as_bob(remove), EPERM);
  EXPECT_EQ(reads(kBob, "d/f"), 0);
  EXPECT_EQ(as_alice(remove), 0);
  EXPECT_TRUE(grants_of("d/f").empty());
  EXPECT_EQ(mode_of("d/f"), "600");
  EXPECT_EQ(reads(kBob, "d/f"), EACCES);
}

TEST_F(AclFlagsTest, IsListedOnlyWhereThereAreAces) {
  EXPECT_FALSE(lists_it("d/f"));
  ASSERT_EQ(allow(real("d/f"), user(kBob), "r", "", 1), 0);
  EXPECT_FALSE(lists_it("d/f")) << "one that expired is not shown";
  ASSERT_EQ(allow(real("d/f"), user(kBob), "rc"), 0);
  EXPECT_TRUE(lists_it("d/f"));
  EXPECT_TRUE(lists_it("d/f", kBob));
  ASSERT_EQ(deny(real("d/f"), user(kBob), "c"), 0);
  EXPECT_FALSE(lists_it("d/f", kBob)) << "what he may not read";
  EXPECT_TRUE(lists_it("d/f", kAlice));
}

TEST_F(AclFlagsTest, ReadingNeedsC) {
  make_file(real("d/f"), 0644, "content", kAlice, kAlice);
  ASSERT_EQ(deny(real("d/f"), user(kBob), "c"), 0);
  for (const char* name : {kNfs4Name, kDaclName, kNumbersName}) {
    const auto size = [&] { return ::getxattr(at("d/f").c_str(), name, nullptr, 0); };
    EXPECT_EQ(errno_name(as_bob(size)), "EACCES");
    EXPECT_EQ(errno_name(as_alice(size)), "0");
  }
}

class UnlistedTest : public AclAttributeTest {
 protected:
  MountOptions options() const override { return {.options = "list_nfs4_acl=off"}; }
};
TEST_F(UnlistedTest, IsReadAndWrittenButNotListed) {
  ASSERT_EQ(setfacl(0, {"-a", "A::20002:r"}, "d/f").code, 0);
  EXPECT_FALSE(lists_it("d/f"));
  EXPECT_NE(names_of("d/f").find(allow_name(user(kBob))), std::string::npos);
  EXPECT_EQ(list_of("d/f"), "A::20002:r," + kMode600);
}

class DomainTest : public AclAttributeTest {
 protected:
  MountOptions options() const override { return {.options = "domain=example.org"}; }
};
TEST_F(DomainTest, IsTakenOffNames) {
  ASSERT_EQ(setfacl(kAlice, {"-a", "A::20002@example.org:r,A:g:30001@example.org:r,A::alice@example.org:r"}, "d/f").code, 0);
  EXPECT_EQ(list_of("d/f"), "A::20002:r,A::alice:r,A:g:30001:r," + kMode600);
  EXPECT_TRUE(grants_of("d/f").contains("user.oc.grant.u:alice"));
  EXPECT_EQ(reads(kBob, "d/f"), 0);
  EXPECT_EQ(reads(kCarol, "d/f"), EACCES);
  EXPECT_EQ(errno_as(kCarol, kStaff, [&] { return try_open(at("d/f"), O_RDONLY); }), 0);
  ASSERT_EQ(setfacl(kAlice, {"-m", "A::20002:r", "A::20002@example.org:w"}, "d/f").code, 0);
  EXPECT_EQ(reads(kBob, "d/f"), EACCES);
}
TEST_F(DomainTest, OfOthersIsPartOfTheName) {
  ASSERT_EQ(setfacl(kAlice, {"-a", "A::20002@elsewhere.net:r"}, "d/f").code, 0);
  EXPECT_TRUE(grants_of("d/f").contains("user.oc.grant.u:20002@elsewhere.net"));
  EXPECT_EQ(reads(kBob, "d/f"), EACCES);
}

class ConfiguredIdsTest : public AclAttributeTest {
 protected:
  MountOptions options() const override {
    const std::string text =
        "[user.20002]\nids = [\"4c510ada\", \"old-id\"]\n"
        "[group.30001]\nids = [\"509a9dcd\"]\n";
    if (spill(dir_.at("acefs.toml"), text, O_WRONLY | O_CREAT, 0644) != 0) throw std::runtime_error("acefs.toml");
    return {.options = "config=" + dir_.at("acefs.toml")};
  }

 private:
  TempDir dir_;
};
TEST_F(ConfiguredIdsTest, AreShownAsTheNamesAndNewAcesAreStoredUnderTheFirst) {
  ASSERT_EQ(setfacl(kAlice, {"-a", "A::20002:r,A:g:30001:rw"}, "d/f").code, 0);
  const auto grants = grants_of("d/f");
  EXPECT_TRUE(grants.contains("user.oc.grant.u:4c510ada"));
  EXPECT_TRUE(grants.contains("user.oc.grant.g:509a9dcd"));
  EXPECT_EQ(grants.size(), 2u);
  EXPECT_EQ(list_of("d/f"), "A::20002:r,A:g:30001:rw," + kMode600);
  EXPECT_EQ(reads(kBob, "d/f"), 0);
  EXPECT_EQ(reads(kCarol, "d/f"), EACCES);
}
TEST_F(ConfiguredIdsTest, WhatIsStoredKeepsItsKey) {
  ASSERT_EQ(allow(real("d/f"), "u:old-id", "r"), 0);
  EXPECT_EQ(list_of("d/f"), "A::20002:r," + kMode600);
  ASSERT_EQ(setfacl(kAlice, {"-m", "A::20002:r", "A::20002:rw"}, "d/f").code, 0);
  const auto grants = grants_of("d/f");
  EXPECT_EQ(grants.size(), 1u);
  EXPECT_TRUE(grants.contains("user.oc.grant.u:old-id"));
  EXPECT_EQ(writes(kBob, "d/f"), 0);
  EXPECT_EQ(writes(kCarol, "d/f"), EACCES);
}

}  // namespace
}  // namespace acefs::test
