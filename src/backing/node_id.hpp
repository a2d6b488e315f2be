// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "acefs/base/result.hpp"

namespace acefs::backing {

/// A random UUID (RFC 9562 version 4) in lower case, as OpenCloud gives to nodes.
Result<std::string> make_node_id();

}  // namespace acefs::backing
