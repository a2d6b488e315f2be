// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/options.hpp"
#include "fuse/metrics.hpp"

namespace acefs::daemon {

/// What a mount says of itself, in the order in which it is told.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// Lines of key=value, control bytes and the backslash in values as `\ooo`: what `system.acefs.status` shows to everybody on the mount.
std::string lines_of(const Facts& facts);

/// The options in force, by their names, those included that were not given.
Facts in_force(const Options& options);

/// One JSON object: the facts, `descriptors`, `options`, and of each operation that occurred its count, refusals and durations.
std::string report_of(const Facts& facts, const Options& options, const fuse::Metrics& metrics);

}  // namespace acefs::daemon
