// SPDX-License-Identifier: MIT
#include "acefs/acl/acl.hpp"

namespace acefs::acl {
namespace {

constexpr std::uint8_t bit(Scope scope) { return static_cast<std::uint8_t>(scope); }

constexpr std::uint8_t kBelowDir = bit(Scope::ChildDir) | bit(Scope::DeepDir);
constexpr std::uint8_t kBelowFile = bit(Scope::ChildFile) | bit(Scope::DeepFile);
constexpr std::uint8_t kDeep = bit(Scope::DeepDir) | bit(Scope::DeepFile);

/// Where below its directory: neither f nor d means both kinds, except with n, where it means none.
std::uint8_t below(bool files, bool directories, bool one_level) {
  if (!files && !directories) return one_level ? 0 : kBelowDir | kBelowFile;
  const int kinds = (files ? kBelowFile : 0) | (directories ? kBelowDir : 0);
  return static_cast<std::uint8_t>(one_level ? kinds & ~kDeep : kinds);
}

}  // namespace

std::uint8_t scopes_of(std::string_view flags, bool on_directory) {
  if (!on_directory) return bit(Scope::Self);
  const auto has = [&](char flag) { return flags.find(flag) != std::string_view::npos; };
  const std::uint8_t self = has('i') ? std::uint8_t{0} : bit(Scope::Self);
  return self | below(has('f'), has('d'), has('n'));
}

}  // namespace acefs::acl
