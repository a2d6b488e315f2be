// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include "acefs/acl/decide.hpp"

namespace acefs::nfs4 {

/// What there is to know of a node besides its ACEs. Who owns it does not matter: what is served and accepted must hold for
/// everybody, and so for every owner.
struct Facts {
  mode_t mode = 0;
  bool is_directory = false;
  acl::Profile profile{};  ///< what the mode gives
};

}  // namespace acefs::nfs4
