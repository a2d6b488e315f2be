// SPDX-License-Identifier: MIT
#include "side_file.hpp"

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "grants.hpp"
#include "nodes.hpp"

namespace acefs::test {
namespace {

constexpr std::string_view kId = "c8c0817c-c814-4b98-aab7-658c144f0b6a";
constexpr const char* kDirectories[] = {"/.oc-nodes", "/c8", "/c0", "/81", "/7c"};

/// A type byte of MessagePack and the size behind it.
void put_size(std::string& out, unsigned char type, std::size_t size, int bytes) {
  out += static_cast<char>(type);
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>((size >> shift) & 0xff);
}

void must(int result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

std::string side_file_in(const std::string& root) {
  std::string path = root;
  for (const char* const part : kDirectories) path += part;
  return path + "/-c814-4b98-aab7-658c144f0b6a.mpk";
}

void write_side_file(const std::string& root, const std::string& node, const SideGrants& grants) {
  std::string map;
  put_size(map, 0xdf, grants.size(), 4);
  for (const auto& [name, value] : grants) {
    put_size(map, 0xd9, name.size(), 1);
    map += name;
    put_size(map, 0xc4, value.size(), 1);
    map += value;
  }
  std::string dir = root;
  for (const char* const part : kDirectories) make_dir(dir += part, 0700);
  const std::string path = side_file_in(root);
  make_file(path + ".new", 0600, map);
  must(std::rename((path + ".new").c_str(), path.c_str()), "rename");
  must(set_attribute(node, "user.oc.id", kId), "user.oc.id");
  must(set_attribute(node, "user.oc.metadata_offloaded", "1"), "user.oc.metadata_offloaded");
}

}  // namespace acefs::test
