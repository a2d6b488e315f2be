// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace acefs::nfs4 {

// The two sides name the same places by other flags. On a directory:
//
//     counts on                      stored     NFSv4
//     it and everything below        none, fd   fd
//     it alone                       n          none
//     nothing but what is below      i          fdi
//     nowhere                        ni         ni
//
// All others are the same. A file's ACE counts on the file, whatever its flags.

/// The f d n i S F flags of an ACE with these stored flags.
std::uint32_t flags_of_stored(std::string_view stored, bool is_directory);
/// The other way: what to store for an ACE that came with `flags`; `g` when kGroup is among them.
std::string stored_of_flags(std::uint32_t flags, bool is_directory);
/// Where an ACE with these NFSv4 flags counts, as a set of acl::Scope.
std::uint8_t scopes_of_flags(std::uint32_t flags, bool is_directory);

}  // namespace acefs::nfs4
