// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/base/result.hpp"

namespace acefs::acl {

/// The fields of the one record in `text`, as Go's encoding/csv reads them with ':' as the comma, its default settings
/// otherwise (encoding/csv reader.go): a field is quoted when its first byte is '"', quotes inside are doubled, a quoted
/// field may span lines; CRLF is read as LF, inside quotes too; a CR at the very end and blank lines are dropped; nothing is trimmed.
///
/// Fails when there is no record, more than one, a quote inside an unquoted field, anything after a closing quote, or no
/// closing quote.
Parsed<std::vector<std::string>> read_record(std::string_view text);

/// One record and its newline, quoted where Go's encoding/csv writer quotes.
std::string write_record(std::span<const std::string> fields);

}  // namespace acefs::acl
