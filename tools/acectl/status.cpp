// SPDX-License-Identifier: MIT
#include "status.hpp"

#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ostream>

namespace acefs::tool::acectl {

Exit status(const std::string& path, Io& io) {
  std::array<char, 4096> text{};
  const ssize_t size = ::getxattr(path.c_str(), "system.acefs.status", text.data(), text.size());
  const int error = errno;
  if (size < 0 && (error == EOPNOTSUPP || error == ENODATA)) {
    io.err << "acectl: " << path << ": not on an acefs mount\n";
    return Exit::Unknown;
  }
  if (size < 0) {
    io.err << "acectl: " << path << ": " << std::strerror(error) << '\n';
    return Exit::Unknown;
  }
  io.out << std::string_view(text.data(), static_cast<std::size_t>(size));
  return Exit::Ok;
}

}  // namespace acefs::tool::acectl
