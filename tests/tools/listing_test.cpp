// SPDX-License-Identifier: MIT
#include "common/listing.hpp"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "common/quoting.hpp"

namespace acefs::tool {
namespace {

using namespace std::string_literals;

acl::Grant grant(const std::string& key, const std::string& value) {
  return acl::Grant::read(*acl::parse_key(key), value);
}

/// Whether the lines that stand for a grant give its key and bytes when they are read.
bool comes_back(const acl::Grant& grant) {
  std::istringstream lines("# file: f\n" + format_grant(grant, {}));
  const auto read = parse_backup(lines, {});
  return read && read->size() == 1 && read->front().grants.size() == 1 &&
         read->front().grants[0].key == acl::format_key(grant.key) && read->front().grants[0].value == grant.value;
}

TEST(QuotingTest, NamesStayOnOneLineAndReadBack) {
  const std::string name = "a\nb\\c\t\x7f\xc3\xa4 d";
  EXPECT_EQ(quote_name(name), "a\\012b\\134c\\011\\177\xc3\xa4 d");
  EXPECT_EQ(unquote_name(quote_name(name)), name);
}

TEST(ListingTest, AnEntryStandsForItself) {
  EXPECT_EQ(format_grant(grant("u:alice", "\0t=A:f=:p=rw:c=:e=0\n"s), {}), "u:alice:rw\n");
}

TEST(ListingTest, WhatTheEntryDoesNotSayStandsBehindIt) {
  EXPECT_EQ(format_grant(grant("u:alice", "\0t=A:f=:p=rw:c=bob:e=1767225600000000000:s=1:w=h:l=a b:k=v\n"s), {}),
            "u:alice:rw #expires=2026-01-01T00:00:00Z creator=bob shared=1970-01-01T00:00:01Z label=\"a b\" password=h "
            "field=k=v\n");
}

TEST(ListingTest, ExpiredEntriesAreMarked) {
  EXPECT_EQ(format_grant(grant("u:alice", "\0t=A:f=:p=r:c=:e=1000000000\n"s), {2'000'000'000, {}}),
            "u:alice:r #expires=1970-01-01T00:00:01Z expired\n");
}

TEST(ListingTest, BytesThatAcefsWouldWriteOtherwiseComeAlong) {
  EXPECT_EQ(format_grant(grant("u:alice", "\0t=A:f=:p=rwrw:c=:e=0\n"s), {}),
            "u:alice:rw #raw=00743d413a663d3a703d727772773a633d3a653d300a\n");
}

TEST(ListingTest, MalformedGrantsAreGivenAsBytes) {
  EXPECT_EQ(format_grant(grant("u:alice", "junk"), {}).substr(0, 46), "# malformed, counts as a full denial: u:alice:");
  EXPECT_NE(format_grant(grant("u:alice", "junk"), {}).find("\n#raw 753a616c696365 6a756e6b\n"), std::string::npos);
}

TEST(ListingTest, EveryKindOfGrantComesBackByteForByte) {
  const std::vector<std::pair<std::string, std::string>> grants = {
      {"u:alice", "\0t=A:f=:p=rw:c=:e=0\n"s},
      {"u:alice", "\0t=A:f=:p=rxw:c=:e=0\n"s},
      {"u:alice", "\0t=D:f=:p=:c=:e=0\n"s},
      {"u:alice", "\0t=D:f=:p=rw:c=:e=0\n"s},
      {"u:alice", "\0t=Z:f=:p=rw:c=:e=0\n"s},
      {"u:alice", "\0t=A:f=:p=:c=:e=0\n"s},
      {"u:alice", "\0t=A:f=QX:p=r~:c=:e=-5\n"s},
      {"u:alice", "\1A::r:5:bob:7:hash:label\n"s},
      {"u:alice", "\0t=A:f=:p=r:c=a=b:e=0:l=x=y\n"s},
      {"u:alice", "\0t=A:f=:p=r:c=:e=0:s=9223372036854775807\n"s},
      {"u:alice", "\0t=A:f=:p=r:c=:e=0:s=-1\n"s},
      {"u:alice", "\0t=A:f=:p=r:c=:e=0:l=say \"\"hi\"\" # \\ \n"s},
      {"u:alice", ""},
      {"u:alice", "junk"},
      {"u:", "\0t=A:f=:p=r:c=:e=0\n"s},
      {"u:a:b,c#d\\e f\n\xff", "\0t=A:f=:p=r:c=:e=0\n"s},
      {"u:everyone@", "\0t=A:f=:p=r:c=:e=0\n"s},
      {"g:staff", "\0t=A:f=g:p=r:c=:e=0\n"s},
      {"g:staff", "\0t=A:f=fg:p=r:c=:e=0\n"s},
      {"g:staff", "\0t=A:f=:p=r:c=:e=0\n"s},
      {"o:EVERYONE@", "\0t=A:f=:p=r:c=:e=0\n"s},
      {"o:EVERYONE@", "\0t=A:f=g:p=r:c=:e=0\n"s},
      {"o:WHO", "\0t=A:f=:p=r:c=:e=0\n"s},
      {"D:u:alice", "\0t=D:f=fd:p=w:c=:e=0\n"s},
      {"D:u:alice", "\0t=D:f=:p=:c=:e=0\n"s},
      {"D:u:alice", "\0t=A:f=:p=w:c=:e=0\n"s},
      {"U:g:staff", "\0t=U:f=gSF:p=w:c=:e=0\n"s},
      {"L:o:OWNER@", "\0t=L:f=F:p=w:c=:e=0\n"s},
  };
  for (const auto& [key, value] : grants) EXPECT_TRUE(comes_back(grant(key, value))) << key << ' ' << to_hex(value);
}

TEST(ListingTest, RandomGrantsComeBackByteForByte) {
  std::mt19937 random(1);
  const std::string alphabet = ":=\"#\\ ,\n\t@agurwx0D\0\1\xc3"s;
  const auto word = [&](std::size_t most) {
    std::string text(random() % (most + 1), ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    return text;
  };
  for (int i = 0; i < 3000; ++i) {
    const acl::GrantKey key{random() % 2 != 0 ? acl::KeyKind::Plain : acl::KeyKind::Deny, "u:" + word(6)};
    acl::Ace ace;
    ace.type = random() % 4 != 0 ? std::string(1, static_cast<char>(key.kind)) : word(2);
    ace.flags = word(2);
    ace.principal = key.principal;
    ace.permissions = word(5);
    ace.creator = word(4);
    ace.label = word(6);
    ace.expires = static_cast<std::int64_t>(random()) - 7;
    const std::string value = i % 3 != 0 ? acl::encode(ace) : word(20);
    EXPECT_TRUE(comes_back(acl::Grant::read(key, value))) << to_hex(acl::format_key(key)) << ' ' << to_hex(value);
  }
}

TEST(ListingTest, ARemarkBehindAnEntryIsNoAnnotation) {
  const auto grants = parse_line("u:alice:r # expires=soon, says bob", {});
  ASSERT_TRUE(grants);
  EXPECT_FALSE(grants->front().expires);
}

TEST(ListingTest, AnAnnotationThatIsNotKnownIsAnErrorAndNotARemark) {
  const auto grants = parse_line("u:alice:r #expries=2026-01-01", {});
  ASSERT_FALSE(grants);
  EXPECT_EQ(grants.error().message, "unknown annotation 'expries'");
  EXPECT_EQ(grants.error().offset, 11u);
}

TEST(ListingTest, AnnotationsThatSayMoreThanTheirEntryAreAnError) {
  const auto grants = parse_line("u:alice:r #raw=" + to_hex("\0t=A:f=:p=rw:c=:e=0\n"s), {});
  ASSERT_FALSE(grants);
  EXPECT_EQ(grants.error().message, "raw= or field= says something else than the entry");
  EXPECT_FALSE(parse_line("u:alice:r #raw=" + to_hex("\0t=A:f=:p=r:c=:e=5\n"s), {}));
  EXPECT_FALSE(parse_line("u:alice:r #raw=6a756e6b", {}));
  EXPECT_FALSE(parse_line("u:alice:r #field=p=rw", {}));
  EXPECT_FALSE(parse_line("D::alice: #field=t=A field=p=r", {}));
}

TEST(ListingTest, AMalformedGrantIsTakenAsTheFullDenialThatItCountsAs) {
  const auto grants = parse_line("#raw 443a753a616c696365 6a756e6b", {});
  ASSERT_TRUE(grants);
  EXPECT_TRUE(grants->front().malformed);
  EXPECT_EQ(grants->front().entry.key, (acl::GrantKey{acl::KeyKind::Plain, "u:alice"}));
  EXPECT_EQ(grants->front().entry.permissions, "");
}

TEST(ListingTest, ABackupNamesTheLineThatIsWrong) {
  std::istringstream backup("# file: a\nu:alice:r\n\n# file: b\nu:bob:rz\n");
  const auto nodes = parse_backup(backup, {});
  ASSERT_FALSE(nodes);
  EXPECT_EQ(nodes.error().line, 5u);
  EXPECT_EQ(nodes.error().message, "unknown permission 'z' at 7");
}

TEST(ListingTest, ABackupWithTheSameGrantTwiceForAFileIsRefused) {
  std::istringstream backup("# file: a\nu:alice:r\nu:alice:w\n");
  EXPECT_FALSE(parse_backup(backup, {}));
}

TEST(ListingTest, ABackupThatDoesNotBeginWithAFileIsRefused) {
  std::istringstream backup("u:alice:r\n");
  EXPECT_FALSE(parse_backup(backup, {}));
}

}  // namespace
}  // namespace acefs::tool
