// SPDX-License-Identifier: MIT
#include "nfs4/names.hpp"

#include <strings.h>

#include <charconv>

namespace acefs::nfs4 {
namespace {

/// Domains have no case.
bool is_same_domain(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string PlainNames::shown(const std::string& principal) const { return principal.substr(2); }

std::optional<std::uint32_t> PlainNames::number(const std::string& principal) const {
  const char* begin = principal.data() + 2;
  const char* end = principal.data() + principal.size();
  std::uint32_t id = 0;
  const auto [stop, error] = std::from_chars(begin, end, id);
  const bool leading_zero = end - begin > 1 && *begin == '0';  // a name: nobody's uid is written so
  if (error != std::errc{} || stop != end || leading_zero) return std::nullopt;
  return id;
}

std::optional<std::string> PlainNames::stored(bool group, std::string_view who) const {
  const auto at = who.rfind('@');
  if (!domain_.empty() && at != std::string_view::npos && at > 0 && is_same_domain(who.substr(at + 1), domain_)) who = who.substr(0, at);
  return std::string(group ? "g:" : "u:") + std::string(who);
}

bool PlainNames::may_be_one(const std::string& a, const std::string& b) const {
  return number(a).has_value() != number(b).has_value();
}

}  // namespace acefs::nfs4
