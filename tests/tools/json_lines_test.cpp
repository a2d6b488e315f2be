// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/quoting.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

using nlohmann::json;
using namespace std::string_literals;

std::vector<json> golden(const std::string& op) {
  std::ifstream file(ACEFS_TEST_DATA "/ace_kv_public.jsonl");
  std::vector<json> cases;
  for (std::string line; std::getline(file, line);)
    if (json c = json::parse(line); c["op"] == op) cases.push_back(std::move(c));
  return cases;
}

json answer(const std::string& command, const json& line) { return json::parse(acectl({command}, line.dump() + "\n").out); }

std::string text_of(const json& hex) { return *from_hex(hex.get<std::string>()); }

/// acefs reads what reva cannot: the positional form and the `o:` class.
bool is_stated_difference(const json& in) {
  const std::string key = text_of(in["principal_hex"]), value = text_of(in["value_hex"]);
  const bool key_is_ours = key.size() >= 2 && key[1] == ':' && (key[0] == 'u' || key[0] == 'g');
  return !key_is_ours || value.starts_with('\1');
}

TEST(DecodeTest, AgreesWithRevaOnEveryStoredGrant) {
  const auto cases = golden("unmarshal");
  ASSERT_GT(cases.size(), 500u);
  for (const json& c : cases) {
    if (is_stated_difference(c["in"])) continue;
    const json got = answer("decode", {{"key_hex", c["in"]["principal_hex"]}, {"value_hex", c["in"]["value_hex"]}});
    ASSERT_EQ(got["ok"], c["out"]["ok"]) << c["id"];
    if (!c["out"]["ok"].get<bool>()) continue;
    const json& ace = c["out"]["ace"];
    EXPECT_EQ(got["principal_hex"], ace["principal_hex"]) << c["id"];
    EXPECT_EQ(got["creator_hex"], ace["creator_hex"]) << c["id"];
    EXPECT_EQ(got["label_hex"], ace["label_hex"]) << c["id"];
    EXPECT_EQ(got["expires"], ace["expires"]) << c["id"];
    EXPECT_EQ(got["share_time"], ace["share_time"]) << c["id"];
  }
}

TEST(DecodeTest, LinesThatSayNothingOfAGrantAreAnsweredAndFailInTheEnd) {
  const Output done = acectl({"decode"}, "x\n\n{}\n{\"key_hex\":\"7\",\"value_hex\":\"\"}\n{\"key_hex\":\"78\",\"value_hex\":\"\"}\n");
  EXPECT_EQ(done.exit, 1);
  EXPECT_EQ(done.out,
            "{\"ok\":false,\"error\":\"line 1: not JSON\"}\n"
            "{\"ok\":false,\"error\":\"line 3: \\\"key_hex\\\" is missing\"}\n"
            "{\"ok\":false,\"error\":\"line 4: expected hexadecimal digits in \\\"key_hex\\\"\"}\n"
            "{\"ok\":false,\"error\":\"not the key of a grant\"}\n");
}

TEST(DecodeTest, AMalformedGrantIsAnAnswerAndNotABadLine) {
  const Output done = acectl({"decode"}, "{\"key_hex\":\"753a61\",\"value_hex\":\"\"}\n");
  EXPECT_EQ(done.exit, 0);
  EXPECT_EQ(json::parse(done.out)["ok"], false);
}

TEST(DecodeTest, SaysWhatADenialIs) {
  const auto denial = [](const std::string& key, const std::string& value) {
    return answer("decode", {{"key_hex", to_hex(key)}, {"value_hex", to_hex(value)}})["denial"].get<bool>();
  };
  EXPECT_TRUE(denial("u:a", "\0t=D:f=:p=r:c=:e=0\n"s));
  EXPECT_TRUE(denial("u:a", "\0t=A:f=:p=:c=:e=0\n"s));
  EXPECT_FALSE(denial("u:a", "\0t=A:f=:p=r:c=:e=0\n"s));
}

TEST(DecodeTest, BytesThatAreNotUtf8DoNotBreakTheJson) {
  const json got = answer("decode", {{"key_hex", "753aff"}, {"value_hex", to_hex("\0t=\xff:f=\xfe:p=\xfd:c=\xff:e=0\n"s)}});
  EXPECT_EQ(got["ok"], true);
  EXPECT_EQ(got["creator_hex"], "ff");
}

TEST(EncodeTest, IsByteForByteWhatRevaWrites) {
  const auto cases = golden("marshal_fields");
  ASSERT_GT(cases.size(), 20u);
  for (const json& c : cases) {
    const json& in = c["in"];
    const std::string type = text_of(in["type_hex"]);
    if (type != "A" && type != "D") continue;  // no writer produces others under a plain key
    const json got = answer("encode", {{"type", type},
                                       {"flags", text_of(in["flags_hex"])},
                                       {"principal_hex", in["principal_hex"]},
                                       {"permissions", text_of(in["permissions_hex"])},
                                       {"creator_hex", in["creator_hex"]},
                                       {"expires", in["expires"]}});
    EXPECT_EQ(got["value_hex"], c["out"]["value_hex"]) << c["id"];
    EXPECT_EQ(got["key_hex"], c["out"]["principal_hex"]) << c["id"];
  }
}

TEST(EncodeTest, WhatDeniesAPartAuditsOrAlarmsHasAKeyOfItsOwn) {
  const auto key = [](const std::string& type, const std::string& permissions) {
    const json line = {{"type", type}, {"principal_hex", to_hex("u:a")}, {"permissions", permissions}};
    return text_of(answer("encode", line)["key_hex"]);
  };
  EXPECT_EQ(key("A", "r"), "u:a");
  EXPECT_EQ(key("A", ""), "u:a");
  EXPECT_EQ(key("D", ""), "u:a");
  EXPECT_EQ(key("D", "r"), "D:u:a");
  EXPECT_EQ(key("U", "r"), "U:u:a");
  EXPECT_EQ(key("L", "r"), "L:u:a");
}

