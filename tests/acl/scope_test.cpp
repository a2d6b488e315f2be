// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

#include "acefs/acl/acl.hpp"

namespace acefs::acl {
namespace {

/// Scopes as a word: S self, c/C child file/directory, p/P deeper file/directory.
std::string scopes_text(std::string_view flags, bool on_directory = true) {
  const std::uint8_t scopes = scopes_of(flags, on_directory);
  std::string text;
  const auto add = [&](Scope scope, char letter) {
    if ((scopes & static_cast<std::uint8_t>(scope)) != 0) text += letter;
  };
  add(Scope::Self, 'S');
  add(Scope::ChildFile, 'c');
  add(Scope::ChildDir, 'C');
  add(Scope::DeepFile, 'p');
  add(Scope::DeepDir, 'P');
  return text;
}

TEST(ScopeTest, FlagsSayWhereADirectorysAceCounts) {
  const std::pair<std::string, std::string> rows[] = {
      {"", "ScCpP"},  {"fd", "ScCpP"}, {"df", "ScCpP"}, {"d", "SCP"},  {"f", "Scp"},
      {"n", "S"},     {"nf", "Sc"},    {"nd", "SC"},    {"nfd", "ScC"},
      {"i", "cCpP"},  {"ifd", "cCpP"}, {"id", "CP"},    {"if", "cp"},  {"ni", ""},
      {"nif", "c"},   {"nid", "C"},    {"nifd", "cC"},  {"g", "ScCpP"}, {"gSFz", "ScCpP"},
  };
  for (const auto& [flags, scopes] : rows) EXPECT_EQ(scopes_text(flags), scopes) << flags;
}

TEST(ScopeTest, FlagsMeanNothingOnAFile) {
  for (std::string flags : {"", "f", "d", "n", "i", "ni", "fdni"}) EXPECT_EQ(scopes_text(flags, false), "S") << flags;
}

}  // namespace
}  // namespace acefs::acl
