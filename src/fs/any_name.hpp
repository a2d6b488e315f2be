// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "fs/authorize.hpp"
#include "node/names.hpp"

namespace acefs::fs {

/// As auth.look(), but of a node with several names, by one whose chain lets the caller do what `enough` asks for, if there is one: one of
/// them is enough. Else by the first, so that what it says is why he is refused.
template <typename Enough>
Result<At> look_by_any_name(Authorizer& auth, const Request& rq, node::NodeId id, node::Look when, Enough&& enough) {
  auto at = auth.look(rq, id, when);
  if (!at || !node::has_further_links(*at->node()) || enough(*at)) return at;
  auto other = auth.authorize_if(rq.untold(), id, std::forward<Enough>(enough), when);
  return other ? std::move(other) : std::move(at);
}

}  // namespace acefs::fs
