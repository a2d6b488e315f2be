// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace acefs::tool {

/// Objects keep the order in which they were written.
using Json = nlohmann::ordered_json;

/// On one line, without its newline. Bytes that are not UTF-8 become U+FFFD: names come with their bytes in hexadecimal
/// beside them where they matter.
inline std::string one_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace acefs::tool
