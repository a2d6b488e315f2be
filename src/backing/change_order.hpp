// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/backing/grants.hpp"

namespace acefs::backing {

/// Key of a grant → its value, nothing: none. What a batch makes of each key.
using KeyedChanges = std::map<std::string, std::optional<std::string>, std::less<>>;

/// The changes in the order in which they are made one xattr at a time: what takes rights (a denial set, an allow ACE removed
/// or narrowed) first, what gives and takes next, what only gives last.
///
/// So whoever looks in between, or after a crash, sees no right that neither the old nor the new grants give, as long
/// as not more than one change both gives and takes. `old` holds the values before, by key.
std::vector<Change> in_safe_order(const KeyedChanges& changes, const KeyedChanges& old);

}  // namespace acefs::backing
