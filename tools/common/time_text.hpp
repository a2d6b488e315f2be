// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "acefs/acl/ace.hpp"
#include "acefs/base/result.hpp"

namespace acefs::tool {

/// `2027-01-01T00:00:00Z`, with as many decimals of a second as it takes to lose nothing.
std::string format_time(acl::TimePoint time);

/// RFC 3339 (`2027-01-01T12:00:00.5+01:00`), or a date alone, which is its first instant in UTC. Nothing: neither, or outside
/// what 64 bits of nanoseconds can hold.
std::optional<acl::TimePoint> parse_time(std::string_view text);

/// What `--expires` takes: a time as parse_time reads it, `+` and a number with s, m, h, d or w, counted from `now`, or
/// `never` (0).
Parsed<acl::TimePoint> parse_expiry(std::string_view text, acl::TimePoint now);

}  // namespace acefs::tool
