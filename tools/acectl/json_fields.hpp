// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "common/json_text.hpp"

namespace acefs::tool::acectl {

/// A line is not what it should be; what() says how.
class BadLine : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The member, which must be there.
const Json& member(const Json& object, const char* name);
/// A member of an object, or null when it is absent.
const Json& optional_member(const Json& object, const char* name);

std::string string_of(const Json& value, const char* name);
/// A string of hexadecimal digits, as bytes.
std::string bytes_of(const Json& value, const char* name);
/// A number, or a string of decimal digits: 64 bits are more than many JSON readers keep.
std::int64_t integer_of(const Json& value, const char* name);
/// A uid or gid; 4294967295 is none and so refused.
std::uint32_t id_of(const Json& value, const char* name);

/// As above, of a member that may be absent, then `absent`.
std::string string_or(const Json& object, const char* name, const std::string& absent);
std::string bytes_or(const Json& object, const char* name, const std::string& absent);
std::int64_t integer_or(const Json& object, const char* name, std::int64_t absent);

}  // namespace acefs::tool::acectl
