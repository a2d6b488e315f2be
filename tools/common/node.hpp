// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "acefs/base/result.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::tool {

/// A file held by an O_PATH descriptor: what is read, decided and written is this node, whatever is renamed meanwhile.
struct Node {
  UniqueFd fd;
  struct stat st {};
  std::string path;  ///< as it was named, for messages

  bool is_directory() const { return S_ISDIR(st.st_mode); }
  /// Only regular files and directories have an ACL of their own.
  bool can_have_acl() const { return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode); }
  bool same_as(const struct stat& other) const { return st.st_dev == other.st_dev && st.st_ino == other.st_ino; }
};

enum class Symlinks { Stay, Follow };

/// What `open` opens by O_PATH, once it is what has the name: of a mount the kernel opens so what had the name when it was last asked for.
/// ESTALE: it never was.
Result<Node> opened_as_named(const std::function<Result<Node>()>& open, int at, const std::string& name, Symlinks symlinks);
/// Opens `name` below the directory `at` (or AT_FDCWD). `path`: what to call the node; empty: `name`.
Result<Node> open_node(int at, const std::string& name, Symlinks symlinks, std::string path = {});
/// The directory that holds `node`: `..` of a directory, else the directory of the name by which the file was opened,
/// which must still be its name (else ESTALE).
Result<Node> open_parent(const Node& node);
/// The absolute path by which the kernel knows `node`.
Result<std::string> path_of(const Node& node);

/// "a symbolic link", "a fifo" …
const char* kind_of(const struct stat& st);
/// "docs/" → "docs", "/" → "/".
std::string without_trailing_slashes(std::string path);
/// `name` below `directory`.
std::string join(const std::string& directory, const std::string& name);
/// What is before the last '/', "." when there is none; and the name behind it.
std::string directory_of(const std::string& path);
std::string name_of(const std::string& path);

}  // namespace acefs::tool
