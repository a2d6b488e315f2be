// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "acefs/base/unique_fd.hpp"
#include "daemon/path_lock.hpp"

namespace acefs::daemon {

/// Tells whoever connects what the mount is doing, provided that he is root or the mounting user. Answers one after the other, in a
/// thread of its own; who does not read what he asked for is left after a second.
class StatusSocket {
 public:
  /// `user` may ask, besides root. Throws std::runtime_error, one line: why nobody can be listened to at `path`.
  StatusSocket(std::string path, uid_t user, std::function<std::string()> status);
  StatusSocket(const StatusSocket&) = delete;
  StatusSocket& operator=(const StatusSocket&) = delete;
  ~StatusSocket();

  const std::string& path() const { return path_; }

  /// Where it is when nobody says: /run/acefs/PID.sock, or for who is not root below XDG_RUNTIME_DIR. The directory is made, and what daemons that
  /// were killed left there is removed. Empty: there is no such place.
  static std::string default_path();

 private:
  void listen_on_path();
  int take_over(int socket);
  void remove_mine() const;
  void work();
  void answer(int client) const;

  std::string path_;
  uid_t user_;
  std::function<std::string()> status_;
  std::optional<PathLock> lock_;
  dev_t device_ = 0;  ///< of the socket at the path, so that no other is removed
  ino_t inode_ = 0;
  UniqueFd listener_;
  UniqueFd over_;  ///< readable when it is over
  std::thread thread_;
};

}  // namespace acefs::daemon
