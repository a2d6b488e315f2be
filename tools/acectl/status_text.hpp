// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>

#include "common/json_text.hpp"

namespace acefs::tool::acectl {

/// For people: a line for each fact and option, then a table of the operations.
void print_status(const Json& status, std::ostream& out);
/// Prometheus' text exposition format, version 0.0.4.
void print_prometheus(const Json& status, std::ostream& out);

}  // namespace acefs::tool::acectl
