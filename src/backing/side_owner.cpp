// SPDX-License-Identifier: MIT
#include "side_owner.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <charconv>
#include <optional>
#include <span>

#include "acefs/base/unique_fd.hpp"
#include "xattrs.hpp"

namespace acefs::backing {

namespace {

struct Handle {
  alignas(file_handle) unsigned char bytes[sizeof(file_handle) + MAX_HANDLE_SZ]{};
  file_handle* get() { return reinterpret_cast<file_handle*>(bytes); }
};

/// All its bytes, in hexadecimal; empty where the filesystem has no handles.
std::string handle_text(int fd) {
  Handle handle;
  handle.get()->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (::name_to_handle_at(fd, "", handle.get(), &mount, AT_EMPTY_PATH) != 0) return {};
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : std::span(handle.bytes).first(sizeof(file_handle) + handle.get()->handle_bytes)) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0f];
  }
  return text;
}

std::optional<Handle> parse_handle(std::string_view text) {
  const std::size_t size = text.size() / 2;
  Handle handle;
  if (text.size() % 2 != 0 || size < sizeof(file_handle) || size > sizeof handle.bytes) return std::nullopt;
  for (std::size_t i = 0; i < size; ++i) {
    const char* const end = text.data() + 2 * i + 2;
    const auto read = std::from_chars(end - 2, end, handle.bytes[i], 16);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  }
  if (handle.get()->handle_bytes != size - sizeof(file_handle)) return std::nullopt;
  return handle;
}

}  // namespace

std::string side_owner(int root, int fd) {
  struct stat top {};
  struct stat node {};
  if (root < 0 || ::fstat(root, &top) != 0 || ::fstat(fd, &node) != 0 || top.st_dev != node.st_dev) return {};
  const std::string tree = handle_text(root);
  const std::string self = handle_text(fd);
  return tree.empty() || self.empty() ? std::string() : tree + " " + self;
}

bool is_anothers(int root, const std::string& owner, const std::string& own, const std::string& id, const NodeNames& names) {
  if (owner.empty() || own.empty() || owner == own) return false;
  const std::size_t space = owner.find(' ');
  if (space == owner.npos || own.compare(0, space + 1, owner, 0, space + 1) != 0) return false;  // another tree's
  auto handle = parse_handle(std::string_view(owner).substr(space + 1));
  // `root` may be O_PATH, by which no handle can be opened.
  const UniqueFd mount(::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle || !mount) return false;
  const UniqueFd other(::open_by_handle_at(mount.get(), handle->get(), O_PATH | O_CLOEXEC));
  struct stat st {};
  if (!other || ::fstat(other.get(), &st) != 0 || st.st_nlink == 0) return false;
  const auto its_id = Xattrs(other.get()).get(names.id);
  return its_id && *its_id == id;
}

}  // namespace acefs::backing
