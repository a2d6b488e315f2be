// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "common/io.hpp"
#include "common/json_text.hpp"

namespace acefs::tool::acectl {

/// How much of an answer is one.
enum class Wanted {
  WhatCanBeHad,  ///< for who may not ask the daemon's socket, what everybody on the mount is told, which is noted
  All,
};

/// What the mount that `path` is on says of itself (acefs(8), STATUS), by its socket. What is wrong was said when there is nothing.
std::optional<Json> ask_mount(const std::string& path, Wanted wanted, Complaints& complaints);

}  // namespace acefs::tool::acectl
