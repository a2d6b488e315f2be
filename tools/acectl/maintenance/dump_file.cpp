// SPDX-License-Identifier: MIT
#include "dump_file.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "acefs/base/unique_fd.hpp"
#include "common/io.hpp"
#include "common/quoting.hpp"

namespace acefs::tool::acectl {

namespace {

/// Only below the tree: a dump may come from somebody else.
bool stays_below(const std::string& path) {
  if (path.empty() || path.front() == '/') return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (path.substr(at, end - at) == "..") return false;
    at = end + 1;
  }
  return true;
}

/// A copy that has no name and is gone when it is closed.
Result<std::unique_ptr<std::ifstream>, std::string> spool(std::istream& in) {
  std::string name = (std::filesystem::temp_directory_path() / "acectl-XXXXXX").string();
  const UniqueFd fd(::mkstemp(name.data()));
  if (!fd) return quote_name(name) + ": " + error_text(errno);
  auto file = std::make_unique<std::ifstream>(name, std::ios::binary);
  {
    std::ofstream copy(name, std::ios::binary);
    if (in.peek() != std::istream::traits_type::eof()) copy << in.rdbuf();
    copy.close();
    ::unlink(name.c_str());
    if (!copy || !*file) return "standard input could not be copied to " + quote_name(name);
  }
  return file;
}

}  // namespace

Result<DumpFile, std::string> DumpFile::open(const std::string& name, std::istream& in) {
  DumpFile dump;
  dump.name_ = name == "-" ? "standard input" : quote_name(name);
  if (name == "-") {
    auto copy = spool(in);
    if (!copy) return copy.error();
    dump.file_ = *std::move(copy);
    return dump;
  }
  dump.file_ = std::make_unique<std::ifstream>(name, std::ios::binary);
  if (!*dump.file_) return dump.name_ + ": " + error_text(errno);
  return dump;
}

std::string DumpFile::at(const ListingError& error) const {
  return name_ + ':' + std::to_string(error.line) + ": '" + quote_name(error.text) + "': " + error.message;
}

Result<std::size_t, std::string> DumpFile::check(const acl::RoleLookup& roles) {
  file_->clear();
  file_->seekg(0);
  BackupReader reader(*file_, roles);
  std::vector<std::pair<std::size_t, std::size_t>> seen;  // hash of the path and its line, so that a million fit into little memory
  for (;;) {
    const auto node = reader.next();
    if (!node) return at(node.error());
    if (!*node) break;
    const ListedNode& listed = **node;
    if (!stays_below(listed.path)) return at({listed.line, "expected a path below the tree", listed.path});
    seen.emplace_back(std::hash<std::string>{}(listed.path), listed.line);
  }
  std::sort(seen.begin(), seen.end());
  const auto twice = std::adjacent_find(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice == seen.end()) return seen.size();
  ListingError error{std::next(twice)->second, "expected each file once, it is in line " + std::to_string(twice->second) + " too", ""};
  each(roles, [&](const ListedNode& listed) {
    error.text = listed.path;
    return listed.line != error.line;
  });
  return at(error);
}

void DumpFile::each(const acl::RoleLookup& roles, const std::function<bool(const ListedNode&)>& visit) {
  file_->clear();
  file_->seekg(0);
  BackupReader reader(*file_, roles);
  for (;;) {
    const auto node = reader.next();
    if (!node || !*node || !visit(**node)) return;
  }
}

}  // namespace acefs::tool::acectl
