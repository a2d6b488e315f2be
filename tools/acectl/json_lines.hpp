// SPDX-License-Identifier: MIT
#pragma once

#include "common/io.hpp"
#include "common/json_text.hpp"

namespace acefs::tool::acectl {

/// One stored grant, bytes → fields: {"key_hex","value_hex"}.
Json decode_line(const Json& line);
/// Fields → bytes: {"type","flags","principal_hex","permissions","creator_hex","expires"}.
Json encode_line(const Json& line);
/// One decision, everything in the line: {"now","identity","segments","need","options"}.
Json decide_line(const Json& line);

/// Answers each line of JSON on standard input by one on standard output. A bad one is answered by what is wrong with it, and
/// makes the exit code Failed in the end.
Exit answer_lines(Json (*answer)(const Json&), Io& io);

}  // namespace acefs::tool::acectl
