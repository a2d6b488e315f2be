// SPDX-License-Identifier: MIT
#include "audit/json_line.hpp"

#include <time.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace acefs::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr acl::TimePoint kSecond = 1'000'000'000;
/// Bytes of a path that a line holds, half of them its beginning. A tree may be so deep that a record would be longer than a datagram.
constexpr std::size_t kMostPath = 4096;

/// RFC 3339, UTC, microseconds.
std::string text_of(acl::TimePoint time) {
  const time_t seconds = static_cast<time_t>(time / kSecond);
  struct tm utc {};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> date{};
  std::array<char, 48> text{};
  std::strftime(date.data(), date.size(), "%FT%T", &utc);
  std::snprintf(text.data(), text.size(), "%s.%06lldZ", date.data(), static_cast<long long>(time % kSecond / 1000));
  return text.data();
}

// What is not ASCII is escaped: a terminal may take C1 controls for commands.
std::string dump(const Json& json) { return json.dump(-1, ' ', true, Json::error_handler_t::replace); }

bool is_utf8(const std::string& text) { return Json::parse(dump(text)).get<std::string>() == text; }

std::string hex(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 0xf]};
  }
  return text;
}

std::string cut(const std::string& path) {
  if (path.size() <= kMostPath) return path;
  return path.substr(0, kMostPath / 2) + "..." + path.substr(path.size() - kMostPath / 2);
}

/// A path in a line, with what is to be known of it besides.
void add_path(Json& to, const char* name, const std::string& path) {
  const std::string shown = cut(path);
  to[name] = shown;
  if (shown.size() != path.size()) to[std::string(name) + "_length"] = path.size();
  if (!is_utf8(shown)) to[std::string(name) + "_hex"] = hex(shown);
}

}  // namespace

std::string json_line(const Record& record) {
  Json line = {{"time", text_of(record.time)}, {"operation", record.operation}};
  add_path(line, "path", record.path);
  line["principal"] = record.principal;
  line["uid"] = record.uid;
  line["gid"] = record.gid;
  line["pid"] = record.pid;
  line["command"] = record.command;
  line["needed"] = acl::letters_of(record.needed);
  line["missing"] = acl::letters_of(record.missing);
  line["outcome"] = record.granted ? "granted" : "denied";
  line["reason"] = record.reason;
  line["decided"] = {{"segment", cut(record.decided_at)}};
  if (!record.decided_by.empty()) line["decided"]["ace"] = record.decided_by;
  line["watched_by"] = Json::array();
  for (const NamedAce& ace : record.watchers) {
    const char* const type = ace.kind == acl::EntryKind::Alarm ? "alarm" : "audit";
    line["watched_by"].push_back({{"type", type}, {"segment", cut(ace.path)}, {"ace", ace.text}});
  }
  return dump(line);
}

std::string lost_line(acl::TimePoint time, std::uint64_t count) {
  return dump({{"time", text_of(time)}, {"operation", "lost"}, {"records", count}});
}

}  // namespace acefs::audit
