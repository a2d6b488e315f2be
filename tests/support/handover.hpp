// SPDX-License-Identifier: MIT
#pragma once

#include "acefs/base/unique_fd.hpp"

namespace acefs::test {

/// Passes a descriptor on by a socket (SCM_RIGHTS). As a system call; allocates nothing.
int pass_descriptor(int socket, int fd);
/// One that was passed on; -1 and errno when there is none. It is closed on exec.
int take_descriptor(int socket);

/// By which one user's process passes descriptors to another's (SCM_RIGHTS). Made before these are forked, so that both have it.
class Handover {
 public:
  /// Throws std::system_error.
  Handover();

  /// Passes the descriptor on; the giver keeps his. As a system call.
  int give(int fd) const;
  /// What was passed on first and not taken yet; -1 and errno when there is nothing.
  int take() const;

 private:
  UniqueFd in_;
  UniqueFd out_;
};

}  // namespace acefs::test
