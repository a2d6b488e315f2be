// SPDX-License-Identifier: MIT
// A side file: the MessagePack map of names to values.
#include "backing/side_map.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
void fuzz_side_map(std::string_view bytes) {
  const auto attributes = backing::unpack(bytes);
  if (!attributes) return;
  std::size_t held = 0;
  for (const auto& [name, value] : *attributes) {
    held += name.size() + value.size();
    must(bytes.find(name) != std::string_view::npos && bytes.find(value) != std::string_view::npos, "nothing is made up");
  }
  must(held < bytes.size(), "a map has no more than its bytes hold");
  const std::string packed = backing::pack(*attributes);
  must(backing::unpack(packed) == attributes, "what was read is written as the same map");
  must(!backing::unpack(std::string_view(packed).substr(0, packed.size() - 1)), "a map that is cut short is corrupt");
  must(!backing::unpack(packed + '\0'), "a map that more follows is corrupt");
}

}  // namespace acefs::fuzz
