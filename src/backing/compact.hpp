// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace acefs::backing {

/// A shorter value that decides the same: type, flags, permissions and expiry stay, creator, share time, label and whatever
/// else go. Nothing when there is no shorter one, or the value is malformed (a malformed one denies; it stays as it is).
///
/// For making room in a full inode while the whole values are in the side file already.
std::optional<std::string> compact(std::string_view key, const std::string& value);

}  // namespace acefs::backing
