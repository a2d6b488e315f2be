// SPDX-License-Identifier: MIT
#include "read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "acefs/base/unique_fd.hpp"

namespace acefs::principal {

Result<std::string> read_file(const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Status::last();
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0) return Status::last();
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace acefs::principal
