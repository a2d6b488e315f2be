// SPDX-License-Identifier: MIT
#include "node_id.hpp"

#include <sys/random.h>

#include <array>

namespace acefs::backing {

Result<std::string> make_node_id() {
  std::array<unsigned char, 16> bytes{};
  for (;;) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got == static_cast<ssize_t>(bytes.size())) break;
    if (got < 0 && errno != EINTR) return Status::last();
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);

  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    id += kDigits[bytes[i] >> 4];
    id += kDigits[bytes[i] & 0x0f];
  }
  return id;
}

}  // namespace acefs::backing
