// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "audit/record.hpp"

namespace acefs::audit {

/// A record as one JSON object on one line, without its newline. Bytes that are not UTF-8 become U+FFFD; a path that has such bytes
/// comes with all of its bytes in hexadecimal beside it.
std::string json_line(const Record& record);

/// The line that stands in the place of `count` records that were lost.
std::string lost_line(acl::TimePoint time, std::uint64_t count);

}  // namespace acefs::audit
