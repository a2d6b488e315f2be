// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace acefs::backing {

/// Names of xattrs → values, as a side file holds them.
using Attributes = std::map<std::string, std::string, std::less<>>;

/// A MessagePack map of str to bin, as OpenCloud's hybrid backend writes it.
std::string pack(const Attributes& attributes);

/// Reads one map of str or bin to bin, str or nil (a nil slice in Go: the empty value). Nothing when the bytes are
/// anything else: cut short, followed by more, another type, or the same name twice.
std::optional<Attributes> unpack(std::string_view bytes);

}  // namespace acefs::backing
