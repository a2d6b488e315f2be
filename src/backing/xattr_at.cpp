// SPDX-License-Identifier: MIT
#include "xattr_at.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace acefs::backing {
namespace {

// The same numbers on every architecture.
constexpr long kGetxattrat = 464;
constexpr long kListxattrat = 465;

/// struct xattr_args of linux/xattr.h.
struct Args {
  alignas(8) std::uint64_t value;
  std::uint32_t size;
  std::uint32_t flags;
};

std::atomic<bool> g_missing{false};

template <typename... Values>
ssize_t call(long number, Values... values) {
  if (g_missing.load(std::memory_order_relaxed)) {
    errno = ENOSYS;
    return -1;
  }
  const long done = ::syscall(number, values...);
  if (done < 0 && errno == ENOSYS) g_missing.store(true, std::memory_order_relaxed);
  return done;
}

}  // namespace

ssize_t get_xattr_at(int dir, const char* name, const char* attribute, char* value, std::size_t size) {
  Args args{.value = reinterpret_cast<std::uintptr_t>(value), .size = static_cast<std::uint32_t>(size), .flags = 0};
  return call(kGetxattrat, dir, name, AT_SYMLINK_NOFOLLOW, attribute, &args, sizeof args);
}

ssize_t list_xattr_at(int dir, const char* name, char* list, std::size_t size) {
  return call(kListxattrat, dir, name, AT_SYMLINK_NOFOLLOW, list, size);
}

}  // namespace acefs::backing
