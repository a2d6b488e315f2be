// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "nfs4/universe.hpp"
#include "nfs4/xdr.hpp"

namespace acefs::nfs4 {
namespace {

using test::list_of;
using test::text_of;

std::string bytes_of(const std::string& hex) {
  std::string bytes, digits;
  for (char c : hex) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

/// tests/data/nfs4_xdr.txt: a name, the length, the bytes.
std::map<std::string, std::string> vectors() {
  std::map<std::string, std::string> found;
  std::ifstream file(ACEFS_TEST_DATA "/nfs4_xdr.txt");
  for (std::string line; std::getline(file, line);) {
    const auto length = line.find("len=");
    std::string name = line.substr(0, length);
    name.erase(name.find_last_not_of(' ') + 1);
    found[name] = bytes_of(line.substr(line.find(' ', line.find_first_of("0123456789", length))));
    EXPECT_EQ(found[name].size(), std::stoul(line.substr(length + 4))) << name;
  }
  return found;
}

Form form_of(const std::string& name) {
  if (name == "trivial as 4.1") return Form::Dacl;
  return name == "nfs4_acl_xdr" || name.ends_with(" in numbers") ? Form::Numbers : Form::Acl;
}

std::string reason(Form form, const std::string& hex) {
  const auto list = decode(form, bytes_of(hex));
  return list ? "accepted" : std::to_string(list.error().error) + " " + list.error().reason;
}

std::string einval(const std::string& text) { return std::to_string(EINVAL) + " " + text; }

TEST(XdrTest, GoldenBytesAreReadAndWrittenAgain) {
  const auto golden = vectors();
  ASSERT_EQ(golden.size(), 10u);
  for (const auto& [name, bytes] : golden) {
    const auto list = decode(form_of(name), bytes);
    ASSERT_TRUE(list) << name << ": " << list.error().reason;
    const auto again = encode(form_of(name), *list);
    ASSERT_TRUE(again) << name;
    EXPECT_EQ(*again, bytes) << name;
  }
}

TEST(XdrTest, GoldenBytesMeanWhatNfs4SetfaclWasTold) {
  auto golden = vectors();
  const auto text = [&](const std::string& name) { return text_of(*decode(form_of(name), golden[name])); };
  EXPECT_EQ(text("empty"), "");
  EXPECT_EQ(text("trivial 0644"), "A::OWNER@:rwanNtTcCy,A::GROUP@:rntcy,A::EVERYONE@:rntcy");
  EXPECT_EQ(text("alice rx + group fdig"), "A:fd:alice@example.org:rnxtcy,A:fdig:staff:rntcy");
  EXPECT_EQ(text("deny"), "D::bob:wa");
  EXPECT_EQ(text("audit SF w"), "U:SF:EVERYONE@:w");
  EXPECT_EQ(text("all 14 bits dir"), "A::u:rwanNxDtTdcCoy");
  EXPECT_EQ(text("nfs4_acl_xdr"), "A::OWNER@:rwanNxDtTdcCoy,A:g:1000:rntcy");
}

TEST(XdrTest, InheritedFlagAndGroupFlagOfASpecialWhoAreDropped) {
  const auto list = decode(Form::Acl, bytes_of("00000001 00000000 000000c1 00000001 00000006 4f574e45 52400000"));
  ASSERT_TRUE(list);
  EXPECT_EQ(text_of(*list), "A:f:OWNER@:r");
}

TEST(XdrTest, EveryTruncationOfAnAclIsRefused) {
  for (const auto& [name, bytes] : vectors()) {
    for (std::size_t size = form_of(name) == Form::Numbers ? 1 : 0; size < bytes.size(); ++size) {
      const auto list = decode(form_of(name), std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(list) << name << " cut to " << size;
      ASSERT_EQ(list.error().error, EINVAL);
    }
  }
}

TEST(XdrTest, WhatIsNotAnAclIsEinvalAndTheReasonNamesTheAce) {
  const std::string good = "00000000 00000000 00000001 00000001 75000000 ";
  EXPECT_EQ(reason(Form::Acl, "00000002" + good + "00000004 00000000 00000001 00000001 75000000"), einval("ACE 2: unknown type"));
  EXPECT_EQ(reason(Form::Acl, "00000001 00000000 00000100 00000001 00000001 75000000"), einval("ACE 1: reserved flag"));
  EXPECT_EQ(reason(Form::Acl, "00000001 00000000 00000000 00000200 00000001 75000000"), einval("ACE 1: reserved permission"));
  EXPECT_EQ(reason(Form::Acl, "00000001 00000000 00000000 00000001 00000001 75000001"), einval("ACE 1: padding that is not zero"));
  EXPECT_EQ(reason(Form::Acl, "00000001 00000000 00000000 00000001 00000000"), einval("ACE 1: empty who"));
  EXPECT_EQ(reason(Form::Acl, "00000001 00000000 00000000 00000001 00000002 75000000"), einval("ACE 1: NUL byte in who"));
  EXPECT_EQ(reason(Form::Acl, "00000001" + good + "00000000"), einval("bytes after ACE 1"));
  EXPECT_EQ(reason(Form::Acl, "00000002" + good), einval("ACE 2: cut short"));
  EXPECT_EQ(reason(Form::Acl, "00000001 00000000 00000000 00000001 ffffffff 75000000"), einval("ACE 1: cut short"));
  EXPECT_EQ(reason(Form::Dacl, "00000008 00000000"), einval("reserved flag of the ACL"));
  EXPECT_EQ(reason(Form::Dacl, "00000000 00000001 00000002 00000010 00000001 00000001 75000000"),
            einval("ACE 1: audit and alarm do not belong into a DACL"));
  EXPECT_EQ(reason(Form::Numbers, "00000000 00000000"), einval("no ACE"));
  EXPECT_EQ(reason(Form::Numbers, "00000000 00000001 00000000 00000000 00000001 00000001 00000004"), einval("ACE 1: unknown special who"));
}

TEST(XdrTest, NoBytesAtAllStripAnAclOfNumbers) {
  const auto list = decode(Form::Numbers, "");
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->empty());
}

TEST(XdrTest, MoreThan64KiBIsE2big) {
  EXPECT_EQ(decode(Form::Acl, std::string(65540, '\0')).error().error, E2BIG);
  EXPECT_EQ(encode(Form::Acl, AceList(4000, list_of("A::alice:r")[0])).error().error, E2BIG);
}

TEST(XdrTest, NameThatIsNoNumberIsNotLeftOutOfNumbers) {
  const auto bytes = encode(Form::Numbers, list_of("A::1000:r,A::alice:r"));
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().error, EOPNOTSUPP);
  EXPECT_EQ(bytes.error().reason, "ACE 2: 'alice' has no number");
}

}  // namespace
}  // namespace acefs::nfs4
