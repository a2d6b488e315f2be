// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "acefs/acl/perm.hpp"
#include "nfs4/ace.hpp"

namespace acefs::nfs4 {

/// The bits that mean something on a node of that kind: a file has no children to delete.
constexpr std::uint32_t all_bits(bool is_directory) { return is_directory ? kAllOfDirectory : kAllOfFile; }

/// The bits of `letters`. O and the letters of trash, versions and quota have none.
std::uint32_t bits_of(acl::AccessMask letters);
acl::AccessMask letters_of_bits(std::uint32_t bits);

}  // namespace acefs::nfs4
