// SPDX-License-Identifier: MIT
#include "proc_status.hpp"

#include <algorithm>

#include "number.hpp"

namespace acefs::principal {

namespace {

constexpr std::string_view kBlanks = " \t";

/// What follows "Name:" at the beginning of a line. The thread's own name stands in the first line, but cannot fake
/// another: the kernel escapes newlines in it.
std::optional<std::string_view> line_of(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    const std::string_view line = status.substr(0, status.find('\n'));
    if (line.starts_with(name)) return line.substr(name.size());
    status.remove_prefix(std::min(line.size() + 1, status.size()));
  }
  return std::nullopt;
}

std::optional<std::vector<id_t>> numbers_in(std::optional<std::string_view> line) {
  if (!line) return std::nullopt;
  std::vector<id_t> numbers;
  while (true) {
    const std::size_t start = line->find_first_not_of(kBlanks);
    if (start == line->npos) return numbers;
    line->remove_prefix(start);
    const std::string_view word = line->substr(0, line->find_first_of(kBlanks));
    const auto number = number_of(word);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    line->remove_prefix(word.size());
  }
}

}  // namespace

std::optional<ProcessIdentity> parse_status(std::string_view status) {
  constexpr std::size_t kFilesystem = 3;  // real, effective, saved, filesystem
  const auto uids = numbers_in(line_of(status, "Uid:"));
  const auto gids = numbers_in(line_of(status, "Gid:"));
  auto groups = numbers_in(line_of(status, "Groups:"));
  if (!uids || !gids || !groups || uids->size() != kFilesystem + 1 || gids->size() != kFilesystem + 1) return std::nullopt;
  return ProcessIdentity{.uid = (*uids)[kFilesystem], .gid = (*gids)[kFilesystem], .groups = std::move(*groups)};
}

}  // namespace acefs::principal
