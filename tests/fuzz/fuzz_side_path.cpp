// SPDX-License-Identifier: MIT
// A node's id as stored, which names its side file.
#include "backing/side_file.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
namespace {

/// Calls `visit` for what stands between the slashes.
template <typename Visit>
void each_name(std::string_view path, Visit&& visit) {
  for (;;) {
    const std::size_t slash = path.find('/');
    visit(path.substr(0, slash));
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

void fuzz_side_path(std::string_view id) {
  const auto path = backing::side_path_of(id);
  if (!path) return;
  must(path->starts_with(".oc-nodes/") && path->ends_with(".mpk"), "a side file is in its place");
  must(path->find('\0') == std::string::npos, "a path has no NUL byte");
  std::string letters;
  each_name(*path, [&](std::string_view name) {
    must(!name.empty() && name != "." && name != ".." && name.size() <= 255, "each part is a file's name");
    if (name != ".oc-nodes") letters += name;
  });
  must(letters == std::string(id) + ".mpk", "two ids never have the same side file");
}

}  // namespace acefs::fuzz
