// SPDX-License-Identifier: MIT
#include "fuse/init_flags.hpp"

#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "fuse/server.hpp"

namespace acefs::fuse {

bool InitFlags::accept(InitFlag flag) {
  const auto bit = static_cast<std::uint64_t>(flag);
  accepted_ |= offered_ & bit;
  return (offered_ & bit) != 0;
}

void InitFlags::received(const void* bytes, std::size_t size) {
  if (seen_) return;
  seen_ = true;
  fuse_in_header header{};
  fuse_init_in init{};
  constexpr std::size_t kFirstPart = offsetof(fuse_init_in, flags2);  // all that kernels before 5.17 send
  if (size < sizeof header + kFirstPart) return;
  std::memcpy(&header, bytes, sizeof header);
  std::memcpy(&init, static_cast<const char*>(bytes) + sizeof header, std::min(size - sizeof header, sizeof init));
  if (header.opcode != FUSE_INIT) return;
  number_ = header.unique;
  const std::uint64_t second = (init.flags & FUSE_INIT_EXT) != 0 ? init.flags2 : 0;
  offered_ = second << 32U | init.flags;
}

bool InitFlags::awaits(const void* header) const {
  if (accepted_ == 0 || number_ == kNone) return false;
  fuse_out_header out{};
  std::memcpy(&out, header, sizeof out);
  return out.unique == number_ && out.error == 0;
}

#if FUSE_VERSION < FUSE_MAKE_VERSION(3, 17)

namespace {

InitFlags& flags_of(void* userdata) { return static_cast<Server*>(userdata)->init_flags; }

ssize_t receive(int fd, void* buffer, std::size_t size, void* userdata) {
  const ssize_t n = ::read(fd, buffer, size);
  if (n > 0) flags_of(userdata).received(buffer, static_cast<std::size_t>(n));
  return n;
}

ssize_t send(int fd, struct iovec* parts, int count, void* userdata) {
  InitFlags& flags = flags_of(userdata);
  fuse_init_out answer{};
  if (count != 2 || parts[1].iov_len < sizeof answer || !flags.awaits(parts[0].iov_base)) return ::writev(fd, parts, count);
  std::memcpy(&answer, parts[1].iov_base, sizeof answer);
  const auto second = static_cast<std::uint32_t>(flags.accepted() >> 32U);
  answer.flags |= static_cast<std::uint32_t>(flags.accepted()) | (second != 0 ? FUSE_INIT_EXT : 0U);
  answer.flags2 |= second;
  std::memcpy(parts[1].iov_base, &answer, sizeof answer);
  flags.answered();
  return ::writev(fd, parts, count);
}

}  // namespace

Status InitFlags::attach(fuse_session* session) {
  fuse_custom_io io{};
  io.read = receive;
  io.writev = send;
  const int error = fuse_session_custom_io(session, &io, fuse_session_fd(session));
  return error == 0 ? Status::ok() : Status::from(-error);
}

#else

Status InitFlags::attach(fuse_session*) { return Status::ok(); }

#endif

}  // namespace acefs::fuse
