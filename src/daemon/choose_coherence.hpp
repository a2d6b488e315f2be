// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "daemon/options.hpp"
#include "node/coherence.hpp"
#include "node/table.hpp"

namespace acefs::daemon {

/// The source that was asked for; with Auto fanotify where that works, else statx. `root` is borrowed. Throws StartError when the one
/// that was asked for cannot be had, or does not hear of changes behind the mount although cache=public needs that.
std::unique_ptr<node::Coherence> choose_coherence(const Options& options, int root, dev_t dev, node::Table& table,
                                                  node::BehindEvents& behind);

}  // namespace acefs::daemon
