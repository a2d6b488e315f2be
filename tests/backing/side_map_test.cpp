// SPDX-License-Identifier: MIT
#include "backing/side_map.hpp"

#include <gtest/gtest.h>

#include "backing/node_attributes.hpp"
#include "backing/node_id.hpp"
#include "backing/side_file.hpp"

namespace acefs::backing {
namespace {

using namespace std::string_literals;

TEST(SideMapTest, ReadsWhatItWrites) {
  Attributes attributes{{"user.oc.grant.u:a", "\0t=A\n"s}, {"empty", ""}, {"large", std::string(70'000, 'x')}};
  EXPECT_EQ(unpack(pack(attributes)), attributes);
  for (int i = 0; i < 70'000; ++i) attributes.emplace(std::to_string(i), "v");
  EXPECT_EQ(unpack(pack(attributes)), attributes);
}

TEST(SideMapTest, WritesTheShortFormsThatGoWrites) {
  EXPECT_EQ(pack({}), "\x80"s);
  EXPECT_EQ(pack({{"a", "\0"s}}), "\x81\xa1" "a" "\xc4\x01\x00"s);
}

TEST(SideMapTest, ReadsEveryFormOfStrings) {
  EXPECT_EQ(unpack("\x82\xa1" "a" "\xa1" "x" "\xd9\x01" "b" "\xc0"s), (Attributes{{"a", "x"}, {"b", ""}}));
  EXPECT_EQ(unpack("\xde\x00\x01\xda\x00\x01" "a" "\xc5\x00\x01" "x"s), (Attributes{{"a", "x"}}));
  EXPECT_EQ(unpack("\xdf\x00\x00\x00\x01\xdb\x00\x00\x00\x01" "a" "\xc6\x00\x00\x00\x01" "x"s), (Attributes{{"a", "x"}}));
}

TEST(SideMapTest, AnythingElseIsCorrupt) {
  const std::string cases[] = {
      ""s,                                     // nothing
      "\x81"s,                                 // a map that ends early
      "\x81\xa1" "a"s,                         // without its value
      "\x81\xa1" "a" "\xc4\x05" "x"s,          // value cut short
      "\x80\x80"s,                             // followed by more
      "\xc0"s, "\xa1" "a"s, "\x01"s, "\x90"s,  // no map
      "\x81\xa1" "a" "\x01"s,                  // a number as value
      "\x81\xa1" "a" "\xc3"s,                  // a truth value
      "\x81\xa1" "a" "\x90"s,                  // an array
      "\x81\xa1" "a" "\x80"s,                  // a map in the map
      "\x81\xa1" "a" "\xd4\x01\x00"s,          // an extension
      "\x81\xc0\xc0"s,                         // nil as name
      "\x81\x01\xa1" "a"s,                     // a number as name
      "\x82\xa1" "a" "\xc0\xa1" "a" "\xc0"s,   // the same name twice
      "\xdf\xff\xff\xff\xff"s,                 // more announced than there is
      "\xc1"s,                                 // never used
  };
  for (const std::string& bytes : cases) EXPECT_FALSE(unpack(bytes)) << testing::PrintToString(bytes);
}

TEST(SideMapTest, EveryPrefixOfAMapIsCorrupt) {
  const std::string whole = pack({{"user.oc.grant.u:a", "value"}, {"user.oc.grant.u:b", std::string(300, 'x')}});
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(unpack(std::string_view(whole).substr(0, size))) << size;
}

TEST(SidePathTest, IsWhereOpenCloudLooks) {
  const auto path = [](std::string_view id) { return *side_path_of(id); };
  EXPECT_EQ(path("47aa2dba-d9e2-4723-8ad5-cfbc1d74bd1c"), ".oc-nodes/47/aa/2d/ba/-d9e2-4723-8ad5-cfbc1d74bd1c.mpk");
  EXPECT_EQ(path("a"), ".oc-nodes/a.mpk");
  EXPECT_EQ(path("ab"), ".oc-nodes/ab.mpk");
  EXPECT_EQ(path("abc"), ".oc-nodes/ab/c.mpk");
  EXPECT_EQ(path("abcdefgh"), ".oc-nodes/ab/cd/ef/gh.mpk");
  EXPECT_EQ(path("abcdefghi"), ".oc-nodes/ab/cd/ef/gh/i.mpk");
}

TEST(SidePathTest, NoIdLeadsOutOfThePlace) {
  for (const std::string& id : {""s, "/"s, "a/b"s, "../../etc/passwd"s, ".."s, "."s, "..abc"s, "ab..cd"s, "abcdef..x"s, "a\0b"s, "ab."s,
                                "ab.."s, std::string(201, 'a')}) {
    const auto path = side_path_of(id);
    ASSERT_FALSE(path) << testing::PrintToString(id) << *path;
    EXPECT_EQ(path.error().errno_value(), EIO);
  }
}

TEST(NodeIdTest, IsARandomUuid) {
  const auto id = make_node_id();
  ASSERT_TRUE(id);
  ASSERT_EQ(id->size(), 36u);
  EXPECT_EQ(id->find_first_not_of("0123456789abcdef-"), std::string::npos);
  EXPECT_EQ((*id)[14], '4');
  EXPECT_NE(std::string("89ab").find((*id)[19]), std::string::npos);
  EXPECT_NE(*id, *make_node_id());
}

TEST(NodeNamesTest, ComeFromThePrefixOfGrants) {
  EXPECT_EQ(NodeNames("user.oc.grant.").id, "user.oc.id");
  EXPECT_EQ(NodeNames("user.ocis.grant.").id, "user.ocis.id");
  EXPECT_EQ(NodeNames("user.ocis.grant.").marker, "user.ocis.metadata_offloaded");
  EXPECT_EQ(NodeNames("user.ocis.grant.").metadata, "user.ocis.md.");
  EXPECT_EQ(NodeNames("user.grant.").id, "user.oc.id");  // user.id is somebody else's
}

}  // namespace
}  // namespace acefs::backing
