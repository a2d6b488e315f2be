// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include "acefs/principal/resolver.hpp"
#include "backing/backing.hpp"
#include "node/node.hpp"

namespace acefs::fs {

/// Who asks, and with which umask.
struct Request {
  principal::Caller caller;
};

/// What the kernel is told of a node that it looked up or had made; counts as one lookup.
struct Entry {
  node::NodeId id{};
  backing::Attr attr;
};

}  // namespace acefs::fs
