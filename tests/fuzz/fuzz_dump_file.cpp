// SPDX-License-Identifier: MIT
// What acectl apply and setace --restore read: a listing of ACLs, which may come from somebody else.
#include <sys/mman.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "acectl/maintenance/dump_file.hpp"
#include "acefs/base/unique_fd.hpp"
#include "effects.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
namespace {

using tool::ListedGrant;

acl::Ace ace_of(const ListedGrant& grant) {
  acl::Ace ace;
  ace.type = grant.entry.type;
  ace.flags = grant.entry.flags;
  ace.principal = grant.entry.key.principal;
  ace.permissions = grant.entry.permissions;
  ace.expires = grant.expires.value_or(0);
  return ace;
}

void check_grant(const ListedGrant& listed) {
  const auto key = acl::parse_key(listed.key);
  must(key.has_value(), "a listed grant has a key");
  const auto grant = acl::Grant::read(*key, listed.value);
  must(listed.malformed == !grant.ace, "a malformed grant is known to be one");
  if (grant.ace) {
    must(listed.entry.key == *key, "the entry is that of the key");
    must(effects_of(grant) == effects_of(*key, ace_of(listed)), "what is stored means what the entry says");
  }

  std::istringstream lines(tool::format_grant(grant, {}));
  const auto again = tool::parse_listing(lines, {});
  must(again && again->size() == 1, "a grant as printed is one grant");
  must(again->front().key == listed.key && again->front().value == listed.value, "and has the same bytes");
}

bool leaves_the_tree(const std::string& path) {
  return path.empty() || path.front() == '/' || ("/" + path + "/").find("/../") != std::string::npos;
}

/// A file in memory, used again by each input.
const std::string& file_with(std::string_view text) {
  static const UniqueFd fd(::memfd_create("dump", MFD_CLOEXEC));
  static const std::string name = "/proc/self/fd/" + std::to_string(fd.get());
  must(::ftruncate(fd.get(), 0) == 0 && ::pwrite(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
       "a file in memory is written");
  return name;
}

}  // namespace

void fuzz_dump_file(std::string_view text) {
  std::istringstream none;
  auto dump = tool::acectl::DumpFile::open(file_with(text), none);
  must(static_cast<bool>(dump), "a file in memory is opened");
  const auto nodes = dump->check(acl::builtin_role);
  if (!nodes) {
    must(nodes.error().find('\n') == std::string::npos, "an error is one line");
    return;
  }
  std::size_t visited = 0;
  dump->each(acl::builtin_role, [&](const tool::ListedNode& node) {
    ++visited;
    must(!leaves_the_tree(node.path), "every path is below the tree");
    for (const ListedGrant& grant : node.grants) check_grant(grant);
    return true;
  });
  must(visited == *nodes, "what was checked is what is visited");
}

}  // namespace acefs::fuzz
