// SPDX-License-Identifier: MIT
#pragma once

#include "acefs/acl/decide.hpp"

namespace acefs::tool::acectl {

/// "denied_by_ace" …, for JSON.
const char* name_of(acl::ReasonKind kind);

}  // namespace acefs::tool::acectl
