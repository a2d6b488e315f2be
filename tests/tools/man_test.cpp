// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "acectl/run.hpp"
#include "getace/run.hpp"
#include "setace/run.hpp"
#include "tool_test.hpp"

namespace acefs::tool::test {
namespace {

const std::string kSource = ACEFS_SOURCE;

std::string page(const std::string& path) {
  std::ifstream file(kSource + "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The text of a page without roff's escapes and requests' quotes, so that options read as they are typed.
std::string plain(std::string text) {
  text = std::regex_replace(text, std::regex(R"(\\-)"), "-");
  text = std::regex_replace(text, std::regex(R"(\\f[BIRP])"), "");
  return std::regex_replace(text, std::regex(R"(")"), "");
}

std::set<std::string> options_in(const std::string& help) {
  const std::regex option(R"((^|[\s,])(--?[A-Za-z][A-Za-z0-9_-]*))");
  std::set<std::string> options;
  std::size_t line_start = 0;
  while (line_start < help.size()) {
    const auto line_end = std::min(help.find('\n', line_start), help.size());
    // Options stand at the start of a line, before their description.
    const std::string line = help.substr(line_start, line_end - line_start);
    line_start = line_end + 1;
    if (!line.starts_with("  -")) continue;
    const std::string names = line.substr(0, line.find("  ", 2));
    for (std::sregex_iterator it(names.begin(), names.end(), option), end; it != end; ++it) {
      std::string name = (*it)[2];
      options.insert(name);
    }
  }
  return options;
}

/// Whether a line that begins an entry of a list names the option.
bool has_entry(const std::string& text, const std::string& option) {
  const std::regex entry(R"re(\n\.TP\n([^\n]*[\s,]))re" + option + R"re(([\s,=\[][^\n]*)?\n)re");
  return std::regex_search(text, entry);
}

template <std::size_t N>
void expect_sentences(const std::string& text, const std::array<std::pair<Exit, std::string_view>, N>& exits) {
  for (const auto& [code, sentence] : exits) {
    const std::string entry = ".B " + std::to_string(static_cast<int>(code)) + "\n" + std::string(sentence) + "\n";
    EXPECT_NE(text.find(entry), std::string::npos) << sentence;
  }
}

void expect_options(const std::string& path, const std::string& help) {
  const std::string text = plain(page(path));
  const auto options = options_in(help);
  EXPECT_GT(options.size(), 2u) << help;
  for (const std::string& option : options) EXPECT_TRUE(has_entry(text, option)) << path << " has no entry for " << option;
}

TEST(ManTest, EveryOptionOfSetaceHasAnEntry) { expect_options("tools/setace/setace.1", setace({"--help"}).out); }
TEST(ManTest, EveryOptionOfGetaceHasAnEntry) { expect_options("tools/getace/getace.1", getace({"--help"}).out); }
TEST(ManTest, EveryOptionOfAcectlHasAnEntry) {
  for (const char* command : {"explain", "decode", "encode", "decide", "who", "reach", "diff", "status", "completion", "verify", "prune", "gc",
                              "dump", "apply"})
    expect_options("tools/acectl/acectl.1", acectl({"--help"}).out + acectl({command, "--help"}).out);
  expect_options("tools/acectl/acectl.1", acectl({"--help"}).out + acectl({"role", "list", "--help"}).out);
  for (const char* kind : {"user", "group", "token", "role"}) {
    for (const char* verb : {"list", "show", "add", "set", "del"})
      expect_options("tools/acectl/acectl.1", acectl({"--help"}).out + acectl({kind, verb, "--help"}).out);
  }
  expect_options("tools/acectl/acectl.1", acectl({"--help"}).out + acectl({"role", "sync", "--help"}).out);
}

TEST(ManTest, ExitCodesHaveTheSameSentences) {
  expect_sentences(page("tools/setace/setace.1"), setace::kExits);
  expect_sentences(page("tools/getace/getace.1"), getace::kExits);
  expect_sentences(page("tools/acectl/acectl.1"), acectl::kExits);
}

TEST(ManTest, TitlesMatchFileNames) {
  std::size_t pages = 0;
  for (const char* folder : {"tools", "src"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(kSource + "/" + folder)) {
      const std::string extension = file.path().extension();
      if (!file.is_regular_file() || extension.size() != 2 || extension[1] < '1' || extension[1] > '8') continue;
      std::ifstream in(file.path());
      std::string line;
      while (std::getline(in, line) && !line.starts_with(".TH")) continue;
      EXPECT_EQ(line.substr(0, line.find(' ', line.find(' ', 4) + 1)),
                ".TH " + file.path().stem().string() + " " + extension[1])
          << file.path();
      ++pages;
    }
  }
  EXPECT_GE(pages, 4u);
}

TEST(ManTest, EveryOptionOfTheDaemonHasAnEntry) {
  const std::string path = "src/daemon/acefs.8";
  if (!std::filesystem::exists(kSource + "/" + path)) GTEST_SKIP() << "no page of the daemon yet";
  std::FILE* pipe = ::popen("'" ACEFS_DAEMON "' --help 2>&1", "r");
  ASSERT_NE(pipe, nullptr);
  std::string help;
  char part[4096];
  while (const std::size_t n = std::fread(part, 1, sizeof part, pipe)) help.append(part, n);
  if (::pclose(pipe) != 0) GTEST_SKIP() << "the daemon has not been built";
  expect_options(path, help);
}

}  // namespace
}  // namespace acefs::tool::test
