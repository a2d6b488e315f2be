// SPDX-License-Identifier: MIT
#include "time_text.hpp"

#include <charconv>
#include <cstdio>
#include <ctime>

namespace acefs::tool {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// Reads `digits` decimal digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// Days and seconds as timegm(3) counts them, nothing for a date or time that does not exist (it would normalize).
std::optional<std::int64_t> seconds_of(std::tm broken_down) {
  const std::tm wanted = broken_down;
  const std::time_t seconds = ::timegm(&broken_down);
  if (broken_down.tm_mday != wanted.tm_mday || broken_down.tm_mon != wanted.tm_mon ||
      broken_down.tm_hour != wanted.tm_hour || broken_down.tm_min != wanted.tm_min || broken_down.tm_sec != wanted.tm_sec)
    return std::nullopt;
  return seconds;
}

/// `.5` → nanoseconds; more than nine digits are refused, because they cannot be kept.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return 0;
  std::int64_t nanoseconds = 0;
  std::int64_t unit = kSecond;
  std::size_t digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits) {
    unit /= 10;
    nanoseconds += unit * (text[0] - '0');
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  return nanoseconds;
}

/// `Z` or `+01:00` → seconds east of UTC.
std::optional<std::int64_t> take_zone(std::string_view& text) {
  if (take(text, "Zz")) return 0;
  const bool west = !text.empty() && text[0] == '-';
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::int64_t offset = std::int64_t{*hours} * 3600 + *minutes * 60;
  return west ? -offset : offset;
}

std::optional<acl::TimePoint> time_point(std::int64_t seconds, std::int64_t nanoseconds) {
  acl::TimePoint time = 0;
  if (seconds < 0 && nanoseconds > 0) {  // so that the first instants that fit can be reached without leaving the range
    ++seconds;
    nanoseconds -= kSecond;
  }
  if (__builtin_mul_overflow(seconds, kSecond, &time) || __builtin_add_overflow(time, nanoseconds, &time))
    return std::nullopt;
  return time;
}

std::optional<std::int64_t> seconds_in(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86'400;
    case 'w': return 7 * 86'400;
    default: return std::nullopt;
  }
}

}  // namespace

std::string format_time(acl::TimePoint time) {
  std::int64_t nanoseconds = time % kSecond;
  std::time_t seconds = time / kSecond;
  if (nanoseconds < 0) {
    nanoseconds += kSecond;
    --seconds;
  }
  std::tm broken_down{};
  ::gmtime_r(&seconds, &broken_down);
  char text[40];
  std::string result(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &broken_down));
  if (nanoseconds != 0) {
    std::snprintf(text, sizeof text, ".%09d", static_cast<int>(nanoseconds));
    result += text;
    result.erase(result.find_last_not_of('0') + 1);
  }
  return result + 'Z';
}

std::optional<acl::TimePoint> parse_time(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  std::tm broken_down{};
  broken_down.tm_year = *year - 1900;
  broken_down.tm_mon = *month - 1;
  broken_down.tm_mday = *day;

  std::int64_t nanoseconds = 0;
  std::int64_t east = 0;
  if (!text.empty()) {
    if (!take(text, "Tt ")) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ":")) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second) return std::nullopt;
    broken_down.tm_hour = *hour;
    broken_down.tm_min = *minute;
    broken_down.tm_sec = *second;
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    const auto zone = take_zone(text);
    if (!zone || !text.empty()) return std::nullopt;
    nanoseconds = *fraction;
    east = *zone;
  }
  const auto seconds = seconds_of(broken_down);
  return seconds ? time_point(*seconds - east, nanoseconds) : std::nullopt;
}

Parsed<acl::TimePoint> parse_expiry(std::string_view text, acl::TimePoint now) {
  if (text == "never") return acl::TimePoint{0};
  if (!text.empty() && text[0] == '+') {
    std::int64_t count = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 1, end, count);
    const auto unit = end - stop == 1 ? seconds_in(*stop) : std::nullopt;
    if (error != std::errc{} || !unit || count < 0)
      return ParseError{"expected a number and one of s m h d w after '+'", 1};
    acl::TimePoint time = 0;
    if (__builtin_mul_overflow(count, *unit, &time) || __builtin_mul_overflow(time, kSecond, &time) ||
        __builtin_add_overflow(time, now, &time))
      return ParseError{"too far in the future", 1};
    return time;
  }
  const auto time = parse_time(text);
  if (!time) return ParseError{"expected a time like 2027-01-31T18:00:00Z, a date, '+7d' or 'never'", 0};
  if (*time == 0) return ParseError{"the first instant of 1970 is stored as 'never'", 0};
  return *time;
}

}  // namespace acefs::tool
