// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "acefs/acl/acl.hpp"
#include "nfs4/ace.hpp"

namespace acefs::nfs4 {

/// A written ACE, understood.
struct Entry {
  Ace ace;
  std::string principal;    ///< as stored: "u:alice", "o:OWNER@"
  std::uint8_t scopes = 0;  ///< acl::Scope: where it counts
  std::size_t position = 0;  ///< in the list as written, from 1
  bool says_mode = false;   ///< it is part of the mode, not to be stored as a grant
};
using Entries = std::vector<Entry>;

inline bool gives_or_takes(const Ace& ace) { return ace.type == Type::Allow || ace.type == Type::Deny; }
inline bool counts_here(std::uint8_t scopes) { return (scopes & static_cast<unsigned>(acl::Scope::Self)) != 0; }

}  // namespace acefs::nfs4
