// SPDX-License-Identifier: MIT
#include "nfs4/flags.hpp"

#include <array>
#include <utility>

#include "acefs/acl/acl.hpp"
#include "nfs4/ace.hpp"

namespace acefs::nfs4 {
namespace {

// In the order in which nfs4_getfacl prints them.
constexpr std::array<std::pair<char, std::uint32_t>, 7> kFlags = {{{'f', kFileInherit},
                                                                   {'d', kDirectoryInherit},
                                                                   {'n', kNoPropagate},
                                                                   {'i', kInheritOnly},
                                                                   {'S', kOnSuccess},
                                                                   {'F', kOnFailure},
                                                                   {'g', kGroup}}};
constexpr std::uint32_t kBelow = kFileInherit | kDirectoryInherit;

}  // namespace

std::uint32_t flags_of_stored(std::string_view stored, bool is_directory) {
  std::uint32_t flags = 0;
  for (const auto& [letter, flag] : kFlags) {
    if (flag != kGroup && stored.find(letter) != std::string_view::npos) flags |= flag;
  }
  if (!is_directory) return flags & ~kInheritFlags;
  if ((flags & kBelow) != 0) return flags;
  if ((flags & kNoPropagate) == 0) return flags | kBelow;
  return (flags & kInheritOnly) != 0 ? flags : flags & ~kNoPropagate;
}

std::string stored_of_flags(std::uint32_t flags, bool is_directory) {
  if (is_directory && (flags & kBelow) == 0) flags |= kNoPropagate;
  if (!is_directory) flags &= ~kInheritFlags;
  std::string stored;
  for (const auto& [letter, flag] : kFlags) {
    if ((flags & flag) != 0) stored += letter;
  }
  return stored;
}

std::uint8_t scopes_of_flags(std::uint32_t flags, bool is_directory) {
  return acl::scopes_of(stored_of_flags(flags, is_directory), is_directory);
}

}  // namespace acefs::nfs4