TEST(EncodeTest, IntegersAreTakenAsNumbersAndAsStrings) {
  const json as_number = {{"type", "A"}, {"principal_hex", "753a61"}, {"expires", 5}};
  const json as_string = {{"type", "A"}, {"principal_hex", "753a61"}, {"expires", "5"}};
  EXPECT_EQ(answer("encode", as_number), answer("encode", as_string));
  const json too_large = {{"type", "A"}, {"principal_hex", "753a61"}, {"expires", "9223372036854775808"}};
  EXPECT_EQ(answer("encode", too_large)["ok"], false);
}

/// A directory and a file in it, both 0:0.
class DecideLineTest : public ::testing::Test {
 protected:
  json line = {{"now", "1000"},
               {"identity", {{"uid", 1000}, {"gid", 1000}, {"users", {"alice"}}, {"groups", {"staff"}}, {"gids", {2000}}}},
               {"segments",
                {{{"type", "dir"}, {"mode", "0755"}, {"uid", 0}, {"gid", 0}, {"xattrs", json::object()}},
                 {{"type", "file"}, {"mode", "0640"}, {"uid", 0}, {"gid", 0}, {"xattrs", json::object()}}}},
               {"need", "r"}};

  void store(std::size_t segment, const std::string& key, const std::string& value) {
    line["segments"][segment]["xattrs"]["user.oc.grant." + key] = to_hex("\0"s + value + "\n");
  }
  json decide() { return answer("decide", line); }
};

TEST_F(DecideLineTest, WithoutAceTheModeDecides) {
  EXPECT_EQ(decide(), (json{{"granted", false},
                            {"effective", "t"},
                            {"reason", {{"kind", "not_granted"}, {"segment", 1}, {"letters", "r"}}}}));
}

TEST_F(DecideLineTest, GrantsAboveCountByUserGroupAndNumber) {
  for (const char* key : {"u:alice", "u:1000", "g:staff", "g:1000", "g:2000"}) {
    line["segments"][0]["xattrs"] = json::object();
    store(0, key, std::string("t=A:f=") + (key[0] == 'g' ? "g" : "") + ":p=rw:c=:e=0");
    EXPECT_EQ(decide()["granted"], true) << key;
    EXPECT_EQ(decide()["effective"], "rwt") << key;
  }
}

TEST_F(DecideLineTest, TheReasonNamesTheAceThatDenies) {
  store(1, "u:alice", "t=A:f=:p=r:c=:e=0");
  store(0, "D:g:staff", "t=D:f=g:p=r:c=:e=0");
  EXPECT_EQ(decide()["reason"], (json{{"kind", "denied_by_ace"},
                                      {"segment", 0},
                                      {"letters", "r"},
                                      {"ace_segment", 0},
                                      {"ace_key", "D:g:staff"},
                                      {"ace_key_hex", to_hex("D:g:staff")}}));
}

TEST_F(DecideLineTest, ExpiryIsTheLastNanosecondThatCounts) {
  store(1, "u:alice", "t=A:f=:p=r:c=:e=1000");
  EXPECT_EQ(decide()["granted"], true);
  line["now"] = 1001;
  EXPECT_EQ(decide()["granted"], false);
}

TEST_F(DecideLineTest, AnIdentityWithoutNumbersOwnsNothing) {
  line["identity"] = {{"users", {"alice"}}};
  line["segments"][1]["mode"] = "0770";
  EXPECT_EQ(decide()["effective"], "t");
  line["segments"][1]["uid"] = 4294967295;
  EXPECT_EQ(decide()["ok"], false);
}

TEST_F(DecideLineTest, OptionsChangeTheRules) {
  line["segments"][0]["mode"] = "0700";
  line["segments"][1]["mode"] = "0644";
  EXPECT_EQ(decide()["reason"]["kind"], "no_traverse");
  line["options"] = {{"traverse", "bypass"}};
  EXPECT_EQ(decide()["granted"], true);
  line["options"]["base"] = "none";
  EXPECT_EQ(decide()["effective"], "");
  line["identity"] = {{"uid", 0}, {"gid", 0}};
  EXPECT_EQ(decide()["reason"]["kind"], "granted_to_root");
  line["options"]["root"] = "squash";
  EXPECT_EQ(decide()["granted"], false);
}

TEST_F(DecideLineTest, AnEmptyNeedAsksForTheEffectivePermissions) {
  line["need"] = "";
  EXPECT_EQ(decide()["granted"], true);
}

TEST_F(DecideLineTest, LinesThatLeaveAnythingOpenAreBad) {
  const json good = line;
  const auto is_bad = [&](const char* pointer, const json& value) {
    line = good;
    line[json::json_pointer(pointer)] = value;
    return decide().value("ok", true) == false;
  };
  EXPECT_TRUE(is_bad("/need", "rz"));
  EXPECT_TRUE(is_bad("/now", "soon"));
  EXPECT_TRUE(is_bad("/segments", json::array()));
  EXPECT_TRUE(is_bad("/segments/0/type", "file"));
  EXPECT_TRUE(is_bad("/segments/0/mode", "rwx"));
  EXPECT_TRUE(is_bad("/segments/0/uid", -1));
  EXPECT_TRUE(is_bad("/segments/0/xattrs", json{{"user.oc.grant.u:a", "0"}}));
  EXPECT_TRUE(is_bad("/options", json{{"base", "all"}}));
  EXPECT_TRUE(is_bad("/identity/gids", "x"));
}

}  // namespace
}  // namespace acefs::tool::test
