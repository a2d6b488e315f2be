// SPDX-License-Identifier: MIT
// The lines of JSON that acectl decode, encode and decide answer. Input: one byte for the command, then the lines.
#include <sstream>

#include "acectl/json_fields.hpp"
#include "acectl/json_lines.hpp"
#include "acefs/acl/perm.hpp"
#include "acefs/backing/grants.hpp"
#include "common/quoting.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
namespace {

using tool::Json;
using tool::acectl::decide_line;

acl::AccessMask letters_of(const Json& json) { return acl::mask_of(json.get<std::string>()); }

bool is_root(const Json& line) {
  const Json& identity = tool::acectl::optional_member(line, "identity");
  if (identity.is_null()) return false;
  const Json& uid = tool::acectl::optional_member(identity, "uid");
  return !uid.is_null() && tool::acectl::id_of(uid, "uid") == 0;
}

/// With a malformed grant for everyone on the node itself.
Json with_malformed(Json line) {
  const Json& options = tool::acectl::optional_member(line, "options");
  const std::string usual(backing::kDefaultPrefix);
  const std::string prefix = options.is_null() ? usual : tool::acectl::string_or(options, "prefix", usual);
  Json& node = line["segments"].back();
  if (node.contains("xattrs") && node["xattrs"].is_null()) node.erase("xattrs");
  node["xattrs"][prefix + std::string(acl::kEveryoneWho)] = "ff";
  return line;
}

void check_decision(const Json& line, const Json& answer) {
  const acl::AccessMask effective = letters_of(answer["effective"]);
  must(!answer["granted"].get<bool>() || effective.contains(letters_of(line["need"])), "what is granted is within what is effective");
  if (is_root(line)) return;
  must(acl::mask_of("tTcCoO").contains(letters_of(decide_line(with_malformed(line))["effective"])),
       "a malformed grant for everyone leaves the owner's part at most");
}

void check_stored(const Json& answer) {
  const acl::GrantKey key{acl::KeyKind::Plain, *tool::from_hex(answer["principal_hex"].get<std::string>())};
  if (answer["denial"].get<bool>()) return;
  const auto again = acl::Grant::read(key, *tool::from_hex(answer["encoded_hex"].get<std::string>()));
  must(!again.ace || acl::mask_of(again.ace->permissions) == letters_of(answer["permissions"]), "what is answered is what is encoded");
}

Json checked(Json (*command)(const Json&), const Json& line) {
  Json answer = command(line);
  if (command == decide_line) {
    check_decision(line, answer);
  } else if (command == tool::acectl::decode_line && answer["ok"].get<bool>()) {
    check_stored(answer);
  }
  return answer;
}

template <Json (*command)(const Json&)>
Json checked_by(const Json& line) {
  return checked(command, line);
}

/// Each line that is not blank has one answer, which is one line of JSON.
void check_answers(std::string_view text, const std::string& answers) {
  std::istringstream asked{std::string(text)}, got(answers);
  for (std::string line, answer; std::getline(asked, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    must(static_cast<bool>(std::getline(got, answer)), "each line has its answer");
    must(Json::accept(answer), "an answer is JSON");
  }
  must(got.peek() == std::istringstream::traits_type::eof(), "nothing else is answered");
}

void check_lines(unsigned command, std::string_view text) {
  using namespace tool::acectl;
  constexpr Json (*kCommands[])(const Json&) = {checked_by<decode_line>, checked_by<encode_line>, checked_by<decide_line>};
  std::istringstream in{std::string(text)};
  std::ostringstream out, err;
  tool::Io io{in, out, err, [] { return acl::TimePoint{0}; }};
  (void)answer_lines(kCommands[command], io);
  check_answers(text, out.str());
}

}  // namespace

void fuzz_json_lines(std::string_view input) {
  const unsigned command = take_choice(input, 3);
  check_lines(command, input);
}

}  // namespace acefs::fuzz
