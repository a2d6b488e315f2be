// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

#include "acefs/acl/ace.hpp"

namespace acefs::acl {
namespace {

using namespace std::string_literals;

const GrantKey kAlice{KeyKind::Plain, "u:alice"};
const GrantKey kStaff{KeyKind::Plain, "g:staff"};

TEST(EncodeTest, WritesTheFieldsInTheOrderOfReva) {
  Ace ace{.type = "A", .principal = "u:x", .permissions = "txr", .creator = "alice"};
  EXPECT_EQ(encode(ace), "\0t=A:f=:p=txr:c=alice:e=0\n"s);
}

TEST(EncodeTest, WritesShareTimePasswordAndLabelOnlyWhenPresentThenWhatWasUnknown) {
  Ace ace{.type = "A", .permissions = "r", .expires = 5, .share_time = 7, .password_hash = "h", .label = "my link"};
  ace.unknown_fields = {"zz=1=2", "q"};
  EXPECT_EQ(encode(ace), "\0t=A:f=:p=r:c=:e=5:s=7:w=h:l=my link:zz=1=2:q\n"s);
}

TEST(DecodeTest, KeepsUnknownFieldsWholeAndInOrder) {
  const auto ace = decode(kAlice, "\0zz=1=2:t=A:p=r:q:T=D\n"s);
  ASSERT_TRUE(ace);
  EXPECT_EQ(ace->unknown_fields, (std::vector<std::string>{"zz=1=2", "q", "T=D"}));
  EXPECT_EQ(encode(*ace), "\0t=A:f=:p=r:c=:e=0:zz=1=2:q:T=D\n"s);
}

TEST(DecodeTest, DropsEmptyFields) {
  const auto ace = decode(kAlice, "\0t=A::p=r::\n"s);
  ASSERT_TRUE(ace);
  EXPECT_TRUE(ace->unknown_fields.empty());
}

TEST(DecodeTest, ReadsThePositionalForm) {
  const auto ace = decode(kStaff, "\1A:fdg:rx:12:\"bob:1\":-5:hash=x:label\n"s);
  ASSERT_TRUE(ace) << ace.error().message;
  const Ace expected{.type = "A", .flags = "fdg", .principal = "g:staff", .permissions = "rx", .creator = "bob:1", .expires = -5,
                     .share_time = 12, .password_hash = "hash=x", .label = "label", .unknown_fields = {}};
  EXPECT_EQ(*ace, expected);
}

TEST(DecodeTest, RefusesAPositionalFormThatIsNotEightFieldsWithTwoNumbers) {
  for (const std::string& value : {"\1"s, "\1A::r:0:c:0:\n"s, "\1A::r:0:c:0:::\n"s, "\1A::r::c:0::\n"s, "\1A::r:0:c:x::\n"s}) {
    EXPECT_FALSE(decode(kAlice, value)) << value;
  }
}

TEST(DecodeTest, RefusesAPositionalFormThatWouldMeanSomethingElseByName) {
  EXPECT_FALSE(decode(kAlice, "\1A=x::rw:0::0::\n"s));
  EXPECT_FALSE(decode(kAlice, "\1A:=n:rw:0::0::\n"s));
  EXPECT_FALSE(decode({KeyKind::Deny, "u:alice"}, "\1D::r=w:0::0::\n"s));
}

TEST(DecodeTest, RefusesNumbersBeyond64Bits) {
  EXPECT_TRUE(decode(kAlice, "\0t=A:e=9223372036854775807\n"s));
  EXPECT_TRUE(decode(kAlice, "\0t=A:e=-9223372036854775808\n"s));
  EXPECT_FALSE(decode(kAlice, "\0t=A:e=9223372036854775808\n"s));
  EXPECT_FALSE(decode(kAlice, "\0t=A:e=-9223372036854775809\n"s));
  EXPECT_FALSE(decode(kAlice, "\0t=A:s=9223372036854775808\n"s));
  EXPECT_FALSE(decode(kAlice, "\0t=A:e=18446744073709551616\n"s));
}

TEST(DecodeTest, RefusesOtherEncodings) {
  for (const std::string& value : {""s, "t=A"s, "\2t=A\n"s, "\xfft=A\n"s, "\n"s}) EXPECT_FALSE(decode(kAlice, value));
}

TEST(DecodeTest, GroupFlagMustAgreeWithTheClass) {
  const std::string user_value = "\0t=A:f=fd:p=r\n"s;
  const std::string group_value = "\0t=A:f=fdg:p=r\n"s;
  EXPECT_TRUE(decode(kAlice, user_value));
  EXPECT_FALSE(decode(kAlice, group_value));
  EXPECT_TRUE(decode(kStaff, group_value));
  EXPECT_FALSE(decode(kStaff, user_value));
  EXPECT_TRUE(decode({KeyKind::Plain, "o:GROUP@"}, user_value));
  EXPECT_TRUE(decode({KeyKind::Plain, "o:GROUP@"}, group_value));
}

TEST(DecodeTest, TypeMustBeThatOfAQualifiedKey) {
  const std::string denial = "\0t=D:p=w\n"s;
  EXPECT_TRUE(decode({KeyKind::Deny, "u:alice"}, denial));
  EXPECT_FALSE(decode({KeyKind::Audit, "u:alice"}, denial));
  EXPECT_FALSE(decode({KeyKind::Alarm, "u:alice"}, denial));
  EXPECT_FALSE(decode({KeyKind::Deny, "u:alice"}, "\0t=A:p=w\n"s));
  EXPECT_FALSE(decode({KeyKind::Deny, "u:alice"}, "\0p=w\n"s));
}

TEST(DecodeTest, ErrorNamesTheByte) {
  const auto bare_quote = decode(kAlice, "\0t=A:c=a\"b\n"s);
  ASSERT_FALSE(bare_quote);
  EXPECT_EQ(bare_quote.error().message, "quote inside an unquoted field");
  EXPECT_EQ(bare_quote.error().offset, 8u);
  const auto two = decode(kAlice, "\0t=A\n\nt=D\n"s);
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().message, "more than one record");
  EXPECT_EQ(two.error().offset, 6u);
}

TEST(GrantTest, KeepsTheBytesOfAMalformedValueAndSaysWhy) {
  const Grant grant = Grant::read(kAlice, "nonsense");
  EXPECT_FALSE(grant.ace);
  EXPECT_EQ(grant.value, "nonsense");
  EXPECT_EQ(grant.error, "unknown encoding");
}

TEST(FullDenialTest, IsAPlainKeyWithoutAnAllowedLetter) {
  const GrantKey deny_key{KeyKind::Deny, "u:alice"};
  EXPECT_FALSE(is_full_denial(kAlice, {.type = "A", .permissions = "r"}));
  EXPECT_FALSE(is_full_denial(kAlice, {.type = "A", .permissions = "y"}));
  EXPECT_TRUE(is_full_denial(kAlice, {.type = "A"}));
  EXPECT_TRUE(is_full_denial(kAlice, {.type = "A", .permissions = "zZ9"}));
  for (std::string type : {"D", "U", "L", "", "a", "AA", " A"}) {
    EXPECT_TRUE(is_full_denial(kAlice, {.type = type, .permissions = "rw"})) << type;
  }
  EXPECT_FALSE(is_full_denial(deny_key, {.type = "D"}));
}

}  // namespace
}  // namespace acefs::acl
