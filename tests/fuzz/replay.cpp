// SPDX-License-Identifier: MIT
// Runs a fuzz target once on each file of the given directories: what fuzzing found stays found, also where there is no libFuzzer.
//
//   replay TARGET DIRECTORY...
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "targets.hpp"

namespace acefs::fuzz {
namespace {

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);
};

constexpr Target kTargets[] = {
    {"config", fuzz_config},
    {"dump_file", fuzz_dump_file},
    {"entry_text", fuzz_entry_text},
    {"grant_positional", fuzz_grant_positional},
    {"grant_value", fuzz_grant_value},
    {"json_lines", fuzz_json_lines},
    {"key", fuzz_key},
    {"nfs4_write", fuzz_nfs4_write},
    {"proc_status", fuzz_proc_status},
    {"side_map", fuzz_side_map},
    {"side_path", fuzz_side_path},
    {"xdr", fuzz_xdr},
};

std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file.string() + " cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Returns how many inputs there were.
std::size_t replay(const Target& target, const std::filesystem::path& directory) {
  const auto files = files_in(directory);
  for (const auto& file : files) {
    std::cout << file.string() << std::endl;  // at once: the last one is the one that did not end
    target.run(bytes_of(file));
  }
  return files.size();
}

}  // namespace
}  // namespace acefs::fuzz

int main(int argc, char** argv) {
  using namespace acefs::fuzz;
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  const auto target = std::find_if(std::begin(kTargets), std::end(kTargets), [&](const Target& each) { return each.name == wanted; });
  if (target == std::end(kTargets)) {
    std::cerr << "no such target\n";
    return 2;
  }
  std::size_t inputs = 0;
  for (int i = 2; i < argc; ++i) inputs += replay(*target, argv[i]);
  std::cout << inputs << " inputs\n";
  return inputs > 0 ? 0 : 1;
}
